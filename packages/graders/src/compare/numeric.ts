/**
 * Numbers that cannot be compared exactly: rejected by doubles where these are sure, decided with as many bits as it takes.
 */
import type { Complex, ComplexField, LogBase } from "../algebra/complex-field.ts";
import { evaluate, noNames, type Point } from "../algebra/evaluate.ts";
import { preciseField } from "../algebra/precise-field.ts";
import { type PreciseField, type PreciseNumber, Undecided } from "../algebra/precise-number.ts";
import { someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import type { Context } from "./context.ts";

/**
 * - `equal`: the difference is too small for anything but zero, see `precise-field.ts`;
 * - `different`: proved;
 * - `undefined`: one of the two has no value;
 * - `undecided`: it would take more bits than there are.
 */
export type Decision = "equal" | "different" | "undefined" | "undecided";

export interface Setting {
  /** What a bare \log means. */
  readonly base: LogBase;
  /** As real functions: what is not real has no value. */
  readonly isRealOnly: boolean;
}

/** A bare \log is read as the natural and as the common logarithm, the same on both sides. */
export function logBases(gold: Expression, answer: Expression, { work }: Context): readonly LogBase[] {
  const isLog = (node: Expression): boolean => node.kind === "call" && node.name === "log";
  return someNode(gold, work, isLog) || someNode(answer, work, isLog) ? ["e", 10] : ["e"];
}

/** Whether two values agree at a point. */
export function comparePrecisely(
  gold: Expression,
  answer: Expression,
  point: Point,
  setting: Setting,
  { work }: Context,
): Decision {
  return decideZero(
    (field) => {
      const x = evaluate(gold, field, point, work);
      const y = x && evaluate(answer, field, point, work);
      return x && y && field.subtract(x, y);
    },
    setting,
    work,
  );
}

/** Bits to begin with, and the most that a decision may take. */
const fewestBits = 320;
const mostBits = 6144;
/** Share of the budget that a decision may take. */
const affordableShare = 0.25;

/** Whether a number is zero, with more and more bits. */
export function decideZero(
  valueIn: (field: PreciseField) => PreciseNumber | null,
  setting: Setting,
  work: Work,
): Decision {
  const result = withEnoughBits<Decision>(
    (field) => {
      const value = valueIn(field);
      if (value === null) return "undefined";
      const isZero = field.decide(value);
      return isZero === null ? { missing: field.missingBits(value) } : isZero ? "equal" : "different";
    },
    setting,
    work,
  );
  return result ?? "undecided";
}

/** -1, 0 or 1 for a real number; null where it is none or cannot be decided. */
export function signOf(x: Expression, setting: Setting, work: Work): number | null {
  const sign = withEnoughBits<number>(
    (field) => {
      const value = evaluate(x, field, noNames, work);
      const re = value && field.realPart(value);
      return re ? field.sign(re) : Number.NaN;
    },
    setting,
    work,
  );
  return Number.isNaN(sign) ? null : sign;
}

/** What `decide` says with as many bits as it takes; null where that are too many. */
function withEnoughBits<T extends string | number>(
  decide: (field: PreciseField) => T | { readonly missing: number },
  { base, isRealOnly }: Setting,
  work: Work,
): T | null {
  let bits = fewestBits;
  for (;;) {
    const field = preciseField({ bits, logBase: base, isRealOnly }, work);
    const spent = work.spent;
    let missing = bits;
    try {
      const result = decide(field);
      if (typeof result !== "object") return result;
      missing = result.missing;
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
    }
    const next = Math.ceil((bits + Math.max(64, missing)) / 64) * 64;
    const cost = (work.spent - spent) * (next / bits) ** 2;
    if (next > mostBits || cost > work.left * affordableShare) return null;
    bits = next;
  }
}

/** Whether two values agree to `tolerance` of their size, or to the rounding of the largest number (`scale`) on the way. */
export function isClose(a: Complex, b: Complex, scale: number, tolerance: number): boolean {
  const distance = Math.hypot(a.re - b.re, a.im - b.im);
  const size = Math.max(Math.hypot(a.re, a.im), Math.hypot(b.re, b.im));
  return distance <= tolerance * size + 1e-13 * scale;
}

/** Whether two values differ by more than rounding can have done, whatever cancelled on the way. */
export function isSurelyDifferent(a: Complex, b: Complex, field: ComplexField, tolerance: number): boolean {
  const distance = Math.hypot(a.re - b.re, a.im - b.im);
  const size = Math.max(Math.hypot(a.re, a.im), Math.hypot(b.re, b.im));
  return distance > tolerance * size + 1e-12 * field.peak();
}
