/** Softmax, its logarithm and their gradients, one pass over each row; TensorFlow.js has no kernel for the logarithm. */

import type { DeviceArray } from "../engine/array.ts";
import type { WasmDevice } from "./device.ts";

/** Over the last axis; the first of equals, NaN as the largest. */
export function argMax(wasm: WasmDevice, x: DeviceArray): DeviceArray {
  const [rows, n] = rowsOf(x);
  const out = wasm.heap.uninitialized(wasm.device, x.shape.slice(0, -1), "int32");
  wasm.simd.argMaxRows(rows, n, wasm.heap.address(x), wasm.heap.address(out));
  return out;
}

export function softmax(wasm: WasmDevice, x: DeviceArray): DeviceArray {
  const [rows, n] = rowsOf(x);
  const out = wasm.heap.uninitialized(wasm.device, x.shape);
  wasm.simd.softmaxRows(rows, n, wasm.heap.address(x), wasm.heap.address(out));
  return out;
}

/** y (dy - sum(dy y)) */
export function softmaxGradient(wasm: WasmDevice, y: DeviceArray, dy: DeviceArray): DeviceArray {
  const [rows, n] = rowsOf(y);
  const out = wasm.heap.uninitialized(wasm.device, y.shape);
  wasm.simd.dotGradient(rows, n, wasm.heap.address(y), wasm.heap.address(dy), 1, wasm.heap.address(out));
  return out;
}

/** dy - exp(y) sum(dy), y being the logarithm. */
export function logSoftmaxGradient(wasm: WasmDevice, y: DeviceArray, dy: DeviceArray): DeviceArray {
  const [rows, n] = rowsOf(y);
  const out = wasm.heap.uninitialized(wasm.device, y.shape);
  wasm.simd.softmaxGradient(rows, n, wasm.heap.address(y), wasm.heap.address(dy), wasm.heap.address(out));
  return out;
}

export function logSoftmax(wasm: WasmDevice, x: DeviceArray): DeviceArray {
  const [rows, n] = rowsOf(x);
  const out = wasm.heap.uninitialized(wasm.device, x.shape);
  if (x.size === 0) return out;
  const pairs = maximaAndLogSums(wasm, x, rows, n);
  wasm.simd.shiftRows(rows, n, wasm.heap.address(x), pairs, wasm.heap.address(out));
  return out;
}

export function logSumExp(wasm: WasmDevice, x: DeviceArray): DeviceArray {
  const [rows, n] = rowsOf(x);
  const out = wasm.heap.uninitialized(wasm.device, x.shape.slice(0, -1));
  if (out.size === 0) return out;
  const pairs = maximaAndLogSums(wasm, x, rows, n) / 4;
  const to = wasm.heap.address(out) / 4;
  const { floats } = wasm.heap;
  for (let row = 0; row < rows; row++) {
    const max = floats[pairs + 2 * row] as number;
    // An infinite maximum is the result: its difference to itself is not a number.
    const isInfinite = max === Infinity || max === -Infinity;
    floats[to + row] = isInfinite ? max : max + (floats[pairs + 2 * row + 1] as number);
  }
  return out;
}

/** Address of [rows, 2]: maximum and log(sum(exp(x - maximum))). Valid until the next use of scratch memory. */
function maximaAndLogSums(wasm: WasmDevice, x: DeviceArray, rows: number, n: number): number {
  const pairs = wasm.heap.scratch((2 * rows + n) * 4);
  wasm.simd.sumExpRows(rows, n, wasm.heap.address(x), pairs, pairs + 8 * rows);
  const { floats } = wasm.heap;
  for (let at = pairs / 4 + 1; at < pairs / 4 + 2 * rows; at += 2)
    floats[at] = Math.log(floats[at] as number);
  return pairs;
}

function rowsOf(x: DeviceArray): [number, number] {
  const n = x.shape[x.shape.length - 1] as number;
  return [n === 0 ? 0 : x.size / n, n];
}
