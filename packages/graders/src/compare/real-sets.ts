/**
 * The sets of real numbers that answers denote: intervals, unions, differences, finite sets, and the solutions of
 * inequalities in one name (linear, or in |x|). What is not such a set is null.
 */

import { complexField, isReal } from "../algebra/complex-field.ts";
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { namesIn } from "../algebra/walk.ts";
import {
  type Expression,
  negative,
  numberNode,
  type Relation,
  type RelationOperator,
  sumOf,
} from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { linearForm } from "./linear.ts";
import {
  complement,
  type End,
  everything,
  highest,
  intersection,
  lowest,
  nothing,
  pieceSet,
  type RealSet,
  union,
} from "./pieces.ts";

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
    default:
      return null;
  }
}

function endAt(x: Expression, isClosed: boolean, context: Context): End | null {
  const value = x.kind === "quantity" ? x.value : x;
  const sign = infinitySign(value);
  if (sign !== 0) return { ...(sign > 0 ? highest : lowest), isClosed };
  const position = evaluate(value, complexField("e"), noNames, context.work);
  return position && isReal(position) ? { value, position: position.re, isClosed } : null;
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
  const isPiece = low && high && (low.position < high.position || pieceSet(low, high) !== nothing);
  return isPiece ? pieceSet(low, high) : null;
}

function pointSet(x: Expression, context: Context): RealSet | null {
  const end = endAt(x, true, context);
  return end && end.value !== null ? { pieces: [{ low: end, high: end }] } : null;
}

function unionAll(sets: readonly (RealSet | null)[]): RealSet | null {
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

// --- inequalities ----------------------------------------------------------------------------------------------------

/** x < 1 or x > 3: or joins, and meets; a comma meets where that leaves something and joins where it does not. */
function listOf(items: readonly Expression[], joiner: string, context: Context): RealSet | null {
  const sets = items.map((item) => (item.kind === "relation" ? solutionsOf(item, context) : null));
  if (joiner !== "or") {
    const common = sets.reduce((a, b) => a && b && intersection(a, b));
    if (common && (joiner === "and" || common.pieces.length > 0)) return common;
  }
  return unionAll(sets);
}

const mirrored: Partial<Record<RelationOperator, RelationOperator>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** The solutions of a chain of inequalities, of x in S, or of x != a, where one name (or |name|) is the unknown. */
function solutionsOf(relation: Relation, context: Context): RealSet | null {
  let result: RealSet | null = everything;
  for (const [index, operator] of relation.operators.entries()) {
    const left = relation.operands[index] as Expression;
    const right = relation.operands[index + 1] as Expression;
    const set: RealSet | null = solveOne(left, operator, right, context);
    result = result && set && intersection(result, set);
  }
  return relation.operators.length === 0 ? null : result;
}

function solveOne(
  left: Expression,
  operator: RelationOperator,
  right: Expression,
  context: Context,
): RealSet | null {
  if (operator === "in" || operator === "not in") {
    if (!isUnknown(left)) return null;
    const set = realSetOf(right, context);
    return set && operator === "not in" ? complement(set) : set;
  }
  if (isUnknown(left) && namesIn(right, context.work).size === 0) return halfLine(operator, right, context);
  if (isUnknown(right) && namesIn(left, context.work).size === 0) {
    return halfLine(mirrored[operator] ?? operator, left, context);
  }
  const [inside, bound, direction] = absoluteForm(left, operator, right);
  if (inside && bound) {
    return isUnknown(inside)
      ? absoluteSolutions(direction, bound, context)
      : absoluteOfLinear(inside, direction, bound, context);
  }
  return solveLinear(left, operator, right, context);
}

function isUnknown(x: Expression): boolean {
  return x.kind === "symbol" || x.kind === "apply";
}

function halfLine(operator: RelationOperator, bound: Expression, context: Context): RealSet | null {
  const closed = endAt(bound, true, context);
  if (!closed || closed.value === null) return null;
  const open = { ...closed, isClosed: false };
  switch (operator) {
    case "<":
      return pieceSet(lowest, open);
    case "<=":
      return pieceSet(lowest, closed);
    case ">":
      return pieceSet(open, highest);
    case ">=":
      return pieceSet(closed, highest);
    case "!=":
      return complement({ pieces: [{ low: closed, high: closed }] });
    default:
      return null;
  }
}

type AbsoluteForm = readonly [
  inside: Expression | null,
  bound: Expression | null,
  operator: RelationOperator,
];

function absoluteForm(left: Expression, operator: RelationOperator, right: Expression): AbsoluteForm {
  if (left.kind === "call" && left.name === "abs") {
    return [left.args[0] as Expression, right, operator];
  }
  if (right.kind === "call" && right.name === "abs") {
    return [right.args[0] as Expression, left, mirrored[operator] ?? operator];
  }
  return [null, null, operator];
}

/** |x| < b is -b < x < b, and |x| > b its complement's interior, for b >= 0. */
function absoluteSolutions(operator: RelationOperator, bound: Expression, context: Context): RealSet | null {
  const end = endAt(bound, true, context);
  if (!end || end.value === null || end.position < 0) return null;
  const low: End = { value: negative(end.value), position: -end.position, isClosed: true };
  const inside = (isClosed: boolean): RealSet => pieceSet({ ...low, isClosed }, { ...end, isClosed });
  switch (operator) {
    case "<":
      return inside(false);
    case "<=":
      return inside(true);
    case ">":
      return complement(inside(true));
    case ">=":
      return complement(inside(false));
    default:
      return null;
  }
}

/** |a x + b| < c by its two sides, for a number c >= 0. */
function absoluteOfLinear(
  inside: Expression,
  operator: RelationOperator,
  bound: Expression,
  context: Context,
): RealSet | null {
  const end = endAt(bound, true, context);
  const other = mirrored[operator];
  if (!end || end.value === null || end.position < 0 || other === undefined) return null;
  const above = solveLinear(inside, operator, bound, context);
  const below = solveLinear(inside, other, negative(bound), context);
  if (!above || !below) return null;
  return operator.startsWith("<") ? intersection(above, below) : union(above, below);
}

/** a x + b < c x + d with exact coefficients and one unknown: the unknown alone. */
function solveLinear(
  left: Expression,
  operator: RelationOperator,
  right: Expression,
  context: Context,
): RealSet | null {
  const { work } = context;
  const difference = sumOf([left, negative(right)]);
  const form = linearForm(difference, work);
  if (!form) return null;
  const direction = form.slope.numerator > 0n ? operator : (mirrored[operator] ?? operator);
  return halfLine(direction, numberNode(form.root), context);
}
