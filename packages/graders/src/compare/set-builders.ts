/**
 * Sets given by a condition, {x | x^2 = 4} and {n in Z | 1 <= n <= 5}, as the finite sets that they are, where that can be
 * worked out: by linear and quadratic equations and products of them, and by counting whole numbers.
 */
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { floorRational, integer, isInteger, negateRational, rationalToNumber } from "../algebra/rational.ts";
import { namesIn } from "../algebra/walk.ts";
import { type Expression, negative, numberNode, type Relation, sumOf } from "../parse/expression.ts";
import { limits, type Work } from "../work.ts";
import type { Context } from "./context.ts";
import { linearForm } from "./linear.ts";
import type { End } from "./pieces.ts";
import { quadraticForm } from "./quadratic.ts";
import { realSetOf } from "./real-sets.ts";

type Builder = Extract<Expression, { kind: "builder" }>;

/** A set builder as its finite set, or as its condition where it has none that is known; anything else as it is. */
export function workedOut(x: Expression, context: Context): Expression {
  if (x.kind !== "builder") return x;
  if ([...namesIn(x.condition, context.work)].join() !== x.variable) return x.condition;
  const items = isWhole(x) ? (wholeNumbersOf(x, context) ?? rootsOf(x, context)) : rootsOf(x, context);
  if (items === null) return x.condition;
  return items.length === 0 ? { kind: "namedSet", name: "empty" } : { kind: "set", items };
}

function isWhole({ domain }: Builder): boolean {
  return domain !== null && ["integers", "naturals", "positiveIntegers"].includes(domain);
}

/** The solutions of an equation within the domain, or null where they are not known. */
function rootsOf({ condition, domain }: Builder, context: Context): readonly Expression[] | null {
  if (condition.kind !== "relation" || condition.operators.join() !== "=") return null;
  const [left, right] = (condition as Relation).operands as readonly [Expression, Expression];
  const roots = zerosOf(left, right, context.work);
  if (roots === null) return null;
  if (domain === "complexes") return roots.length > 0 ? roots : null;
  if (domain === null || domain === "reals") return roots;
  const isRational = domain === "rationals";
  const kept: Expression[] = [];
  for (const root of roots) {
    const value = evaluate(root, exactField(context.work), noNames, context.work);
    if (value === null || !(isRational || isInteger(value))) continue;
    // Whether zero is a natural number is not agreed on.
    if (domain === "naturals" && value.numerator === 0n) return null;
    const isInside = domain === "integers" || isRational || value.numerator > 0n;
    if (isInside) kept.push(root);
  }
  return kept;
}

/** Where left = right, for a linear or quadratic difference or a product of such that is zero; null for others. */
function zerosOf(left: Expression, right: Expression, work: Work): readonly Expression[] | null {
  const isZero = right.kind === "number" && right.value.numerator === 0n;
  if (isZero && left.kind === "product") {
    const zeros: Expression[] = [];
    for (const factor of left.factors) {
      if (factor.kind === "number") continue;
      const roots = zerosOf(factor, right, work);
      if (roots === null) return null;
      zeros.push(...roots);
    }
    return zeros;
  }
  if (
    isZero &&
    left.kind === "power" &&
    left.exponent.kind === "number" &&
    left.exponent.value.numerator > 0n
  )
    return zerosOf(left.base, right, work);
  const difference = sumOf([left, negative(right)]);
  const linear = linearForm(difference, work);
  if (linear) return [numberNode(linear.root)];
  const quadratic = quadraticForm(difference, work);
  return quadratic && (quadratic.roots ?? []);
}

/** The whole numbers that satisfy bounds on both sides; null where there are too many or others than bounds. */
function wholeNumbersOf({ condition, domain }: Builder, context: Context): readonly Expression[] | null {
  if (condition.kind === "relation" && condition.operators.includes("=")) return null;
  const set = realSetOf(condition, context);
  const items: Expression[] = [];
  for (const { low, high } of set?.pieces ?? []) {
    const start = low.value === null ? lowestOf(domain) : (firstWhole(low) ?? null);
    const end = firstWhole({
      ...high,
      position: -high.position,
      rational: high.rational && negateRational(high.rational),
    });
    if (start === null || end === null || high.value === null || -end - start > limits.items) return null;
    const least = lowestOf(domain);
    for (let value = least === null ? start : Math.max(start, least); value <= -end; value++)
      items.push(numberNode(integer(value)));
  }
  return set && items.length <= limits.items ? items : null;
}

function lowestOf(domain: Builder["domain"]): number | null {
  return domain === "positiveIntegers" ? 1 : null;
}

/** The first whole number above a lower end, or on it where it is closed. */
function firstWhole({ rational, position, isClosed }: End): number | null {
  const exact = rational && rationalToNumber(rational);
  if (rational && isInteger(rational)) return isClosed ? (exact as number) : (exact as number) + 1;
  const floor = rational ? Number(floorRational(rational)) : Math.floor(position);
  return Number.isSafeInteger(floor) ? floor + 1 : null;
}
