/** Reference decompositions of rmsNorm, rotary and gatedMlp: required operations only. */

import type { Backend, MatmulOptions, Tensor } from "../contract.ts";

/** Zhang and Sennrich 2019, arXiv 1910.07467, as in Llama: the mean of squares in float32. */
export function rmsNorm(
  ops: Backend,
  x: Tensor,
  weight_D: Tensor,
  options: { readonly epsilon: number },
): Tensor {
  return ops.tidy(() => {
    const wide32 = ops.cast(x, "float32");
    const scale_R1 = rowScale(ops, wide32);
    const x32 = ops.multiply(wide32, scale_R1);
    const meanSquare = ops.mean(ops.square(x32), { axis: -1, keepDims: true });
    const epsilon_R1 = ops.affine(ops.square(scale_R1), { scale: options.epsilon });
    const inverse = ops.rsqrt(ops.add(meanSquare, epsilon_R1));
    const scaled = ops.multiply(ops.multiply(x32, inverse), ops.cast(weight_D, "float32"));
    return ops.cast(scaled, weight_D.dtype);
  });
}

/**
 * 1 for a row, or a power of two that brings it down where its squares, and products of its gradient, would leave float32. The norm
 * of a multiple is the same norm, and a multiplication by 1 or by a power of two rounds nothing.
 */
function rowScale(ops: Backend, x: Tensor): Tensor {
  const most_R1 = ops.max(ops.abs(ops.stopGradient(x)), { axis: -1, keepDims: true });
  return ops.where(ops.greater(most_R1, ops.full([], 2 ** 50)), ops.full([], 2 ** -80), ops.full([], 1));
}

/** Su et al. 2021, arXiv 2104.09864, in the half-split layout of Hugging Face's Llama: rotateHalf(x) = [-x2, x1]. */
export function rotary(ops: Backend, x_BNTH: Tensor, cos: Tensor, sin: Tensor): Tensor {
  return ops.tidy(() => {
    const [B = 0, N = 0, T = 0, H = 0] = x_BNTH.shape;
    const half = H / 2;
    const x32 = ops.cast(x_BNTH, "float32");
    const first = ops.slice(x32, [0, 0, 0, 0], [B, N, T, half]);
    const second = ops.slice(x32, [0, 0, 0, half], [B, N, T, half]);
    const rotated = ops.concat([ops.negate(second), first], -1);
    return ops.cast(ops.add(ops.multiply(x32, cos), ops.multiply(rotated, sin)), x_BNTH.dtype);
  });
}

/** Shazeer 2020, arXiv 2002.05202 (SwiGLU), as in Llama. */
export function gatedMlp(
  ops: Backend,
  x_RD: Tensor,
  gate_DF: Tensor,
  up_DF: Tensor,
  down_FD: Tensor,
  options: Pick<MatmulOptions, "outputDtype"> = {},
): Tensor {
  return ops.tidy(() =>
    ops.matmul(ops.multiply(ops.silu(ops.matmul(x_RD, gate_DF)), ops.matmul(x_RD, up_DF)), down_FD, options),
  );
}
