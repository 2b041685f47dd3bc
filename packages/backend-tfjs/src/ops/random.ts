/** Randomness from the reference generator on the host: the same bits as on every backend that says so. */

import {
  type Backend,
  fillNormal,
  fillUniform,
  formatShape,
  type RandomKey,
  type RandomOptions,
  type Shape,
  shapeSize,
  TensorError,
} from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { Runtime } from "../engine/runtime.ts";
import { assertDtype, assertValidShape } from "./checks.ts";

export type RandomOps = Pick<Backend, "randomNormal" | "randomUniform" | "sampleCategorical">;

type Fill = (key: RandomKey, out: Float32Array) => void;

export function randomOps(runtime: Runtime): RandomOps {
  const { device } = runtime;

  function random(shape: Shape, options: RandomOptions, fill: Fill, operation: string): DeviceArray {
    runtime.assertOpen();
    assertValidShape(shape, operation);
    const { key } = options;
    if (isKeyList(key)) assertKeyPerRow(key, shape, operation);
    return device.create([...shape], "float32", (out) => {
      fillWith(key, shape, out as Float32Array, fill);
    });
  }

  return {
    randomNormal: (shape, options) => runtime.wrap(random(shape, options, fillNormal, "randomNormal")),
    randomUniform: (shape, options) => runtime.wrap(random(shape, options, fillUniform, "randomUniform")),
    sampleCategorical(operand, options) {
      const probabilities = runtime.use(operand, "sampleCategorical");
      assertDtype(probabilities, ["float32"], "sampleCategorical");
      if (probabilities.shape.length !== 2 || probabilities.shape[1] === 0) {
        throw new TensorError(
          "SHAPE_MISMATCH",
          `sampleCategorical: wanted [rows, at least 1], got ${formatShape(probabilities.shape)}`,
        );
      }
      const [rows, width] = probabilities.shape as [number, number];
      if (isKeyList(options.key)) assertKeyPerRow(options.key, [rows], "sampleCategorical");
      const uniform = new Float32Array(rows);
      fillWith(options.key, [rows], uniform, fillUniform);
      const ids = device.create([rows], "int32", (out) => {
        const data = device.view(probabilities.array("sampleCategorical"));
        for (let row = 0; row < rows; row++) {
          out[row] = invertCumulative(data as Float32Array, row * width, width, uniform[row] as number);
        }
      });
      return runtime.wrap(ids);
    },
  };
}

function isKeyList(key: RandomOptions["key"]): key is readonly RandomKey[] {
  return Array.isArray(key);
}

function assertKeyPerRow(keys: readonly RandomKey[], shape: Shape, operation: string): void {
  if (shape.length === 0 || keys.length !== shape[0]) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${operation}: wanted one key per index of the first axis of ${formatShape(shape)}, got ${keys.length}`,
    );
  }
}

function fillWith(key: RandomOptions["key"], shape: Shape, out: Float32Array, fill: Fill): void {
  if (!isKeyList(key)) {
    fill(key, out);
    return;
  }
  const width = shapeSize(shape.slice(1));
  key.forEach((rowKey, row) => {
    fill(rowKey, out.subarray(row * width, (row + 1) * width));
  });
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
