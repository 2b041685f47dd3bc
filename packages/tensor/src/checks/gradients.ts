/** Checks of what functions give to `valueAndGrad` and `customGradient`. */

import type { Shape, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";
import { formatShape, shapesEqual } from "../shape.ts";

/** The value of `valueAndGrad` is a float32 scalar. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
export function assertScalarValue(value: Pick<Tensor, "shape" | "dtype">): void {
  if (value.shape.length !== 0) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `valueAndGrad: the value must be a scalar, got ${formatShape(value.shape)}`,
    );
  }
  if (value.dtype !== "float32") {
    throw new TensorError("DTYPE_MISMATCH", `valueAndGrad: the value must be float32, got ${value.dtype}`);
  }
}

/** The gradients that a backward pass gave, one per input with its shape; null where none flows. @throws SHAPE_MISMATCH */
export function resolveGradients(
  gradients: readonly (Tensor | null)[],
  shapes: readonly Shape[],
): (Tensor | null)[] {
  return shapes.map((shape, at) => {
    const gradient = gradients[at] ?? null;
    if (gradient && !shapesEqual(gradient.shape, shape)) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `customGradient: the gradient of input ${at} has shape ${formatShape(gradient.shape)}, wanted ${formatShape(shape)}`,
      );
    }
    return gradient;
  });
}
