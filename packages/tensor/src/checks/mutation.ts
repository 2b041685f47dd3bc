/** Checks of the operations that write into a tensor. */

import type { Tensor } from "../contract.ts";
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

/** The axis from the front. @throws DTYPE_MISMATCH, SHAPE_MISMATCH, INDEX_OUT_OF_RANGE */
export function resolveWriteSlice(
  target: Operand,
  update: Operand,
  { axis, start }: { readonly axis: number; readonly start: number },
): number {
  assertSameDtype(target, update, "writeSlice");
  const at = normalizeAxis(axis, target.shape.length, "writeSlice");
  const wanted = target.shape.map((length, a) => (a === at ? (update.shape[at] ?? -1) : length));
  if (!shapesEqual(update.shape, wanted)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `writeSlice: ${formatShape(update.shape)} does not fit into ${formatShape(target.shape)} along axis ${at}`,
    );
  }
  const end = start + (update.shape[at] as number);
  if (!Number.isInteger(start) || start < 0 || end > (target.shape[at] as number)) {
    throw new TensorError(
      "INDEX_OUT_OF_RANGE",
      `writeSlice: ${start} to ${end} is outside axis ${at} of ${formatShape(target.shape)}`,
    );
  }
  return at;
}
