/** Checks of the operations that write into a tensor. */

import type { Shape, Tensor, WritePlace } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { formatShape, normalizeAxis, shapesEqual } from "../shape.ts";
import { assertDtype, assertSameDtype } from "./dtypes.ts";

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

/** The axis from the front; one start or one per index of the first axis, or the tensor of them, whose values the backend looks at. */
export type ResolvedPlace =
  | { readonly axis: number; readonly starts: readonly number[] }
  | { readonly axis: number; readonly places: Tensor };

/**
 * A place given by a tensor is checked by {@link assertPlace}, where its values are known.
 * @throws DTYPE_MISMATCH, SHAPE_MISMATCH, INDEX_OUT_OF_RANGE, INVALID_ARGUMENT
 */
export function resolveWriteSlice(
  target: Operand,
  update: Operand,
  { axis, start }: WritePlace,
): ResolvedPlace {
  assertSameDtype(target, update, "writeSlice");
  const at = normalizeAxis(axis, target.shape.length, "writeSlice");
  const wanted = target.shape.map((length, a) => (a === at ? (update.shape[at] ?? -1) : length));
  if (!shapesEqual(update.shape, wanted)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `writeSlice: ${formatShape(update.shape)} does not fit into ${formatShape(target.shape)} along axis ${at}`,
    );
  }
  if (isTensor(start)) {
    assertDtype(start, ["int32"], "writeSlice: start");
    assertOneStartPerRow(target, at, start.shape);
    return { axis: at, places: start };
  }
  if (typeof start !== "number") assertOneStartPerRow(target, at, [start.length]);
  const starts = typeof start === "number" ? [start] : start;
  for (const begin of starts) assertPlace(target, update, at, begin);
  return { axis: at, starts };
}

/** @throws INDEX_OUT_OF_RANGE where an update from `start` on is not inside the target */
export function assertPlace(target: Operand, update: Operand, axis: number, start: number): void {
  const end = start + (update.shape[axis] as number);
  if (!Number.isInteger(start) || start < 0 || end > (target.shape[axis] as number)) {
    throw new TensorError(
      "INDEX_OUT_OF_RANGE",
      `writeSlice: ${start} to ${end} is outside axis ${axis} of ${formatShape(target.shape)}`,
    );
  }
}

function isTensor(start: WritePlace["start"]): start is Tensor {
  return typeof start === "object" && "dtype" in start;
}

function assertOneStartPerRow(target: Operand, axis: number, starts: Shape): void {
  if (axis === 0) {
    throw new TensorError("INVALID_ARGUMENT", "writeSlice: along axis 0 there is one start, got several");
  }
  if (!shapesEqual(starts, target.shape.slice(0, 1))) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `writeSlice: wanted one start for each of ${target.shape[0]} rows, got ${formatShape(starts)}`,
    );
  }
}
