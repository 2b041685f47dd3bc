/**
 * The sets of real numbers that answers denote: intervals, unions, differences, finite sets, and the solutions of
 * inequalities (`inequalities.ts`). What is not such a set is null.
 */

import { type Ball, ballOf } from "../algebra/ball.ts";
import { complexField, isReal } from "../algebra/complex-field.ts";
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { preciseField } from "../algebra/precise-field.ts";
import { Undecided } from "../algebra/precise-number.ts";
import type { Rational } from "../algebra/rational.ts";
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import type { Context } from "./context.ts";
import { listOf, solutionsOf } from "./inequalities.ts";
import {
  complement,
  type End,
  endBits,
  everything,
  highest,
  intersection,
  lowest,
  nothing,
  orderOfEnds,
  pieceSet,
  type RealSet,
  union,
} from "./pieces.ts";
import { workedOut } from "./set-builders.ts";
import { meaningOf } from "./text.ts";

/** The set that an expression denotes, or null where it is none or not one over the reals. */
export function realSetOf(x: Expression, context: Context): RealSet | null {
  context.work.spend();
  switch (x.kind) {
    case "namedSet":
      return x.name === "reals" ? everything : x.name === "empty" ? nothing : null;
    case "bracketed":
      return intervalOf(x.open, x.close, x.items, context);
    case "set":
      return unionAll(x.items.map((item) => pointSet(item, context)));
    case "setOperation":
      return operationOf(x.operator, x.operands, context);
    case "sum":
      return differenceOf(x.terms, context);
    case "relation":
      return solutionsOf(x, context);
    case "list":
      return listOf(x.items, x.joiner, context);
    case "quantity":
      return realSetOf(x.value, context);
    case "builder": {
      const set = workedOut(x, context);
      const isWhole = ["integers", "naturals", "positiveIntegers"].includes(x.domain ?? "");
      return set === x.condition && isWhole ? null : realSetOf(set, context);
    }
    case "text": {
      const meaning = meaningOf(x.text);
      return meaning?.kind === "namedSet" ? realSetOf(meaning, context) : null;
    }
    default:
      return null;
  }
}

/** A number as an end of a piece, an infinity as the end of the line; null for what is neither. */
export function endAt(x: Expression, isClosed: boolean, context: Context): End | null {
  const value = x.kind === "quantity" ? x.value : x;
  const sign = infinitySign(value);
  if (sign !== 0) return { ...(sign > 0 ? highest : lowest), isClosed };
  const { work } = context;
  const position = evaluate(value, complexField("e"), noNames, work);
  if (!position || !isReal(position)) return null;
  const exact = evaluate(value, exactField(work), noNames, work);
  return { value, position: position.re, isClosed, rational: exact, ball: ballAt(value, exact, work) };
}

/** The number with an error bound, where its sign can be told at once. */
function ballAt(value: Expression, exact: Rational | null, work: Work): Ball | null {
  if (exact) return ballOf(exact, endBits);
  const field = preciseField({ bits: endBits, logBase: "e", isRealOnly: true }, work);
  try {
    return evaluate(value, field, noNames, work)?.re ?? null;
  } catch (error) {
    if (error instanceof Undecided) return null;
    throw error;
  }
}

/** 1, -1 for an infinity, else 0. */
function infinitySign(x: Expression): number {
  if (x.kind === "constant") return x.name === "infinity" ? 1 : 0;
  if (x.kind === "sum" && x.terms.length === 1) return infinitySign(x.terms[0] as Expression);
  if (x.kind !== "product" || x.factors.length !== 2) return 0;
  const [sign, rest] = x.factors;
  const isMinus = sign?.kind === "number" && sign.value.numerator === -1n;
  return isMinus && rest ? -infinitySign(rest) : 0;
}

function intervalOf(
  open: string,
  close: string,
  items: readonly Expression[],
  context: Context,
): RealSet | null {
  const [first, second] = items;
  if (items.length !== 2 || !first || !second || open === "<") return null;
  const low = endAt(first, open === "[", context);
  const high = endAt(second, close === "]", context);
  // (2, 1) is no interval; as a pair it is compared elsewhere.
  const isPiece = low && high && (orderOfEnds(low, high) < 0 || pieceSet(low, high) !== nothing);
  return isPiece ? pieceSet(low, high) : null;
}

/** The number alone; null where it is none. */
export function pointSet(x: Expression, context: Context): RealSet | null {
  const end = endAt(x, true, context);
  return end && end.value !== null ? { pieces: [{ low: end, high: end }] } : null;
}

/** The union of all; null where one of them is null. */
export function unionAll(sets: readonly (RealSet | null)[]): RealSet | null {
  let result: RealSet | null = nothing;
  for (const set of sets) result = result && set && union(result, set);
  return result;
}

function operationOf(
  operator: "union" | "intersection" | "difference",
  operands: readonly Expression[],
  context: Context,
): RealSet | null {
  const [left, right] = operands.map((operand) => realSetOf(operand, context));
  if (!left || !right) return null;
  if (operator === "union") return union(left, right);
  return intersection(left, operator === "difference" ? complement(right) : right);
}

/** R - {0}: a sum whose first term is a set and whose others are taken away. */
function differenceOf(terms: readonly Expression[], context: Context): RealSet | null {
  const [first, ...rest] = terms;
  let result = first && first.kind !== "sum" ? realSetOf(first, context) : null;
  for (const term of rest) {
    const taken = term.kind === "product" && term.factors.length === 2 ? term.factors[1] : undefined;
    const set = taken ? realSetOf(taken, context) : null;
    result = result && set && intersection(result, complement(set));
  }
  return result;
}
