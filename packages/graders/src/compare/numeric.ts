/**
 * Numbers that cannot be compared exactly: close as doubles, and the same to 240 bits.
 */
import type { Complex, LogBase } from "../algebra/complex-field.ts";
import { evaluate, type Point } from "../algebra/evaluate.ts";
import { addPrecise, magnitude, negatePrecise } from "../algebra/precise.ts";
import { preciseField } from "../algebra/precise-field.ts";
import { someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";

/** A bare \log is read as the natural and as the common logarithm, the same on both sides. */
export function logBases(gold: Expression, answer: Expression, { work }: Context): readonly LogBase[] {
  const isLog = (node: Expression): boolean => node.kind === "call" && node.name === "log";
  return someNode(gold, work, isLog) || someNode(answer, work, isLog) ? ["e", 10] : ["e"];
}

/** Whether two real values agree to 240 bits at a point; null where one of them is not real or not computable. */
export function comparePrecisely(
  gold: Expression,
  answer: Expression,
  base: LogBase,
  point: Point,
  { work }: Context,
): boolean | null {
  const field = preciseField(base, work);
  const x = evaluate(gold, field, point, work);
  const y = x && evaluate(answer, field, point, work);
  if (!x || !y) return null;
  const difference = addPrecise(x, negatePrecise(y));
  const largest = Math.max(magnitude(x), magnitude(y), field.scale());
  return difference !== null && magnitude(difference) < largest - 240;
}

/** Whether two values agree to `tolerance` of their size, or to the rounding of the largest number (`scale`) on the way. */
export function isClose(a: Complex, b: Complex, scale: number, tolerance: number): boolean {
  const distance = Math.hypot(a.re - b.re, a.im - b.im);
  const size = Math.max(Math.hypot(a.re, a.im), Math.hypot(b.re, b.im));
  return distance <= tolerance * size + 1e-13 * scale;
}
