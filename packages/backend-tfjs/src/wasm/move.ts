/** Data movement inside the heap: TensorFlow.js's `Slice`, `Concat` and `SplitV` copy through JavaScript. */

import { bytesPerElement, type Shape, shapeSize } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import { broadcastStrides, stridesOf } from "../kernels/layout.ts";
import type { WasmDevice } from "./device.ts";
import { type Axis, forEachIndex, mergeAxes } from "./walk.ts";

/** 4-byte elements. */
export function transpose(wasm: WasmDevice, x: DeviceArray, permutation: readonly number[]): DeviceArray {
  const shape = permutation.map((axis) => x.shape[axis] as number);
  const from = stridesOf(x.shape);
  const axes = mergeAxes(
    shape,
    permutation.map((axis) => from[axis] as number),
    stridesOf(shape),
  );
  if (axes.length === 1) return x.view(shape);
  const out = wasm.heap.uninitialized(wasm.device, shape, x.dtype);
  const [source, target] = [wasm.heap.address(x), wasm.heap.address(out)];
  const last = axes[axes.length - 1] as Axis;
  if (last.strideA === 1) {
    const rows = axes[axes.length - 2] as Axis;
    forEachIndex(axes.slice(0, -2), (offsetA, offsetB) =>
      wasm.simd.copyRows(
        ...[rows.length, last.length * 4, source + offsetA * 4, rows.strideA * 4],
        ...[target + offsetB * 4, rows.strideB * 4],
      ),
    );
    return out;
  }
  const contiguous = axes.find(({ strideA }) => strideA === 1) as Axis;
  const outer = axes.filter((axis) => axis !== contiguous && axis !== last);
  forEachIndex(outer, (offsetA, offsetB) =>
    wasm.simd.transposeBlocks(
      ...[contiguous.length, last.length, source + offsetA * 4, last.strideA * 4],
      ...[target + offsetB * 4, contiguous.strideB * 4],
    ),
  );
  return out;
}

/** 4-byte elements. */
export function broadcastTo(wasm: WasmDevice, x: DeviceArray, shape: Shape): DeviceArray {
  const out = wasm.heap.uninitialized(wasm.device, shape, x.dtype);
  if (out.size === 0) return out;
  const axes = mergeAxes(shape, broadcastStrides(x.shape, shape), stridesOf(shape));
  const [source, target] = [wasm.heap.address(x), wasm.heap.address(out)];
  const columns = axes.pop() as Axis;
  const rows = axes.pop() ?? { length: 1, strideA: 0, strideB: 0 };
  forEachIndex(axes, (offsetA, offsetB) => {
    const [from, to] = [source + offsetA * 4, target + offsetB * 4];
    if (columns.strideA === 0) wasm.simd.fillRows(rows.length, columns.length, from, rows.strideA * 4, to);
    else wasm.simd.copyRows(rows.length, columns.length * 4, from, rows.strideA * 4, to, rows.strideB * 4);
  });
  return out;
}

export function concat(wasm: WasmDevice, xs: readonly DeviceArray[], axis: number): DeviceArray {
  const first = xs[0] as DeviceArray;
  const shape = [...first.shape];
  shape[axis] = xs.reduce((sum, x) => sum + (x.shape[axis] as number), 0);
  const out = wasm.heap.uninitialized(wasm.device, shape, first.dtype);
  const width = bytesPerElement(first.dtype);
  const rows = shapeSize(shape.slice(0, axis));
  const rowBytes = shapeSize(shape.slice(axis)) * width;
  let to = wasm.heap.address(out);
  for (const x of xs) {
    const bytes = shapeSize(x.shape.slice(axis)) * width;
    if (bytes > 0) wasm.simd.copyRows(rows, bytes, wasm.heap.address(x), bytes, to, rowBytes);
    to += bytes;
  }
  return out;
}

