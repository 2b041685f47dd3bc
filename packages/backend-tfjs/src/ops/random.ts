/** Randomness from the reference generator on the host: the same bits as on every backend that says so. */

import type { Backend, RandomKey, RandomOptions, Shape, Tensor } from "@soft-tokens/tensor";
import { assertDtype, assertKeyPerRow, assertMatrix, assertValidShape } from "@soft-tokens/tensor/checks";
import type { Runtime } from "../engine/runtime.ts";
import type { Distribution } from "../kernels/kernels.ts";

export type RandomOps = Pick<Backend, "randomNormal" | "randomUniform" | "sampleCategorical">;

export function randomOps(runtime: Runtime): RandomOps {
  const { device } = runtime;

  function random(distribution: Distribution, shape: Shape, options: RandomOptions, name: string): Tensor {
    runtime.assertOpen();
    assertValidShape(shape, name);
    const { key } = options;
    if (isKeyList(key)) assertKeyPerRow(key, shape, name);
    return runtime.wrap(runtime.kernels.random(distribution, [...shape], key));
  }

  return {
    randomNormal: (shape, options) => random("normal", shape, options, "randomNormal"),
    randomUniform: (shape, options) => random("uniform", shape, options, "randomUniform"),
    sampleCategorical(operand, options) {
      const probabilities = runtime.use(operand, "sampleCategorical");
      assertDtype(probabilities, ["float32"], "sampleCategorical");
      assertMatrix(probabilities, "sampleCategorical");
      const [rows, width] = probabilities.shape as [number, number];
      const { key } = options;
      if (isKeyList(key)) assertKeyPerRow(key, [rows], "sampleCategorical");
      using uniform = runtime.kernels.random("uniform", [rows], key);
      const ids = device.create([rows], "int32", (out) => {
        const data = device.view(probabilities.array("sampleCategorical"));
        const draws = device.view(uniform);
        for (let row = 0; row < rows; row++) {
          out[row] = invertCumulative(data as Float32Array, row * width, width, draws[row] as number);
        }
      });
      return runtime.wrap(ids);
    },
  };
}

function isKeyList(key: RandomOptions["key"]): key is readonly RandomKey[] {
  return Array.isArray(key);
}

/**
 * The first index whose cumulative sum exceeds `uniform` times the row's sum, so that rounding in the probabilities
 * cannot run past the end. Sums in float64.
 */
function invertCumulative(data: Float32Array, base: number, width: number, uniform: number): number {
  let total = 0;
  for (let i = 0; i < width; i++) total += data[base + i] as number;
  const threshold = uniform * total;
  let sum = 0;
  let last = 0;
  for (let i = 0; i < width; i++) {
    const probability = data[base + i] as number;
    if (probability > 0) last = i;
    sum += probability;
    if (sum > threshold) return i;
  }
  return last;
}
