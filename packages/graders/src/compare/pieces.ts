/**
 * Sets of reals as sorted lists of disjoint pieces, and their algebra: union, complement, intersection.
 * Ends keep their expression next to a double; where doubles cannot tell the order of two, the exact numbers do.
 */
import { addBalls, type Ball, isNotZero, negateBall } from "../algebra/ball.ts";
import { compareRational, type Rational } from "../algebra/rational.ts";
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { compareValues } from "./scalars.ts";

/** One end of a piece: a number or, as null, infinity. */
export interface End {
  readonly value: Expression | null;
  readonly position: number;
  readonly isClosed: boolean;
  /** The exact number and one with an error bound, as far as there are any. */
  readonly rational: Rational | null;
  readonly ball: Ball | null;
}

interface Piece {
  readonly low: End;
  readonly high: End;
}

/** Disjoint pieces in increasing order; `name` is the unknown of an inequality, if the set came from one. */
export interface RealSet {
  readonly pieces: readonly Piece[];
}

const infinity = { value: null, isClosed: false, rational: null, ball: null } as const;
export const lowest: End = { ...infinity, position: Number.NEGATIVE_INFINITY };
export const highest: End = { ...infinity, position: Number.POSITIVE_INFINITY };
export const everything: RealSet = { pieces: [{ low: lowest, high: highest }] };
export const nothing: RealSet = { pieces: [] };

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
  return set.pieces.some(({ low, high }) => orderOfEnds(low, high) < 0);
}

function sameEnd(a: End, b: End, context: Context): boolean {
  if (a.isClosed !== b.isClosed || (a.value === null) !== (b.value === null)) return false;
  if (a.value === null || b.value === null) return a.position === b.position;
  return compareValues(a.value, b.value, context).equal;
}

/** Bits of the numbers by which ends are ordered. */
export const endBits = 640;

/** Negative, zero or positive, as a - b is. */
export function orderOfEnds(a: End, b: End): number {
  if (a.rational && b.rational) return compareRational(a.rational, b.rational);
  const distance = a.position - b.position;
  const isClear = Math.abs(distance) > 1e-9 * Math.max(1, Math.abs(a.position), Math.abs(b.position));
  if (isClear || !a.ball || !b.ball) return a.position === b.position ? 0 : distance;
  const difference = addBalls(a.ball, negateBall(b.ball), endBits);
  if (difference === null || !isNotZero(difference)) return 0;
  return difference.mantissa < 0n ? -1 : 1;
}

export function pieceSet(low: End, high: End): RealSet {
  const order = orderOfEnds(low, high);
  const isPoint = order === 0 && low.isClosed && high.isClosed;
  return order < 0 || isPoint ? { pieces: [{ low, high }] } : nothing;
}

export function union(a: RealSet, b: RealSet): RealSet {
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
  return orderOfEnds(a.low, b.low) || Number(b.low.isClosed) - Number(a.low.isClosed);
}

function touches(high: End, low: End): boolean {
  const order = orderOfEnds(low, high);
  return order < 0 || (order === 0 && (low.isClosed || high.isClosed));
}

function higher(a: End, b: End): End {
  const order = orderOfEnds(a, b);
  if (order !== 0) return order > 0 ? a : b;
  return a.isClosed ? a : b;
}

export function complement(set: RealSet): RealSet {
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

export function intersection(a: RealSet, b: RealSet): RealSet {
  return complement(union(complement(a), complement(b)));
}
