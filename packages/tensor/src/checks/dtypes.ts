/** Checks of dtypes; messages name the operation, what it got and what it wanted. */

import type { MatmulOptions, Tensor } from "../contract.ts";
import type { DType, FloatDType, TensorData } from "../dtype.ts";
import { TensorError } from "../errors.ts";

type HasDType = Pick<Tensor, "dtype">;

/** @throws DTYPE_MISMATCH */
export function assertDtype(x: HasDType, wanted: readonly DType[], operation: string): void {
  if (!wanted.includes(x.dtype)) {
    throw new TensorError("DTYPE_MISMATCH", `${operation}: got ${x.dtype}, wanted ${wanted.join(" or ")}`);
  }
}

/** @throws DTYPE_MISMATCH: there is no implicit promotion */
export function assertSameDtype(a: HasDType, b: HasDType, operation: string): void {
  if (a.dtype !== b.dtype) {
    throw new TensorError(
      "DTYPE_MISMATCH",
      `${operation}: operands must have one dtype, got ${a.dtype} and ${b.dtype}`,
    );
  }
}

/** An int32 tensor is scaled and shifted by integers. @throws DTYPE_MISMATCH */
export function assertAffine(x: HasDType, scale: number, shift: number): void {
  if (x.dtype === "int32" && !(Number.isInteger(scale) && Number.isInteger(shift))) {
    throw new TensorError(
      "DTYPE_MISMATCH",
      `affine: an int32 tensor takes integers, got scale ${scale} and shift ${shift}`,
    );
  }
}

/** The dtype of a product: the operands', or float32 where that is asked for. @throws DTYPE_MISMATCH */
export function resolveOutputDtype(
  x: HasDType,
  { outputDtype }: Pick<MatmulOptions, "outputDtype">,
  operation: string,
): FloatDType {
  if (outputDtype === undefined || outputDtype === x.dtype) return x.dtype as FloatDType;
  if (outputDtype === "float32" && x.dtype === "bfloat16") return outputDtype;
  throw new TensorError(
    "DTYPE_MISMATCH",
    `${operation}: a product of ${x.dtype} can be ${x.dtype === "bfloat16" ? "bfloat16 or float32" : x.dtype}, not ${outputDtype}`,
  );
}

/** Values for an int32 tensor: a typed array would make 0 of NaN and cut the rest to 32 bits, and an id would be another. @throws INVALID_ARGUMENT */
export function assertIntegers(data: TensorData | readonly number[], operation: string): void {
  if (data instanceof Int32Array || data instanceof Uint8Array) return;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if ((value | 0) === value) continue;
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: an int32 tensor takes whole numbers of 32 bits, got ${value} at position ${at}`,
    );
  }
}
