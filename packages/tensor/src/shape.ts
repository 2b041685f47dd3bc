/** Shapes: plain arithmetic and the checks that every public function makes. */

import type { Shape, Tensor } from "./contract.ts";
import { TensorError } from "./errors.ts";

/** Number of elements; 1 for a scalar. */
export function shapeSize(shape: Shape): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** `[2, 3]`, as messages show it. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

export function shapesEqual(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** @throws INDEX_OUT_OF_RANGE unless `-rank <= axis < rank`; returns the axis from the front. */
export function normalizeAxis(axis: number, rank: number, operation: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new TensorError(
      "INDEX_OUT_OF_RANGE",
      `${operation}: axis ${axis} is outside a tensor of rank ${rank}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** The shape that NumPy broadcasting gives. @throws SHAPE_MISMATCH */
export function broadcastShapes(a: Shape, b: Shape, operation: string): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const lengthA = a[axis - rank + a.length] ?? 1;
    const lengthB = b[axis - rank + b.length] ?? 1;
    if (lengthA !== lengthB && lengthA !== 1 && lengthB !== 1) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `${operation}: shapes do not broadcast, ${formatShape(a)} with ${formatShape(b)}`,
      );
    }
    return lengthA === 1 ? lengthB : lengthA;
  });
}

/**
 * Checks a tensor against a pattern: a number fixes a length, a string names an axis whose length is free but the same
 * wherever the name comes again.
 * @returns the lengths of the named axes
 * @throws SHAPE_MISMATCH
 */
export function assertShape(
  x: Pick<Tensor, "shape">,
  pattern: readonly (number | string)[],
  name: string,
): Record<string, number> {
  const named: Record<string, number> = {};
  const fits =
    x.shape.length === pattern.length &&
    pattern.every((want, axis) => {
      const length = x.shape[axis] as number;
      if (typeof want === "number") return want === length;
      named[want] ??= length;
      return named[want] === length;
    });
  if (!fits) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${name}: got shape ${formatShape(x.shape)}, wanted ${formatShape(pattern)}`,
    );
  }
  return named;
}
