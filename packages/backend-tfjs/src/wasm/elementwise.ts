/**
 * Element-by-element arithmetic: vectorized exponentials (TensorFlow.js's are scalar calls) and broadcasting without a
 * scalar index computation per element.
 */

import { type Shape, shapesEqual } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { BinaryOperation, UnaryOperation } from "../kernels/kernels.ts";
import { broadcastStrides } from "../kernels/layout.ts";
import type { WasmDevice } from "./device.ts";
import { type Axis, forEachIndex, mergeAxes } from "./walk.ts";

/** Codes of simd/elementwise.ts. */
const BINARY: Record<BinaryOperation, number> = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  maximum: 4,
  minimum: 5,
};

/** Codes of simd/elementwise.ts. */
const UNARY: Record<Exclude<UnaryOperation, "log" | "tanh">, number> = {
  negate: 0,
  abs: 1,
  exp: 2,
  sqrt: 3,
  rsqrt: 4,
  square: 5,
  sigmoid: 6,
  silu: 7,
};

/** float32 */
export function unary(wasm: WasmDevice, operation: UnaryOperation, x: DeviceArray): DeviceArray {
  const { heap, simd } = wasm;
  const out = heap.uninitialized(wasm.device, x.shape);
  const [from, to] = [heap.address(x), heap.address(out)];
  if (operation !== "log" && operation !== "tanh") {
    simd.unary(UNARY[operation], x.size, from, to);
    return out;
  }
  // Rare and on few elements: exact, and free of the price of registering memory with TensorFlow.js.
  const apply = operation === "log" ? Math.log : Math.tanh;
  const { floats } = heap;
  for (let i = 0; i < x.size; i++) floats[to / 4 + i] = apply(floats[from / 4 + i] as number);
  return out;
}

export function affine(wasm: WasmDevice, x: DeviceArray, scale: number, shift: number): DeviceArray {
  const out = wasm.heap.uninitialized(wasm.device, x.shape);
  wasm.simd.affine(x.size, wasm.heap.address(x), scale, shift, wasm.heap.address(out));
  return out;
}

/** float32 */
export function binary(
  wasm: WasmDevice,
  operation: BinaryOperation,
  a: DeviceArray,
  b: DeviceArray,
  shape: Shape,
): DeviceArray {
  const out = wasm.heap.uninitialized(wasm.device, shape);
  if (out.size === 0) return out;
  const code = BINARY[operation];
  const [aAt, bAt, to] = [wasm.heap.address(a), wasm.heap.address(b), wasm.heap.address(out)];
  if (shapesEqual(a.shape, b.shape)) {
    wasm.simd.binary(code, 1, out.size, aAt, 0, 4, bAt, 0, 4, to);
    return out;
  }
  const axes = mergeAxes(shape, broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape));
  const columns = axes.pop() as Axis;
  const rows = axes.pop() ?? { length: 1, strideA: 0, strideB: 0 };
  const block = rows.length * columns.length * 4;
  forEachIndex(axes, (offsetA, offsetB, index) =>
    wasm.simd.binary(
      ...[code, rows.length, columns.length],
      ...[aAt + offsetA * 4, rows.strideA * 4, columns.strideA * 4],
      ...[bAt + offsetB * 4, rows.strideB * 4, columns.strideB * 4],
      to + index * block,
    ),
  );
  return out;
}

/** a += b, both of one shape and float32; `a` must not be shared. */
export function addInPlace(wasm: WasmDevice, a: DeviceArray, b: DeviceArray): void {
  const at = wasm.heap.address(a);
  wasm.simd.binary(0, 1, a.size, at, 0, 4, wasm.heap.address(b), 0, 4, at);
}
