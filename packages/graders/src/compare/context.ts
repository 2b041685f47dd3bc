/**
 * What a comparison carries along: options with their defaults, the work budget, and the outcome of each step.
 */
import type { Work } from "../work.ts";

/** How strictly two answers are compared. Every field has a default; the defaults are exact mathematics. */
export interface CompareOptions {
  /** Numbers are equal within half a unit of this decimal place. Defaults to none: exact equality. */
  readonly decimals?: number;
  /** Numbers are equal within this fraction of the reference. Defaults to none. */
  readonly relativeTolerance?: number;
  /** Numbers are equal within this distance. Defaults to none. */
  readonly absoluteTolerance?: number;
  /**
   * A decimal numeral with at least this many significant digits equals the number that it rounds, where that number
   * has no finite decimal form: 0.333333 is 1/3, 0.33 is not. Defaults to 6.
   */
  readonly significantDigits?: number;
  /** Read the answer's last mathematics or number where the whole text is prose. Defaults to false. */
  readonly prose?: boolean;
  /** The question's text: an answer that only repeats an expression of it is not an answer. Defaults to none. */
  readonly question?: string;
}

/** How two answers were found equal or unequal. */
export type Method =
  | "text"
  | "exact"
  | "numeric"
  | "tolerance"
  | "symbolic"
  | "quantity"
  | "list"
  | "set"
  | "tuple"
  | "matrix"
  | "region"
  | "relation"
  | "ratio"
  | "choice"
  | "limit"
  | "none";

export interface Outcome {
  readonly equal: boolean;
  readonly method: Method;
  readonly reason: string;
}

export interface Context {
  readonly options: CompareOptions;
  readonly work: Work;
}

export function equalBy(method: Method, reason: string): Outcome {
  return { equal: true, method, reason };
}

export function unequalBy(method: Method, reason: string): Outcome {
  return { equal: false, method, reason };
}
