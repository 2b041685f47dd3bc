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

/** What gradients of `parameters` are to be added to. @throws SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT */
export function assertGradientSums(
  parameters: readonly Tensor[],
  sums: readonly Pick<Tensor, "shape" | "dtype">[],
): void {
  if (sums.length !== parameters.length || new Set(parameters).size !== parameters.length) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `valueAndGrad: addTo wants one sum for each of ${parameters.length} different parameters, got ${sums.length}`,
    );
  }
  sums.forEach((sum, at) => {
    const { shape } = parameters[at] as Tensor;
    if (!shapesEqual(sum.shape, shape)) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `valueAndGrad: the sum for parameter ${at} has shape ${formatShape(sum.shape)}, wanted ${formatShape(shape)}`,
      );
    }
    if (sum.dtype !== "float32") {
      throw new TensorError("DTYPE_MISMATCH", `valueAndGrad: addTo wants float32 sums, got ${sum.dtype}`);
    }
  });
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
