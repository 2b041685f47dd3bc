/** Checks of the operations that write into a tensor. */

import type { Tensor, WritePlace } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { formatShape, normalizeAxis, shapesEqual } from "../shape.ts";
import { assertSameDtype } from "./dtypes.ts";

type Operand = Pick<Tensor, "shape" | "dtype">;

/** @throws DTYPE_MISMATCH, SHAPE_MISMATCH */
export function assertAssign(target: Operand, value: Operand): void {
  assertSameDtype(target, value, "assign");
  if (!shapesEqual(target.shape, value.shape)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `assign: shapes differ, ${formatShape(target.shape)} takes ${formatShape(value.shape)}`,
    );
  }
}

/**
 * The axis from the front; one start, or one per index of the first axis.
 * @throws DTYPE_MISMATCH, SHAPE_MISMATCH, INDEX_OUT_OF_RANGE, INVALID_ARGUMENT
 */
export function resolveWriteSlice(
  target: Operand,
  update: Operand,
  { axis, start }: WritePlace,
): { readonly axis: number; readonly starts: readonly number[] } {
  assertSameDtype(target, update, "writeSlice");
  const at = normalizeAxis(axis, target.shape.length, "writeSlice");
  const wanted = target.shape.map((length, a) => (a === at ? (update.shape[at] ?? -1) : length));
  if (!shapesEqual(update.shape, wanted)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `writeSlice: ${formatShape(update.shape)} does not fit into ${formatShape(target.shape)} along axis ${at}`,
    );
  }
  if (typeof start !== "number") assertOneStartPerRow(target, at, start);
  const starts = typeof start === "number" ? [start] : start;
  for (const begin of starts) {
    const end = begin + (update.shape[at] as number);
    if (!Number.isInteger(begin) || begin < 0 || end > (target.shape[at] as number)) {
      throw new TensorError(
        "INDEX_OUT_OF_RANGE",
        `writeSlice: ${begin} to ${end} is outside axis ${at} of ${formatShape(target.shape)}`,
      );
    }
  }
  return { axis: at, starts };
}

function assertOneStartPerRow(target: Operand, axis: number, starts: readonly number[]): void {
  if (axis === 0) {
    throw new TensorError("INVALID_ARGUMENT", "writeSlice: along axis 0 there is one start, got a list");
  }
  if (starts.length !== target.shape[0]) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `writeSlice: wanted one start for each of ${target.shape[0]} rows, got ${starts.length}`,
    );
  }
}
