/** Checks of the fused operations, in the words of the contract. */

import { formatShape, type Shape, shapesEqual, TensorError } from "@soft-tokens/tensor";
import type { Handle } from "../../engine/handle.ts";

export function assertFloat(operands: readonly Handle[], operation: string): void {
  for (const { dtype } of operands) {
    if (dtype !== "float32") {
      throw new TensorError("DTYPE_MISMATCH", `${operation}: got ${dtype}, wanted float32`);
    }
  }
}

export function assertSameShape(got: Shape, wanted: Shape, what: string): void {
  if (!shapesEqual(got, wanted)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${what}: got shape ${formatShape(got)}, wanted ${formatShape(wanted)}`,
    );
  }
}
