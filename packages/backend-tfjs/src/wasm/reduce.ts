/** Sums and extrema over neighbouring axes without a transposed copy, with sums that do not lose small numbers. */

import type { DeviceArray } from "../engine/array.ts";
import type { ReduceOperation } from "../kernels/kernels.ts";
import type { WasmDevice } from "./device.ts";

/** Codes of simd/reduce.ts. */
const CODES: Record<ReduceOperation, number> = { sum: 0, mean: 0, max: 1, min: 2 };

/** float32, at least one element. `axes` ascending. */
export function reduce(
  wasm: WasmDevice,
  operation: ReduceOperation,
  x: DeviceArray,
  axes: readonly number[],
): DeviceArray {
  let shape = x.shape;
  let current = x.view();
  let scale = operation === "mean" ? 1 / axes.reduce((n, axis) => n * (x.shape[axis] as number), 1) : 1;
  // From the last group of neighbouring axes to the first, so that earlier axis numbers stay valid.
  for (const [first, last] of neighbours(axes).reverse()) {
    const outer = sizeOf(shape.slice(0, first));
    const n = sizeOf(shape.slice(first, last + 1));
    const inner = sizeOf(shape.slice(last + 1));
    shape = [...shape.slice(0, first), ...shape.slice(last + 1)];
    using before = current;
    const out = wasm.heap.uninitialized(wasm.device, shape);
    wasm.simd.reduceMiddle(
      ...[CODES[operation], outer, n, inner],
      ...[wasm.heap.address(before), scale, wasm.heap.address(out)],
    );
    current = out;
    scale = 1;
  }
  return current;
}

function neighbours(axes: readonly number[]): [number, number][] {
  const groups: [number, number][] = [];
  for (const axis of axes) {
    const group = groups[groups.length - 1];
    if (group && group[1] === axis - 1) group[1] = axis;
    else groups.push([axis, axis]);
  }
  return groups;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
