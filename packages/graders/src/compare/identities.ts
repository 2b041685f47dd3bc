/**
 * Equality of expressions with names: rational ones modulo a prime (exact up to a chance of 2^-50), the rest in complex
 * doubles at fixed points where both sides are defined.
 */
import { complexField, isReal, type LogBase } from "../algebra/complex-field.ts";
import { evaluate } from "../algebra/evaluate.ts";
import { modularField } from "../algebra/modular-field.ts";
import { someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { comparePrecisely, isClose, logBases } from "./numeric.ts";
import { integerPoint, mixedPoint, modularPoint, pointCount, realPoint, widePoint } from "./points.ts";

/** Whether two values, at least one of them with names in it, are the same expression. */
export function compareIdentity(gold: Expression, answer: Expression, context: Context): Outcome {
  const formal = compareModular(gold, answer, context);
  if (formal !== null) {
    return formal
      ? equalBy("symbolic", "identical rational expressions")
      : unequalBy("symbolic", "different rational expressions");
  }
  let outcome = unequalBy("symbolic", "no common value at the points tried");
  for (const base of logBases(gold, answer, context)) {
    outcome = compareFunctions(gold, answer, base, context);
    if (outcome.equal) return outcome;
  }
  return outcome;
}

/**
 * As real functions, where both have enough values at the points; else as complex ones. A modulus on one side only is
 * the whole difference between ln|x| and ln x: there, both sides must be defined at the same points.
 */
function compareFunctions(gold: Expression, answer: Expression, base: LogBase, context: Context): Outcome {
  const { work } = context;
  const hasI = (node: Expression): boolean => node.kind === "constant" && node.name === "i";
  const hasAbs = (node: Expression): boolean => node.kind === "call" && node.name === "abs";
  if (!someNode(gold, work, hasI) && !someNode(answer, work, hasI)) {
    const isStrict = someNode(gold, work, hasAbs) !== someNode(answer, work, hasAbs);
    const outcome = compareAtPoints(gold, answer, base, { isRealOnly: true, isStrict }, context);
    if (outcome) return outcome;
  }
  const outcome = compareAtPoints(gold, answer, base, { isRealOnly: false, isStrict: false }, context);
  return outcome ?? unequalBy("symbolic", "no common value at the points tried");
}

/** True or false where both sides are rational expressions, else null. */
function compareModular(gold: Expression, answer: Expression, { work }: Context): boolean | null {
  let agreements = 0;
  for (let index = 0; index < 4 && agreements < 2; index++) {
    const point = modularPoint(index);
    const a = evaluate(gold, modularField, point, work);
    const b = evaluate(answer, modularField, point, work);
    if (a === null || b === null) {
      if (index === 1) return null;
      continue;
    }
    if (a !== b) return false;
    agreements++;
  }
  return agreements >= 2 ? true : null;
}

/** Equal or not by the values at the points, or null where too few of them have values on both sides. */
function compareAtPoints(
  gold: Expression,
  answer: Expression,
  base: LogBase,
  { isRealOnly, isStrict }: { readonly isRealOnly: boolean; readonly isStrict: boolean },
  context: Context,
): Outcome | null {
  const { work } = context;
  const isDiscrete = (node: Expression): boolean =>
    node.kind === "repeated" || (node.kind === "call" && discreteCalls.has(node.name));
  const isRounding = (node: Expression): boolean =>
    node.kind === "call" && (node.name === "floor" || node.name === "ceil");
  const holds = (test: (node: Expression) => boolean): boolean =>
    someNode(gold, work, test) || someNode(answer, work, test);
  const pointAt = holds(isDiscrete)
    ? integerPoint
    : holds(isRounding)
      ? mixedPoint
      : holds(isPiecewise)
        ? widePoint
        : realPoint;
  let agreements = 0;
  let misses = 0;
  for (let index = 0; index < pointCount; index++) {
    const point = pointAt(index);
    const field = complexField(base, isRealOnly);
    const a = evaluate(gold, field, point, work);
    const b = evaluate(answer, field, point, work);
    if (!a || !b || isReal(a) !== isReal(b)) {
      if (a || b) misses++;
      continue;
    }
    const isSame =
      isClose(a, b, field.scale(), 1e-10) &&
      // Doubles cannot tell x from x + 10^-13: the first points are decided with high precision.
      (agreements >= 2 || comparePrecisely(gold, answer, base, point, context) !== false);
    if (!isSame) return unequalBy("symbolic", "different values at a point");
    agreements++;
  }
  if (isStrict && misses > 0) return unequalBy("symbolic", "not defined at the same points");
  return agreements >= 4 && agreements >= misses
    ? equalBy("symbolic", `equal values at ${agreements} points`)
    : null;
}

function isPiecewise(node: Expression): boolean {
  return node.kind === "call" && ["abs", "max", "min", "sign"].includes(node.name);
}

const discreteCalls: ReadonlySet<string> = new Set([
  ...["factorial", "doubleFactorial", "binomial", "mod", "gcd", "lcm"],
]);
