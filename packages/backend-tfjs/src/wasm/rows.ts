/**
 * Rows by ids, and the sum of rows by ids that is its gradient: TensorFlow.js on WebAssembly has no `UnsortedSegmentSum`.
 */

import { bytesPerElement, type Shape, shapeSize } from "@soft-tokens/tensor";
import { idOutOfRange } from "@soft-tokens/tensor/checks";
import type { DeviceArray } from "../engine/array.ts";
import type { WasmDevice } from "./device.ts";

export function takeRows(wasm: WasmDevice, table: DeviceArray, ids: DeviceArray): DeviceArray {
  const rowShape = table.shape.slice(1);
  checkIds(wasm, ids, table.shape[0] as number);
  const out = wasm.heap.uninitialized(wasm.device, [...ids.shape, ...rowShape], table.dtype);
  if (out.size === 0) return out;
  const bytes = shapeSize(rowShape) * bytesPerElement(table.dtype);
  wasm.simd.takeRowsById(
    ids.size,
    bytes,
    wasm.heap.address(table),
    wasm.heap.address(ids),
    wasm.heap.address(out),
  );
  return out;
}

/** float32 */
export function addRows(wasm: WasmDevice, x: DeviceArray, ids: DeviceArray, shape: Shape): DeviceArray {
  const out = wasm.heap.zeros(wasm.device, shape);
  if (x.size === 0) return out;
  const width = x.size / ids.size;
  wasm.simd.addRowsById(
    ids.size,
    width,
    wasm.heap.address(x),
    wasm.heap.address(ids),
    wasm.heap.address(out),
  );
  return out;
}

function checkIds(wasm: WasmDevice, ids: DeviceArray, limit: number): void {
  const begin = wasm.heap.address(ids) / 4;
  const { integers } = wasm.heap;
  for (let i = 0; i < ids.size; i++) {
    const id = integers[begin + i] as number;
    if (id < 0 || id >= limit) {
      throw idOutOfRange(id, limit, "takeRows", i);
    }
  }
}
