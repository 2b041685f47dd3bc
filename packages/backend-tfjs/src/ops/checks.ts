/** The check that belongs to this backend alone: it has no bfloat16. */

import { type DType, TensorError } from "@soft-tokens/tensor";

export function assertSupported(dtype: DType, operation: string): void {
  if (dtype === "bfloat16") {
    throw new TensorError(
      "UNSUPPORTED_OP",
      `${operation}: bfloat16 is not among this backend's dtypes (float32, int32, bool)`,
    );
  }
}
