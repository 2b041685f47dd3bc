/** What several gradients share. Everything made here belongs to the caller's scope. */

import { type Backend, type Shape, shapesEqual, type Tensor } from "@soft-tokens/tensor";

/** Sums a gradient over the axes along which its operand was repeated. */
export function sumTo(ops: Backend, gradient: Tensor, shape: Shape): Tensor {
  if (shapesEqual(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axis = gradient.shape
    .map((_, at) => at)
    .filter((at) => at < lead || (shape[at - lead] === 1 && gradient.shape[at] !== 1));
  const summed = axis.length === 0 ? gradient : ops.sum(gradient, { axis });
  return ops.reshape(summed, shape);
}
