/** Reference decomposition of adamW: required operations only, arithmetic in float32 whatever the state is stored in. */

import type { Backend, Tensor } from "../contract.ts";
import type { RandomKey } from "../random/key.ts";
import type { AdamWArguments } from "./contract.ts";

/** Loshchilov and Hutter 2019, arXiv 1711.05101, in the order of operations of torch.optim.AdamW. */
export function adamW(ops: Backend, options: AdamWArguments): void {
  const { parameter, master, firstMoment, secondMoment, beta1, beta2, learningRate } = options;
  const correction1 = 1 - beta1 ** options.step;
  const correction2 = 1 - beta2 ** options.step;
  ops.tidy(() => {
    const gradient = ops.affine(ops.cast(options.gradient, "float32"), { scale: options.gradientScale });
    const first = ops.add(
      ops.affine(ops.cast(firstMoment, "float32"), { scale: beta1 }),
      ops.affine(gradient, { scale: 1 - beta1 }),
    );
    const second = ops.add(
      ops.affine(ops.cast(secondMoment, "float32"), { scale: beta2 }),
      ops.affine(ops.square(gradient), { scale: 1 - beta2 }),
    );
    const denominator = ops.affine(ops.sqrt(second), {
      scale: 1 / Math.sqrt(correction2),
      shift: options.epsilon,
    });
    const decayed = ops.affine(ops.cast(master ?? parameter, "float32"), {
      scale: 1 - learningRate * options.weightDecay,
    });
    const update = ops.affine(ops.divide(first, denominator), { scale: learningRate / correction1 });
    const updated = ops.subtract(decayed, update);
    if (master) ops.assign(master, updated);
    ops.assign(parameter, ops.cast(updated, parameter.dtype));
    ops.assign(firstMoment, ops.cast(first, firstMoment.dtype));
    const stored =
      secondMoment.dtype === "bfloat16" && options.roundingKey
        ? roundAtRandom(ops, second, options.roundingKey)
        : ops.cast(second, secondMoment.dtype);
    ops.assign(secondMoment, stored);
  });
}

/** Below 2^-120 numbers are rounded to the nearest: nothing is left to lose, and 0 stays 0. */
const LOWEST_EXPONENT = -120;

/**
 * Non-negative float32 -> bfloat16, up with the probability of the part that is cut off (stochastic rounding): the nearest
 * number to x + (u - 1/2) d, with u uniform in [0, 1) and d = 2^(floor(log2 x) - 7) the distance of two neighbours.
 */
function roundAtRandom(ops: Backend, x: Tensor, key: RandomKey): Tensor {
  const lowest = ops.full([], 2 ** LOWEST_EXPONENT);
  // Truncation of a positive number is its floor; what log2 is off by shifts a few numbers beside a power of two by one digit.
  const log2 = ops.affine(ops.log(ops.maximum(x, lowest)), { scale: Math.LOG2E, shift: -LOWEST_EXPONENT });
  const exponent = ops.cast(ops.cast(log2, "int32"), "float32");
  const distance = ops.exp(
    ops.affine(exponent, { scale: Math.LN2, shift: (LOWEST_EXPONENT - 7) * Math.LN2 }),
  );
  const dither = ops.affine(ops.randomUniform(x.shape, { key }), { shift: -0.5 });
  const dithered = ops.add(x, ops.multiply(dither, distance));
  return ops.cast(ops.where(ops.less(x, lowest), x, dithered), "bfloat16");
}
