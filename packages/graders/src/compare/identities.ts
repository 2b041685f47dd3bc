/**
 * Equality of expressions with names: rational ones modulo two primes (exact up to a chance of 2^-100), the rest at fixed
 * points where both sides are defined. Doubles reject there; that two values agree is proved with high precision at the
 * first points, and at those where functions that agree elsewhere may part (`critical-points.ts`).
 */
import {
  type Complex,
  type ComplexField,
  complexField,
  isReal,
  type LogBase,
} from "../algebra/complex-field.ts";
import { evaluate, type Field, type Point } from "../algebra/evaluate.ts";
import { modularField, otherModularField } from "../algebra/modular-field.ts";
import { someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { criticalPoints, farPoints } from "./critical-points.ts";
import {
  comparePrecisely,
  type Decision,
  isClose,
  isSurelyDifferent,
  logBases,
  type Setting,
} from "./numeric.ts";
import { integerPoint, mixedPoint, modularPoint, pointCount, realPoint } from "./points.ts";
import { isCounter, lettersOfTurns } from "./whole-letters.ts";

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

/** True or false where both sides are rational expressions, else null. */
function compareModular(gold: Expression, answer: Expression, context: Context): boolean | null {
  const first = agreeIn(modularField, gold, answer, context);
  return first ? agreeIn(otherModularField, gold, answer, context) : first;
}

function agreeIn(
  field: Field<bigint>,
  gold: Expression,
  answer: Expression,
  { work }: Context,
): boolean | null {
  let agreements = 0;
  for (let index = 0; index < 4 && agreements < 2; index++) {
    const point = modularPoint(index);
    const a = evaluate(gold, field, point, work);
    const b = evaluate(answer, field, point, work);
    if (a === null || b === null) {
      if (index === 1) return null;
      continue;
    }
    if (a !== b) return false;
    agreements++;
  }
  return agreements >= 2 ? true : null;
}

/** Where the functions are compared. */
interface Places {
  readonly pointAt: (index: number) => Point;
  readonly isWhole: (name: string) => boolean;
}

/**
 * As functions of real numbers; then, where letters seem to stand for whole numbers, as functions of these. As real
 * functions first and as complex ones where that leaves too few values.
 */
function compareFunctions(gold: Expression, answer: Expression, base: LogBase, context: Context): Outcome {
  const { work } = context;
  const whole = new Set([...lettersOfTurns(gold, work), ...lettersOfTurns(answer, work)]);
  const outcome = compareAt(placesFor(gold, answer, context), gold, answer, base, context);
  if (outcome.equal || whole.size === 0) return outcome;
  const isWhole = (name: string): boolean => whole.has(name);
  const places: Places = { pointAt: (index) => mixedPoint(index, isWhole, false), isWhole };
  return compareAt(places, gold, answer, base, context);
}

function placesFor(gold: Expression, answer: Expression, { work }: Context): Places {
  const holds = (test: (node: Expression) => boolean): boolean =>
    someNode(gold, work, test) || someNode(answer, work, test);
  const isDiscrete = (node: Expression): boolean =>
    node.kind === "repeated" || (node.kind === "call" && discreteCalls.has(node.name));
  if (holds(isDiscrete)) return { pointAt: integerPoint, isWhole: () => true };
  const isRounding = (node: Expression): boolean =>
    node.kind === "call" && (node.name === "floor" || node.name === "ceil");
  return holds(isRounding)
    ? { pointAt: (index) => mixedPoint(index, isCounter, true), isWhole: isCounter }
    : { pointAt: realPoint, isWhole: () => false };
}

const discreteCalls: ReadonlySet<string> = new Set([
  ...["factorial", "doubleFactorial", "binomial", "mod", "gcd", "lcm"],
]);

/**
 * A modulus on one side only is the whole difference between ln|x| and ln x: there, both sides must be defined at the same
 * points.
 */
function compareAt(
  places: Places,
  gold: Expression,
  answer: Expression,
  base: LogBase,
  context: Context,
): Outcome {
  const { work } = context;
  const hasI = (node: Expression): boolean => node.kind === "constant" && node.name === "i";
  const hasAbs = (node: Expression): boolean => node.kind === "call" && node.name === "abs";
  if (!someNode(gold, work, hasI) && !someNode(answer, work, hasI)) {
    const isStrict = someNode(gold, work, hasAbs) !== someNode(answer, work, hasAbs);
    const outcome = compareAtPoints(places, gold, answer, { base, isRealOnly: true, isStrict }, context);
    if (outcome) return outcome;
  }
  const outcome = compareAtPoints(
    places,
    gold,
    answer,
    { base, isRealOnly: false, isStrict: false },
    context,
  );
  return outcome ?? unequalBy("symbolic", "no common value at the points tried");
}

/** Points at which equality is proved, and those that may be left undecided. */
const neededProofs = 2;
const mostUndecided = 2;

/** Equal or not by the values at the points, or null where too few of them have values on both sides. */
function compareAtPoints(
  { pointAt, isWhole }: Places,
  gold: Expression,
  answer: Expression,
  setting: Setting & { readonly isStrict: boolean },
  context: Context,
): Outcome | null {
  const { work } = context;
  let [agreements, misses, undecided] = [0, 0, 0];
  for (let index = 0; index < pointCount; index++) {
    const point = pointAt(index);
    const field = complexField(setting.base, setting.isRealOnly);
    const a = evaluate(gold, field, point, work);
    const b = evaluate(answer, field, point, work);
    if (!a || !b || isReal(a) !== isReal(b)) {
      if (a || b) misses++;
      continue;
    }
    const decision =
      decideByDoubles(a, b, field, agreements < neededProofs) ??
      comparePrecisely(gold, answer, point, setting, context);
    if (decision === "different") return unequalBy("symbolic", "different values at a point");
    if (decision === "undecided" && ++undecided > mostUndecided)
      return unequalBy("symbolic", "values that cannot be told apart");
    if (decision === "equal") agreements++;
  }
  if (setting.isStrict && misses > 0) return unequalBy("symbolic", "not defined at the same points");
  if (agreements < 4 || agreements < misses) return null;
  if (partSomewhere(gold, answer, isWhole, setting, context))
    return unequalBy("symbolic", "different values at a point");
  return equalBy("symbolic", `equal values at ${agreements} points`);
}

/** Whether two functions that agree at the ordinary points differ where functions may part. */
function partSomewhere(
  gold: Expression,
  answer: Expression,
  isWhole: (name: string) => boolean,
  setting: Setting,
  context: Context,
): boolean {
  const { work } = context;
  const decide = (point: Point): Decision => comparePrecisely(gold, answer, point, setting, context);
  for (const side of farPoints([gold, answer], isWhole, work)) {
    for (const point of side) {
      const decision = decide(point);
      if (decision === "different") return true;
      if (decision === "equal") break;
    }
  }
  for (const point of criticalPoints([gold, answer], isWhole, work))
    if (decide(point) === "different") return true;
  return false;
}

function decideByDoubles(a: Complex, b: Complex, field: ComplexField, needsProof: boolean): Decision | null {
  if (isSurelyDifferent(a, b, field, 1e-10)) return "different";
  return !needsProof && isClose(a, b, field.scale(), 1e-10) ? "equal" : null;
}
