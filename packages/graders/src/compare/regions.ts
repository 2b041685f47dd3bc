/** Sets of reals against each other: intervals, unions, inequalities, memberships. */
import { namesIn } from "../algebra/walk.ts";
import type { Bracketed, Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { compareOrdered, compareUnordered } from "./collections.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { equalRealSets, isInfiniteSet } from "./pieces.ts";
import { realSetOf } from "./real-sets.ts";

/** Sets of reals against each other; null where this is not the question. */
export function compareRegions(gold: Expression, answer: Expression, context: Context): Outcome | null {
  if (!isRegion(gold) && !isRegion(answer)) return null;
  if (hasSeveralNames(gold, context.work) || hasSeveralNames(answer, context.work)) return null;
  const [goldName, answerName] = [unknownOf(gold, context.work), unknownOf(answer, context.work)];
  if (goldName !== null && answerName !== null && goldName !== answerName) return null;
  const g = realSetOf(gold, context) ?? unionOfList(gold, context);
  if (!g) return null;
  const a = realSetOf(answer, context) ?? unionOfList(answer, context);
  if (!a) return null;
  if (equalRealSets(g, a, context)) return equalBy("region", "the same set of numbers");
  return isInfiniteSet(g) || isInfiniteSet(a) ? unequalBy("region", "different sets of numbers") : null;
}

/** a > 2, b > 3 are bounds of two numbers. */
function hasSeveralNames(x: Expression, work: Work): boolean {
  return (x.kind === "relation" || x.kind === "list") && namesIn(x, work).size > 1;
}

/** Something that only makes sense as a set of reals. */
function isRegion(x: Expression): boolean {
  if (x.kind === "setOperation" || x.kind === "namedSet") return true;
  if (x.kind === "bracketed") return x.items.length === 2 && (x.open === "(") !== (x.close === ")");
  if (x.kind === "list") return x.items.length > 0 && x.items.every(isInequality);
  if (x.kind === "relation") return isInequality(x) || (x.operators[0] === "in" && x.operators.length === 1);
  return x.kind === "sum" && x.terms.some((term) => term.kind === "namedSet");
}

/** The one name that an inequality, a membership or a list of them is about, or null. */
function unknownOf(x: Expression, work: Work): string | null {
  if (x.kind !== "relation" && x.kind !== "list") return null;
  const [name, ...others] = namesIn(x, work);
  // f(x) stands for the values of f, whatever they are called.
  const isPlain = name !== undefined && !name.includes("(");
  return isPlain && others.length === 0 ? name : null;
}

function isInequality(x: Expression): boolean {
  return x.kind === "relation" && x.operators.every((operator) => /^[<>]|^!=/.test(operator));
}

/** "(-oo, 1) and (2, oo)": a list of intervals for their union. */
function unionOfList(x: Expression, context: Context): ReturnType<typeof realSetOf> {
  if (x.kind !== "list" || !x.items.every((item) => item.kind === "bracketed")) return null;
  const [first, ...rest] = x.items as readonly Bracketed[];
  if (!first) return null;
  const union = rest.reduce<Expression>(
    (left, right) => ({ kind: "setOperation", operator: "union", operands: [left, right] }),
    first,
  );
  return realSetOf(union, context);
}

/** Unions and differences with names in them: the same operands in any order. */
export function compareOperations(gold: Expression, answer: Expression, context: Context): Outcome {
  if (gold.kind !== "setOperation" || answer.kind !== "setOperation" || gold.operator !== answer.operator) {
    return unequalBy("set", "a set operation and something else");
  }
  if (gold.operator === "difference") return compareOrdered(gold.operands, answer.operands, "set", context);
  const flat = (x: Expression): readonly Expression[] =>
    x.kind === "setOperation" && x.operator === gold.operator ? x.operands.flatMap(flat) : [x];
  return compareUnordered(flat(gold), flat(answer), "set", context);
}
