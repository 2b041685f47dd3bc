/** Checks of ids: which row, which token. */

import { TensorError } from "../errors.ts";

/** Smallest and largest of some ids; `least` above `greatest` for none. */
export interface IdRange {
  readonly least: number;
  readonly greatest: number;
}

/** @throws INDEX_OUT_OF_RANGE unless every id is in [0, limit) */
export function assertIdRange({ least, greatest }: IdRange, limit: number, operation: string): void {
  if (least > greatest || (least >= 0 && greatest < limit)) return;
  throw idOutOfRange(least < 0 ? least : greatest, limit, operation);
}

/** `at`: its place among the ids, where it is known. */
export function idOutOfRange(id: number, limit: number, operation: string, at?: number): TensorError {
  const place = at === undefined ? "" : ` at position ${at}`;
  return new TensorError("INDEX_OUT_OF_RANGE", `${operation}: id ${id}${place} is outside [0, ${limit})`);
}
