/** Checks of a captured function's inputs. */

import type { Shape, Tensor } from "../contract.ts";
import type { DType } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { formatShape, shapesEqual } from "../shape.ts";

/** What stays the same at every run. */
export interface InputKind {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** @throws INVALID_ARGUMENT, SHAPE_MISMATCH, DTYPE_MISMATCH where inputs differ from those of the first run */
export function assertCapturedInputs(wanted: readonly InputKind[], inputs: readonly Tensor[]): void {
  if (inputs.length !== wanted.length) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `captured function: wanted ${wanted.length} inputs as at its first run, got ${inputs.length}`,
    );
  }
  for (const [at, { shape, dtype }] of wanted.entries()) {
    const given = inputs[at] as Tensor;
    if (!shapesEqual(given.shape, shape)) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `captured function: input ${at} is ${formatShape(given.shape)}, at the first run it was ${formatShape(shape)}`,
      );
    }
    if (given.dtype !== dtype) {
      throw new TensorError(
        "DTYPE_MISMATCH",
        `captured function: input ${at} is ${given.dtype}, at the first run it was ${dtype}`,
      );
    }
  }
}
