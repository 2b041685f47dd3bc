/**
 * A grader of one's own: a file whose default export is a `Grader`. The pool (`@soft-tokens/graders/pool`), the training app and
 * the evaluator take it with its path. docs/graders.md shows one.
 *
 * What it returns is checked, because a reward is a gradient: a wrong shape or a NaN is a failed grading, never a 0.
 */

import type { compareAnswers } from "../compare/compare-answers.ts";
import { cutText } from "../cut-text.ts";
import type { extractAnswer } from "../extract/extract-answer.ts";
import type { gradeResponse } from "./grade-response.ts";

/** One sample to be graded. All are texts as they were written; none is trusted. */
export interface GraderSample {
  /** Of the problem, "" where it has none. Samples of one problem share it. */
  readonly id: string;
  /** The problem as it was asked, "" where the caller does not know it. The training app gives the whole prompt. */
  readonly question: string;
  /** The reference as the data has it. */
  readonly gold: string;
  /** All that was generated: thought, forced text and answer. */
  readonly text: string;
  /** The part of `text` behind the thought; `text` itself where no thought is told apart. */
  readonly answer: string;
}

/** What a grader says of a sample. */
export interface GraderResult {
  readonly correct: boolean;
  /** Any finite number. */
  readonly reward: number;
  /** The answer as it was found. Defaults to null: none was found. */
  readonly extracted?: string | null;
  /** An answer could be read, right or wrong: what metrics count as boxed. Defaults to whether there is an `extracted`. */
  readonly boxed?: boolean;
  /** Why, in a few words. Defaults to "right" or "wrong". */
  readonly reason?: string;
}

/** The package's own functions, for a grader that lies where `@soft-tokens/graders` is not installed. */
export interface GraderTools {
  readonly extractAnswer: typeof extractAnswer;
  readonly compareAnswers: typeof compareAnswers;
  readonly gradeResponse: typeof gradeResponse;
}

/** Grades one sample. It may take its time up to the pool's limit; what it throws is a failed grading. */
export type Grader = (sample: GraderSample, tools: GraderTools) => GraderResult | Promise<GraderResult>;

/** Characters of `extracted` and `reason` that are kept. */
const keptCharacters = 4_000;

/**
 * A grader's result with its defaults.
 * @throws {TypeError} that says what was returned and what is wanted.
 */
export function checkGraderResult(value: unknown): Required<GraderResult> {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`it returned ${show(value)}; wanted { correct: boolean, reward: number }`);
  }
  const { correct, reward, extracted = null, reason, boxed } = value as Record<string, unknown>;
  if (typeof correct !== "boolean") throw wrong("correct", correct, "true or false");
  if (typeof reward !== "number" || !Number.isFinite(reward))
    throw wrong("reward", reward, "a finite number");
  if (extracted !== null && typeof extracted !== "string")
    throw wrong("extracted", extracted, "text or null");
  if (reason !== undefined && typeof reason !== "string") throw wrong("reason", reason, "text");
  if (boxed !== undefined && typeof boxed !== "boolean") throw wrong("boxed", boxed, "true or false");
  return {
    correct,
    reward,
    extracted: extracted === null ? null : cutText(extracted, keptCharacters),
    boxed: boxed ?? extracted !== null,
    reason: reason === undefined ? (correct ? "right" : "wrong") : cutText(reason, keptCharacters),
  };
}

function wrong(field: string, value: unknown, wanted: string): TypeError {
  return new TypeError(`its result has "${field}" ${show(value)}; wanted ${wanted}`);
}

function show(value: unknown): string {
  if (value === undefined) return "undefined";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value === "function") return "a function";
  return typeof value === "string" ? JSON.stringify(cutText(value, 60)) : String(value);
}
