/**
 * Sets of reals as sorted lists of disjoint pieces, and their algebra: union, complement, intersection.
 * Endpoints keep their expression (compared exactly) beside a double (used for order).
 */
import type { Expression } from "../parse/expression.ts";
import type { Context } from "./context.ts";
import { compareValues } from "./scalars.ts";

/** One end of a piece: a number or, as null, infinity. */
export interface End {
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

export const lowest: End = { value: null, position: Number.NEGATIVE_INFINITY, isClosed: false };
export const highest: End = { value: null, position: Number.POSITIVE_INFINITY, isClosed: false };
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
  return set.pieces.some(({ low, high }) => low.position < high.position);
}

function sameEnd(a: End, b: End, context: Context): boolean {
  if (a.isClosed !== b.isClosed || (a.value === null) !== (b.value === null)) return false;
  if (a.value === null || b.value === null) return a.position === b.position;
  return compareValues(a.value, b.value, context).equal;
}

export function pieceSet(low: End, high: End): RealSet {
  const isPoint = low.position === high.position && low.isClosed && high.isClosed;
  return low.position < high.position || isPoint ? { pieces: [{ low, high }] } : nothing;
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
  return a.low.position - b.low.position || Number(b.low.isClosed) - Number(a.low.isClosed);
}

function touches(high: End, low: End): boolean {
  return low.position < high.position || (low.position === high.position && (low.isClosed || high.isClosed));
}

function higher(a: End, b: End): End {
  if (a.position !== b.position) return a.position > b.position ? a : b;
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
