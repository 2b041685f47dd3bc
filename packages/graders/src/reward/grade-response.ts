/**
 * From a response to its grade: where the answer stands, whether it equals the reference, and the reward of the paper
 * (arXiv 2509.19170): 100 if it does, 10 if it does not but an answer can be read from a closed box, else 0.
 *
 * Games score 0: an empty box, several different boxes with the right answer among them, a list or a region that holds
 * the right answer among others, an answer that only repeats the question, text too long or too deep to be read.
 */
import { compareAnswers, type Verdict } from "../compare/compare-answers.ts";
import type { CompareOptions } from "../compare/context.ts";
import { type BoxRun, lastBoxRun } from "../extract/box-runs.ts";
import { findBoxes } from "../extract/boxes.ts";
import {
  afterReasoning,
  type Extraction,
  type ExtractOptions,
  extractAnswer,
} from "../extract/extract-answer.ts";
import { limits } from "../work.ts";
import { referenceOf } from "./reference.ts";

/** The three rewards. */
export const mathRewards = { correct: 100, wrongInBox: 10, none: 0 } as const;

export interface GradeOptions extends ExtractOptions, CompareOptions {}

/** A graded response. */
export interface Grade {
  readonly correct: boolean;
  /** 100, 10 or 0. */
  readonly reward: number;
  /** The answer as it was found, or null where none was found. */
  readonly extracted: string | null;
  readonly extraction: Extraction;
  /** Null where there was nothing to compare. */
  readonly verdict: Verdict | null;
  /** Why, in a few words. */
  readonly reason: string;
}

/** 100, 10 or 0 for a response; `mode` defaults to `boxed`, as in training. */
export function rewardMath(text: string, gold: string, options: GradeOptions = {}): number {
  return gradeResponse(text, gold, { mode: "boxed", ...options }).reward;
}

/** Grades a whole response or a bare expression against a reference. `mode` defaults to `auto`. Never throws on content. */
export function gradeResponse(text: string, gold: string, options: GradeOptions = {}): Grade {
  const extraction = extractAnswer(text, options);
  if (extraction.answer === null) return ungraded(extraction, null);
  if (extraction.answer === "") return ungraded(extraction, "");
  const reference = referenceOf(gold);
  if (extraction.method !== "box") {
    const prose = extraction.method === "whole-text" || extraction.method === "answer-is";
    const verdict = compareAnswers(reference, extraction.answer, { prose, ...options });
    return graded(extraction, extraction.answer, verdict, mathRewards.none);
  }
  const region = afterReasoning(text, options);
  return gradeBoxes(reference, lastBoxRun(region, findBoxes(region)) as BoxRun, extraction, options);
}

function gradeBoxes(reference: string, run: BoxRun, extraction: Extraction, options: GradeOptions): Grade {
  const verdict = compareAnswers(reference, run.content, options);
  const isClosed = run.parts.every((part) => part.isClosed);
  const others = differentBoxes(run, options);
  if (others.length > 0) {
    const holdsReference =
      verdict.equal ||
      others.length > limits.boxes ||
      others.some((other) => compareAnswers(reference, other, options).equal);
    const reward = holdsReference || verdict.hedges || !isClosed ? mathRewards.none : mathRewards.wrongInBox;
    const reason = `${others.length + 1} boxes with different answers`;
    return { correct: false, reward, extracted: run.content, extraction, verdict, reason };
  }
  const isReadable = isClosed && verdict.method !== "limit" && !isBlank(verdict) && !verdict.hedges;
  return graded(extraction, run.content, verdict, isReadable ? mathRewards.wrongInBox : mathRewards.none);
}

/** A box of nothing but spaces, dollars and the like. */
function isBlank(verdict: Verdict): boolean {
  return verdict.method === "none" && verdict.answer.canonical === "";
}

/** The contents of earlier boxes that are neither the last answer nor a part of it, each once. */
function differentBoxes(run: BoxRun, options: GradeOptions): readonly string[] {
  const known = new Set([run.content, ...run.parts.map((part) => part.content.trim())]);
  const others = new Set(
    run.earlier.map((box) => box.content.trim()).filter((content) => !known.has(content)),
  );
  // More different boxes than this are different whatever they hold.
  if (others.size > limits.boxes) return [...others];
  return [...others].filter((other) =>
    [...known].every((content) => !compareAnswers(content, other, options).equal),
  );
}

/** By a reference that cannot be read only the same text is right, and only where it says something. */
function graded(extraction: Extraction, extracted: string, verdict: Verdict, otherwise: number): Grade {
  const correct = verdict.equal && (verdict.gold.kind !== null || saysSomething(verdict.gold.source));
  const reason = verdict.equal && !correct ? "the reference cannot be read" : verdict.reason;
  const reward = correct ? mathRewards.correct : otherwise;
  return { correct, reward, extracted, extraction, verdict, reason };
}

/** Has a digit, or two letters outside of LaTeX's commands, and is no guess and no choice. */
function saysSomething(text: string): boolean {
  const isOpen =
    /[?]|\b(?:or|maybe|perhaps|possibly|probably|unknown|unsure|not sure|don['’]?t know|cannot|can['’]?t|error|none|null|nan|tbd)\b/i;
  const bare = text.replace(/\\[a-zA-Z]+/g, " ");
  return !isOpen.test(text) && (/\p{Nd}/u.test(bare) || /\p{L}\P{L}*\p{L}/u.test(bare));
}

function ungraded(extraction: Extraction, extracted: string | null): Grade {
  const reason = extracted === "" ? "an empty box" : extraction.reason;
  return { correct: false, reward: mathRewards.none, extracted, extraction, verdict: null, reason };
}
