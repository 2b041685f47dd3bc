/**
 * Kernels that move elements by ids, on host-visible memory. TensorFlow.js's own lack gradients (`UnsortedSegmentSum` is
 * missing on WebAssembly), write integer bits into float results (`oneHot`), or leave ties and out-of-range ids open.
 */

import type { DType, Shape, TensorData } from "@soft-tokens/tensor";
import { idOutOfRange } from "@soft-tokens/tensor/checks";
import type { DeviceArray } from "../engine/array.ts";
import type { Device } from "../engine/device.ts";

export function takeRows(device: Device, table: DeviceArray, ids: DeviceArray): DeviceArray {
  const rows = table.shape[0] as number;
  const rowShape = table.shape.slice(1);
  const width = rowShape.reduce((size, length) => size * length, 1);
  return device.create([...ids.shape, ...rowShape], table.dtype, (out) => {
    const source = device.view(table);
    const index = device.view(ids);
    for (let i = 0; i < index.length; i++) {
      const id = checkedId(index, i, rows, "takeRows");
      copyRow(source, id * width, out, i * width, width);
    }
  });
}

export function addRows(device: Device, x: DeviceArray, ids: DeviceArray, shape: Shape): DeviceArray {
  return device.create(shape, x.dtype, (out) => {
    out.fill(0);
    const source = device.view(x);
    const index = device.view(ids);
    const width = index.length === 0 ? 0 : source.length / index.length;
    for (let i = 0; i < index.length; i++) {
      const to = (index[i] as number) * width;
      const from = i * width;
      for (let j = 0; j < width; j++) {
        out[to + j] = (out[to + j] as number) + (source[from + j] as number);
      }
    }
  });
}

export function takeAlongLast(device: Device, x: DeviceArray, ids: DeviceArray): DeviceArray {
  const width = x.shape[x.shape.length - 1] as number;
  return device.create(ids.shape, x.dtype, (out) => {
    const source = device.view(x);
    const index = device.view(ids);
    for (let i = 0; i < index.length; i++) {
      out[i] = source[i * width + checkedId(index, i, width, "takeAlongLast")] as number;
    }
  });
}

export function putAlongLast(device: Device, x: DeviceArray, ids: DeviceArray, shape: Shape): DeviceArray {
  const width = shape[shape.length - 1] as number;
  return device.create(shape, x.dtype, (out) => {
    out.fill(0);
    const source = device.view(x);
    const index = device.view(ids);
    for (let i = 0; i < index.length; i++) out[i * width + (index[i] as number)] = source[i] as number;
  });
}

export function oneHot(device: Device, ids: DeviceArray, depth: number, dtype: DType): DeviceArray {
  return device.create([...ids.shape, depth], dtype, (out) => {
    out.fill(0);
    const index = device.view(ids);
    for (let i = 0; i < index.length; i++) {
      const id = index[i] as number;
      if (id >= 0 && id < depth) out[i * depth + id] = 1;
    }
  });
}

/** The lowest index wins a tie; NaN counts as the largest, as in PyTorch. */
export function argMax(device: Device, x: DeviceArray): DeviceArray {
  const width = x.shape[x.shape.length - 1] as number;
  return device.create(x.shape.slice(0, -1), "int32", (out) => {
    const data = device.view(x);
    for (let row = 0; row < out.length; row++) {
      const base = row * width;
      let best = data[base] as number;
      let at = 0;
      for (let i = 1; i < width && !Number.isNaN(best); i++) {
        const value = data[base + i] as number;
        if (value > best || Number.isNaN(value)) {
          best = value;
          at = i;
        }
      }
      out[row] = at;
    }
  });
}

/** Descending, the lowest index first among equals; NaN counts as the largest. */
export function topK(
  device: Device,
  x: DeviceArray,
  k: number,
): { values: DeviceArray; indices: DeviceArray } {
  const width = x.shape[x.shape.length - 1] as number;
  const shape = [...x.shape.slice(0, -1), k];
  const indices = device.create(shape, "int32", (out) => {
    const data = device.view(x);
    for (let row = 0; row * k < out.length; row++) selectLargest(data, row * width, width, out, row * k, k);
  });
  const values = device.create(shape, x.dtype, (out) => {
    const data = device.view(x);
    const index = device.view(indices);
    for (let i = 0; i < out.length; i++) {
      out[i] = data[Math.floor(i / k) * width + (index[i] as number)] as number;
    }
  });
  return { values, indices };
}

/** Insertion into a short sorted list: k is small against the width. */
function selectLargest(
  data: TensorData,
  base: number,
  width: number,
  out: TensorData,
  outBase: number,
  k: number,
): void {
  let held = 0;
  for (let i = 0; i < width; i++) {
    const value = data[base + i] as number;
    if (held === k && !isAbove(value, data[base + (out[outBase + k - 1] as number)] as number)) continue;
    let at = held < k ? held++ : k - 1;
    while (at > 0 && isAbove(value, data[base + (out[outBase + at - 1] as number)] as number)) {
      out[outBase + at] = out[outBase + at - 1] as number;
      at--;
    }
    out[outBase + at] = i;
  }
}

function isAbove(value: number, other: number): boolean {
  return value > other || (Number.isNaN(value) && !Number.isNaN(other));
}

function checkedId(ids: TensorData, at: number, limit: number, operation: string): number {
  const id = ids[at] as number;
  if (id < 0 || id >= limit) {
    throw idOutOfRange(id, limit, operation, at);
  }
  return id;
}

function copyRow(from: TensorData, at: number, to: TensorData, toAt: number, width: number): void {
  if (width >= 32) {
    to.set(from.subarray(at, at + width), toAt);
    return;
  }
  for (let j = 0; j < width; j++) to[toAt + j] = from[at + j] as number;
}
