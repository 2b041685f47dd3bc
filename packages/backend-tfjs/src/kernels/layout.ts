/** Strides and index walks shared by the kernels that run on host-visible memory. */

import type { Shape } from "@soft-tokens/tensor";

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/** Strides of `shape` read as if it had the shape `target`: 0 along every axis that is repeated. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, axis) => {
    const at = axis - lead;
    return at < 0 || shape[at] === 1 ? 0 : (own[at] as number);
  });
}

/**
 * Visits every row (last axis) of `shape` in order, with the offset of the row's first element in each strided operand.
 * `visit(row, offsetA, offsetB)`.
 */
export function forEachRow(
  shape: Shape,
  stridesA: readonly number[],
  stridesB: readonly number[],
  visit: (row: number, offsetA: number, offsetB: number) => void,
): void {
  const outer = shape.length - 1;
  const rows = shape.slice(0, -1).reduce((count, length) => count * length, 1);
  const index = new Array<number>(Math.max(outer, 0)).fill(0);
  let offsetA = 0;
  let offsetB = 0;
  for (let row = 0; row < rows; row++) {
    visit(row, offsetA, offsetB);
    for (let axis = outer - 1; axis >= 0; axis--) {
      const length = shape[axis] as number;
      const next = (index[axis] as number) + 1;
      offsetA += stridesA[axis] as number;
      offsetB += stridesB[axis] as number;
      if (next < length) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      offsetA -= length * (stridesA[axis] as number);
      offsetB -= length * (stridesB[axis] as number);
    }
  }
}

/** A shape with at least one axis, for walks over rows. */
export function atLeastOneAxis(shape: Shape): Shape {
  return shape.length === 0 ? [1] : shape;
}
