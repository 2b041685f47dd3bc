/** Index walks for kernels that hand whole blocks to the SIMD module: axes are merged, the outermost are walked here. */

import type { Shape } from "@soft-tokens/tensor";

/** One axis of a walk over two strided arrays; strides in elements. */
export interface Axis {
  readonly length: number;
  readonly strideA: number;
  readonly strideB: number;
}

/** Drops axes of length 1 and merges neighbours that are one in both arrays. At least one axis remains. */
export function mergeAxes(shape: Shape, stridesA: readonly number[], stridesB: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (let at = 0; at < shape.length; at++) {
    const length = shape[at] as number;
    if (length === 1) continue;
    const strideA = stridesA[at] as number;
    const strideB = stridesB[at] as number;
    const last = axes[axes.length - 1];
    if (last && last.strideA === length * strideA && last.strideB === length * strideB) {
      axes[axes.length - 1] = { length: last.length * length, strideA, strideB };
    } else {
      axes.push({ length, strideA, strideB });
    }
  }
  return axes.length > 0 ? axes : [{ length: 1, strideA: 1, strideB: 1 }];
}

/** Visits every combination of the axes, in order, with the offset in both arrays and a running number. */
export function forEachIndex(
  axes: readonly Axis[],
  visit: (offsetA: number, offsetB: number, count: number) => void,
): void {
  const index = new Array<number>(axes.length).fill(0);
  const total = axes.reduce((product, { length }) => product * length, 1);
  let offsetA = 0;
  let offsetB = 0;
  for (let count = 0; count < total; count++) {
    visit(offsetA, offsetB, count);
    for (let at = axes.length - 1; at >= 0; at--) {
      const { length, strideA, strideB } = axes[at] as Axis;
      const next = (index[at] as number) + 1;
      offsetA += strideA;
      offsetB += strideB;
      if (next < length) {
        index[at] = next;
        break;
      }
      index[at] = 0;
      offsetA -= length * strideA;
      offsetB -= length * strideB;
    }
  }
}
