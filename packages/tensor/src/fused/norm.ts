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
    const x32 = ops.cast(x, "float32");
    const meanSquare = ops.mean(ops.square(x32), { axis: -1, keepDims: true });
    const inverse = ops.rsqrt(ops.affine(meanSquare, { shift: options.epsilon }));
    const scaled = ops.multiply(ops.multiply(x32, inverse), ops.cast(weight_D, "float32"));
    return ops.cast(scaled, weight_D.dtype);
  });
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
