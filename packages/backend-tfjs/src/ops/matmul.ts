/** Matrix products with their gradients. */

import type { Backend, DType, Shape, Tensor } from "@soft-tokens/tensor";
import { assertDtype, resolveMatmul, resolveOutputDtype } from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";

const FLOAT: readonly DType[] = ["float32"];

export function matmulOp(runtime: Runtime, ops: Backend): Pick<Backend, "matmul"> {
  const { kernels } = runtime;
  return {
    matmul(operandA, operandB, options = {}) {
      const a = runtime.use(operandA, "matmul");
      const b = runtime.use(operandB, "matmul");
      const { transposeA = false, transposeB = false } = options;
      assertDtype(a, FLOAT, "matmul");
      assertDtype(b, FLOAT, "matmul");
      resolveOutputDtype(a, options, "matmul");
      const { batch } = resolveMatmul(a, b, options);
      const y = runtime.wrap(
        kernels.matmul(a.array("matmul"), b.array("matmul"), transposeA, transposeB, batch),
      );
      const wantsA = runtime.isTracked(a);
      const wantsB = runtime.isTracked(b);
      if (wantsA || wantsB) {
        const [shapeA, shapeB] = [a.shape, b.shape];
        const saved = [...(wantsB ? [a] : []), ...(wantsA ? [b] : [])];
        runtime.record(y, [a, b], saved, (dy, kept) => {
          const keptA = kept[0] as Handle;
          const keptB = kept[kept.length - 1] as Handle;
          return [
            wantsA ? gradientA(ops, dy, keptB, shapeA, transposeA, transposeB) : null,
            wantsB ? gradientB(ops, dy, keptA, shapeB, transposeA, transposeB) : null,
          ];
        });
      }
      return y;
    },
  };
}

/** d/dA of op(A) op(B): dY op(B)^T, transposed back. */
function gradientA(
  ops: Backend,
  dy: Tensor,
  b: Tensor,
  shapeA: Shape,
  transposeA: boolean,
  transposeB: boolean,
): Tensor {
  const full = transposeA
    ? ops.matmul(b, dy, { transposeA: transposeB, transposeB: true })
    : ops.matmul(dy, b, { transposeB: !transposeB });
  return sumBatches(ops, full, shapeA);
}

/** d/dB of op(A) op(B): op(A)^T dY, transposed back. */
function gradientB(
  ops: Backend,
  dy: Tensor,
  a: Tensor,
  shapeB: Shape,
  transposeA: boolean,
  transposeB: boolean,
): Tensor {
  // Many rows times one matrix: the sum over the batch is the product of the flattened rows.
  if (
    a.size > 0 &&
    shapeB.length === 2 &&
    !transposeA &&
    dy.shape.length > 2 &&
    dy.shape.length === a.shape.length
  ) {
    const rows = ops.reshape(a, [-1, a.shape[a.shape.length - 1] as number]);
    const upstream = ops.reshape(dy, [-1, dy.shape[dy.shape.length - 1] as number]);
    if (rows.shape[0] === upstream.shape[0]) {
      return transposeB
        ? ops.matmul(upstream, rows, { transposeA: true })
        : ops.matmul(rows, upstream, { transposeA: true });
    }
  }
  const full = transposeB
    ? ops.matmul(dy, a, { transposeA: true, transposeB: transposeA })
    : ops.matmul(a, dy, { transposeA: !transposeA });
  return sumBatches(ops, full, shapeB);
}

function sumBatches(ops: Backend, gradient: Tensor, shape: Shape): Tensor {
  const lead = gradient.shape.length - shape.length;
  const axis = gradient.shape
    .map((_, at) => at)
    .filter(
      (at) =>
        at < gradient.shape.length - 2 && (at < lead || (shape[at - lead] === 1 && gradient.shape[at] !== 1)),
    );
  if (axis.length === 0 && lead === 0) return gradient;
  return ops.reshape(axis.length === 0 ? gradient : ops.sum(gradient, { axis }), shape);
}
