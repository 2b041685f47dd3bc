/** Checks that several operations make; messages name the operation, what it got and what it wanted. */

import { type DType, formatShape, type Shape, shapeSize, TensorError } from "@soft-tokens/tensor";
import type { Handle } from "../engine/handle.ts";

export function assertSupported(dtype: DType, operation: string): void {
  if (dtype === "bfloat16") {
    throw new TensorError(
      "UNSUPPORTED_OP",
      `${operation}: bfloat16 is not among this backend's dtypes (float32, int32, bool)`,
    );
  }
}

export function assertDtype(x: Handle, wanted: readonly DType[], operation: string): void {
  if (!wanted.includes(x.dtype)) {
    throw new TensorError("DTYPE_MISMATCH", `${operation}: got ${x.dtype}, wanted ${wanted.join(" or ")}`);
  }
}

export function assertSameDtype(a: Handle, b: Handle, operation: string): void {
  if (a.dtype !== b.dtype) {
    throw new TensorError(
      "DTYPE_MISMATCH",
      `${operation}: operands must have one dtype, got ${a.dtype} and ${b.dtype}`,
    );
  }
}

export function assertValidShape(shape: Shape, operation: string): void {
  if (!shape.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new TensorError("INVALID_ARGUMENT", `${operation}: ${formatShape(shape)} is not a shape`);
  }
}

/** At least one axis. */
export function assertHasAxis(x: Handle, operation: string): void {
  if (x.shape.length === 0) {
    throw new TensorError("SHAPE_MISMATCH", `${operation}: wanted at least one axis, got a scalar`);
  }
}

/** Replaces one -1 by what the size leaves. @throws INVALID_ARGUMENT, SHAPE_MISMATCH */
export function resolveShape(shape: Shape, size: number, from: Shape, operation: string): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown !== shape.lastIndexOf(-1)) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: only one size can be -1, got ${formatShape(shape)}`,
    );
  }
  const rest = shape.reduce((product, length, axis) => (axis === unknown ? product : product * length), 1);
  const resolved =
    unknown < 0 ? [...shape] : shape.map((length, axis) => (axis === unknown ? size / rest : length));
  const isValid = resolved.every((length) => Number.isInteger(length) && length >= 0);
  if (!isValid || shapeSize(resolved) !== size) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${operation}: ${formatShape(from)} does not fit into ${formatShape(shape)}`,
    );
  }
  return resolved;
}