export function slice(
  wasm: WasmDevice,
  x: DeviceArray,
  begin: readonly number[],
  size: readonly number[],
): DeviceArray {
  const out = wasm.heap.uninitialized(wasm.device, size, x.dtype);
  if (out.size === 0) return out;
  const width = bytesPerElement(x.dtype);
  const strides = stridesOf(x.shape);
  copyRegion(wasm, size, width, {
    from: wasm.heap.address(x) + offsetOf(begin, strides) * width,
    fromStrides: strides,
    to: wasm.heap.address(out),
    toStrides: stridesOf(size),
  });
  return out;
}

/** Zeros with `x` at `begin`. */
export function place(wasm: WasmDevice, x: DeviceArray, shape: Shape, begin: readonly number[]): DeviceArray {
  const out = wasm.heap.zeros(wasm.device, shape, x.dtype);
  overwrite(wasm, out, x, begin);
  return out;
}

/** Writes `x` into `target` at `begin`, in place; `target` must not be shared. */
export function overwrite(
  wasm: WasmDevice,
  target: DeviceArray,
  x: DeviceArray,
  begin: readonly number[],
): void {
  if (x.size === 0) return;
  const width = bytesPerElement(x.dtype);
  const strides = stridesOf(target.shape);
  copyRegion(wasm, x.shape, width, {
    from: wasm.heap.address(x),
    fromStrides: stridesOf(x.shape),
    to: wasm.heap.address(target) + offsetOf(begin, strides) * width,
    toStrides: strides,
  });
}

/** Writes each index of x's first axis into `target` at a start of its own along `axis`; `target` must not be shared. */
export function overwriteRows(
  wasm: WasmDevice,
  target: DeviceArray,
  x: DeviceArray,
  axis: number,
  starts: readonly number[],
): void {
  if (x.size === 0) return;
  const width = bytesPerElement(x.dtype);
  const blocks = shapeSize(x.shape.slice(1, axis));
  const stepBytes = shapeSize(x.shape.slice(axis + 1)) * width;
  const bytes = (x.shape[axis] as number) * stepBytes;
  const targetBytes = (target.shape[axis] as number) * stepBytes;
  const [from, to] = [wasm.heap.address(x), wasm.heap.address(target)];
  starts.forEach((start, row) => {
    wasm.simd.copyRows(
      ...[blocks, bytes, from + row * blocks * bytes, bytes],
      ...[to + row * blocks * targetBytes + start * stepBytes, targetBytes],
    );
  });
}

interface Region {
  readonly from: number;
  readonly fromStrides: readonly number[];
  readonly to: number;
  readonly toStrides: readonly number[];
}

function copyRegion(wasm: WasmDevice, size: Shape, width: number, region: Region): void {
  const axes = mergeAxes(size, region.fromStrides, region.toStrides);
  // Where the last axis has length 1 in a longer array, it was dropped and the next has a stride: single elements.
  const last = axes[axes.length - 1] as Axis;
  const columns = last.strideA === 1 && last.strideB === 1 ? (axes.pop() as Axis) : null;
  const rows = axes.pop() ?? { length: 1, strideA: 0, strideB: 0 };
  forEachIndex(axes, (offsetA, offsetB) =>
    wasm.simd.copyRows(
      ...[rows.length, (columns?.length ?? 1) * width],
      ...[region.from + offsetA * width, rows.strideA * width],
      ...[region.to + offsetB * width, rows.strideB * width],
    ),
  );
}

function offsetOf(begin: readonly number[], strides: readonly number[]): number {
  return begin.reduce((offset, at, axis) => offset + at * (strides[axis] as number), 0);
}

/** A copy that nobody else holds. */
export function copy(wasm: WasmDevice, x: DeviceArray): DeviceArray {
  const out = wasm.heap.uninitialized(wasm.device, x.shape, x.dtype);
  if (x.size > 0) {
    wasm.simd.copyRows(1, x.storage.bytes, wasm.heap.address(x), 0, wasm.heap.address(out), 0);
  }
  return out;
}
