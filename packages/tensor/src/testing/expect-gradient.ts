/**
 * Gradients against central differences, computed by evaluating the function alone: no stored values, no trust in the
 * backend's differentiation. Differences are taken along directions of +1 and -1 rather than element by element; a wrong
 * element shows in each of them, and the noise of float32 does not grow with the size.
 */

import { assert } from "vitest";
import type { Backend, Tensor } from "../contract.ts";
import { DIFFERENCE_STEP, DIFFERENCE_TOLERANCE, machineEpsilon } from "./tolerance.ts";

export interface GradientOptions {
  /** Indices of the inputs to differentiate. Defaults to all. */
  readonly wrt?: readonly number[];
  /** Directions per input. Defaults to 2. */
  readonly directions?: number;
}

/**
 * Fails unless the gradient of `fn` (any shape, weighted by fixed numbers) fits the differences of its values.
 * `inputs` are float32; `fn` must use the tensors it is given and be smooth within 1/64 of them.
 */
export async function expectGradient(
  ops: Backend,
  fn: (inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: GradientOptions = {},
): Promise<void> {
  const wrt = options.wrt ?? inputs.map((_, index) => index);
  const gradients = await weightedGradients(ops, fn, inputs, wrt);
  const host = await Promise.all(inputs.map((x) => ops.read(x)));

  for (const [at, index] of wrt.entries()) {
    const input = inputs[index] as Tensor;
    const gradient = gradients[at] as Float32Array;
    for (let direction = 0; direction < (options.directions ?? 2); direction++) {
      const step = Float32Array.from({ length: input.size }, (_, i) => sign(i, direction));
      const evaluate = async (factor: number) => {
        const moved = step.map((s, i) => (host[index]?.[i] as number) + factor * s);
        using x = ops.tensor(moved, input.shape);
        using y = ops.tidy(() => fn(inputs.map((other, i) => (i === index ? x : other))));
        return weigh(await ops.read(y));
      };
      const above = await evaluate(DIFFERENCE_STEP);
      const below = await evaluate(-DIFFERENCE_STEP);
      const difference = (above.sum - below.sum) / (2 * DIFFERENCE_STEP);
      const analytic = gradient.reduce((sum, g, i) => sum + g * (step[i] as number), 0);
      const size = gradient.reduce((sum, g) => sum + Math.abs(g), 0);
      const rounding = (16 * machineEpsilon("float32") * Math.max(1, above.size)) / DIFFERENCE_STEP;
      const allowed = DIFFERENCE_TOLERANCE * size + rounding;
      if (!(Math.abs(analytic - difference) <= allowed)) {
        assert.fail(
          `gradient by input ${index}: ${analytic} along direction ${direction}, but differences give ${difference} (within ${allowed.toExponential(1)})`,
        );
      }
    }
  }
}

async function weightedGradients(
  ops: Backend,
  fn: (inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  wrt: readonly number[],
): Promise<Float32Array[]> {
  const result = ops.valueAndGrad(
    () =>
      ops.tidy(() => {
        const y = fn(inputs);
        const weights = ops.tensor(
          Float32Array.from({ length: y.size }, (_, i) => weight(i)),
          y.shape,
        );
        return ops.sum(ops.multiply(y, weights));
      }),
    wrt.map((index) => inputs[index] as Tensor),
  );
  const host = await Promise.all(result.gradients.map((gradient) => ops.read(gradient)));
  for (const x of [result.value, ...result.gradients]) x.dispose();
  return host.map((data) => Float32Array.from(data));
}

function weigh(y: ArrayLike<number>): { sum: number; size: number } {
  let sum = 0;
  let size = 0;
  for (let i = 0; i < y.length; i++) {
    sum += weight(i) * (y[i] as number);
    size += Math.abs(weight(i) * (y[i] as number));
  }
  return { sum, size };
}

/** Fixed weights in [0.5, 1.5), exact in float32, without a period that a shape could share. */
function weight(i: number): number {
  return 0.5 + scramble(i + 1) / 2 ** 16;
}

function sign(i: number, direction: number): number {
  return scramble(i * 31 + direction * 7919 + 17) & 1024 ? 1 : -1;
}

/** 16 bits that look random; Knuth's multiplicative hash. */
function scramble(i: number): number {
  return Math.imul(i, 0x9e3779b1) >>> 16;
}
