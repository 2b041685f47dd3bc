/**
 * Sets of real numbers: intervals, unions, complements, inequalities in one name, finite sets, all as a sorted list of
 * disjoint pieces. Endpoints keep their expression (compared exactly) beside a double (used for order).
 */

import { complexField, isReal } from "../algebra/complex-field.ts";
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import {
  addRational,
  integer,
  multiplyRational,
  negateRational,
  powerRational,
  type Rational,
} from "../algebra/rational.ts";
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
import { compareValues } from "./scalars.ts";

/** One end of a piece: a number or, as null, infinity. */
interface End {
  readonly value: Expression | null;
  readonly position: number;
  readonly isClosed: boolean;
}

interface Piece {
  readonly low: End;
  readonly high: End;
}

/** Disjoint pieces in increasing order; `name` is the unknown of an inequality, if the set came from one. */
export interface RealSet {
  readonly pieces: readonly Piece[];
}

const lowest: End = { value: null, position: Number.NEGATIVE_INFINITY, isClosed: false };
const highest: End = { value: null, position: Number.POSITIVE_INFINITY, isClosed: false };
const everything: RealSet = { pieces: [{ low: lowest, high: highest }] };
const nothing: RealSet = { pieces: [] };

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

/** Whether two sets have the same pieces. */
export function equalRealSets(a: RealSet, b: RealSet, context: Context): boolean {
  if (a.pieces.length !== b.pieces.length) return false;
  return a.pieces.every((piece, index) => {
    const other = b.pieces[index] as Piece;
    return sameEnd(piece.low, other.low, context) && sameEnd(piece.high, other.high, context);
  });
}

/** Whether the set holds the number at `position` (ends count where they are closed). */
export function containsNumber(set: RealSet, position: number): boolean {
  return set.pieces.some(({ low, high }) => {
    const isAbove = low.isClosed ? position >= low.position : position > low.position;
    return isAbove && (high.isClosed ? position <= high.position : position < high.position);
  });
}

/** Whether the set is neither empty nor finitely many numbers. */
export function isInfiniteSet(set: RealSet): boolean {
  return set.pieces.some(({ low, high }) => low.position < high.position);
}

function sameEnd(a: End, b: End, context: Context): boolean {
  if (a.isClosed !== b.isClosed || (a.value === null) !== (b.value === null)) return false;
  if (a.value === null || b.value === null) return a.position === b.position;
  return compareValues(a.value, b.value, context).equal;
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

function pieceSet(low: End, high: End): RealSet {
  const isPoint = low.position === high.position && low.isClosed && high.isClosed;
  return low.position < high.position || isPoint ? { pieces: [{ low, high }] } : nothing;
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

function union(a: RealSet, b: RealSet): RealSet {
  const pieces = [...a.pieces, ...b.pieces].sort(byLowEnd);
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (last && touches(last.high, piece.low)) {
      merged[merged.length - 1] = { low: last.low, high: higher(last.high, piece.high) };
    } else merged.push(piece);
  }
  return { pieces: merged };
}

function byLowEnd(a: Piece, b: Piece): number {
  return a.low.position - b.low.position || Number(b.low.isClosed) - Number(a.low.isClosed);
}

function touches(high: End, low: End): boolean {
  return low.position < high.position || (low.position === high.position && (low.isClosed || high.isClosed));
}

function higher(a: End, b: End): End {
  if (a.position !== b.position) return a.position > b.position ? a : b;
  return a.isClosed ? a : b;
}

function complement(set: RealSet): RealSet {
  const pieces: Piece[] = [];
  let low: End = lowest;
  for (const piece of set.pieces) {
    if (piece.low.position !== Number.NEGATIVE_INFINITY) {
      pieces.push(...pieceSet(low, opened(piece.low)).pieces);
    }
    low = opened(piece.high);
  }
  if (low.position !== Number.POSITIVE_INFINITY) pieces.push(...pieceSet(low, highest).pieces);
  return { pieces };
}

/** The same place on the other side of the border: closed becomes open. */
function opened(end: End): End {
  return { ...end, isClosed: !end.isClosed };
}

function intersection(a: RealSet, b: RealSet): RealSet {
  return complement(union(complement(a), complement(b)));
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
  if (inside && bound) return absoluteSolutions(direction, bound, context);
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
  if (left.kind === "call" && left.name === "abs" && isUnknown(left.args[0] as Expression)) {
    return [left.args[0] as Expression, right, operator];
  }
  if (right.kind === "call" && right.name === "abs" && isUnknown(right.args[0] as Expression)) {
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

/** a x + b < c x + d with exact coefficients and one unknown: the unknown alone. */
function solveLinear(
  left: Expression,
  operator: RelationOperator,
  right: Expression,
  context: Context,
): RealSet | null {
  const { work } = context;
  const difference = sumOf([left, negative(right)]);
  const [name, ...others] = namesIn(difference, work);
  if (name === undefined || others.length > 0) return null;
  const at = (x: number): Rational | null =>
    evaluate(difference, exactField(work), (symbol) => (symbol === name ? integer(x) : null), work);
  const [zero, one, two, far] = [at(0), at(1), at(2), at(37)];
  if (!zero || !one || !two || !far) return null;
  const slope = addRational(one, negateRational(zero));
  const predicted = slope && addRational(zero, multiplyRational(slope, integer(37)) as Rational);
  const middle = slope && addRational(one, slope);
  if (!slope || slope.numerator === 0n || !predicted || !middle) return null;
  if (printRationals(predicted, middle) !== printRationals(far, two)) return null;
  const inverse = powerRational(slope, -1n);
  const bound = inverse && multiplyRational(negateRational(zero), inverse);
  if (!bound) return null;
  const direction = slope.numerator > 0n ? operator : (mirrored[operator] ?? operator);
  return halfLine(direction, numberNode(bound), context);
}

function printRationals(a: Rational, b: Rational): string {
  return `${a.numerator}/${a.denominator} ${b.numerator}/${b.denominator}`;
}
