/**
 * From a response to its grade: where the answer stands, whether it equals the reference, and the reward of the paper
 * (arXiv 2509.19170): 100 if it does, 10 if it does not but an answer can be read from a closed box, else 0.
 *
 * Games score 0: an empty box, several different boxes with the right answer among them, a list or a region that holds
 * the right answer among others, an answer that only repeats the question, text too long or too deep to be read.
 */
import { compareAnswers, type Verdict } from "../compare/compare-answers.ts";
import type { CompareOptions } from "../compare/context.ts";
import { isDenied } from "../compare/denials.ts";
import { type BoxRun, lastBoxRun, type SameValue } from "../extract/box-runs.ts";
import { findBoxes, firstBox } from "../extract/boxes.ts";
import {
  afterReasoning,
  type Extraction,
  type ExtractOptions,
  extractAnswer,
} from "../extract/extract-answer.ts";
import { answerBoxes } from "../extract/placeholders.ts";
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
  const run = boxRunOf(text, options) as BoxRun;
  const grade = gradeBoxes(reference, run, extraction, options);
  // "It is not \boxed{7}" gives no answer; it is worth as little as a box with several.
  return grade.correct && isDeniedIn(text, run, options)
    ? { ...grade, correct: false, reward: mathRewards.none, reason: "the text denies what is in the box" }
    : grade;
}

/** The boxes that an extraction from a box looked at. */
function boxRunOf(text: string, options: GradeOptions): BoxRun | null {
  const first = options.mode === "first-box" ? firstBox(text) : null;
  if (first) return { parts: [first], earlier: [], content: first.content, labelled: null, isOneValue: true };
  const region = afterReasoning(text, options);
  return lastBoxRun(region, answerBoxes(findBoxes(region)), isSameValue);
}

/** Whether the words around the boxes take them back. A first box is taken whatever is said of it. */
function isDeniedIn(text: string, run: BoxRun, options: GradeOptions): boolean {
  if (options.mode === "first-box") return false;
  const region = afterReasoning(text, options);
  const [start, end] = [run.parts[0]?.start ?? 0, run.parts.at(-1)?.end ?? 0];
  return isDenied(region.slice(Math.max(0, start - 80), start), region.slice(end, end + 80));
}

/** What follows an approximation sign must round the value before it to two digits at least. */
const isSameValue: SameValue = (first, second, isRounded) =>
  compareAnswers(first, second, isRounded ? { significantDigits: 2 } : {}).equal;

function gradeBoxes(reference: string, run: BoxRun, extraction: Extraction, options: GradeOptions): Grade {
  const verdict = compareRun(reference, run, options);
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
  if (isBegunAgain(run.content)) {
    const reason = "another answer inside of the box";
    return {
      correct: false,
      reward: mathRewards.wrongInBox,
      extracted: run.content,
      extraction,
      verdict,
      reason,
    };
  }
  const isReadable = isClosed && verdict.method !== "limit" && !isBlank(verdict) && !verdict.hedges;
  return graded(extraction, run.content, verdict, isReadable ? mathRewards.wrongInBox : mathRewards.none);
}

/** Labels count where the boxes have different values: (a) \boxed{1} (b) \boxed{2} is not the answer 2, 1. */
function compareRun(
  reference: string,
  { content, labelled, isOneValue }: BoxRun,
  options: GradeOptions,
): Verdict {
  if (labelled === null) return compareAnswers(reference, content, options);
  const verdict = compareAnswers(reference, labelled, options);
  return verdict.equal || !isOneValue ? verdict : compareAnswers(reference, content, options);
}

/** 7 The final answer is: \boxed{7} in a box: words and a value around a box in it, which is none of its own. */
function isBegunAgain(content: string): boolean {
  const boxes = findBoxes(content);
  if (boxes.length === 0) return false;
  let outside = "";
  let end = 0;
  for (const box of boxes) {
    outside += `${content.slice(end, box.start)} `;
    end = box.end;
  }
  const words = (outside + content.slice(end))
    .replace(/\\(?:text\w*|mbox|mathrm|q?quad|[ ,;:!])/g, " ")
    .split(/[\s{}$:.,]+/);
  const isWord = (word: string): boolean => /^\p{L}{2,}$/u.test(word);
  return words.some(isWord) && words.some((word) => word !== "" && !isWord(word));
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
