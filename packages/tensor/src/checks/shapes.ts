/** Checks of shapes and axes, each with the shape that follows. */

import type { AxisOptions, MatmulOptions, Shape, Tensor } from "../contract.ts";
import { TensorError } from "../errors.ts";
import type { RandomKey } from "../random/key.ts";
import { broadcastShapes, formatShape, normalizeAxis, shapeSize, shapesEqual } from "../shape.ts";

type HasShape = Pick<Tensor, "shape">;

/** @throws INVALID_ARGUMENT unless every length is a whole number */
export function assertValidShape(shape: Shape, operation: string): void {
  if (!shape.every((length) => Number.isInteger(length) && length >= 0)) {
    throw new TensorError("INVALID_ARGUMENT", `${operation}: ${formatShape(shape)} is not a shape`);
  }
}

/** @throws SHAPE_MISMATCH for a scalar */
export function assertHasAxis(x: HasShape, operation: string): void {
  if (x.shape.length === 0) {
    throw new TensorError("SHAPE_MISMATCH", `${operation}: wanted at least one axis, got a scalar`);
  }
}

/** `assertHasAxis`, and the last one is not empty. @throws SHAPE_MISMATCH, INVALID_ARGUMENT */
export function assertLastAxisNotEmpty(x: HasShape, operation: string): void {
  assertHasAxis(x, operation);
  if (x.shape[x.shape.length - 1] === 0) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: the last axis of ${formatShape(x.shape)} is empty`,
    );
  }
}

/** @throws INVALID_ARGUMENT unless 1 <= k <= the length of the last axis */
export function assertTopK(x: HasShape, k: number): void {
  assertHasAxis(x, "topK");
  const width = x.shape[x.shape.length - 1] as number;
  if (!Number.isInteger(k) || k < 1 || k > width) {
    throw new TensorError("INVALID_ARGUMENT", `topK: k must be between 1 and ${width}, got ${k}`);
  }
}

/** The number of values fills the shape. @throws SHAPE_MISMATCH */
export function assertFills(length: number, shape: Shape, operation: string): void {
  if (length !== shapeSize(shape)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${operation}: ${length} values do not fill ${formatShape(shape)}`,
    );
  }
}

/** Replaces one -1 by what the size leaves. @throws INVALID_ARGUMENT, SHAPE_MISMATCH */
export function resolveShape(shape: Shape, size: number, from: Shape, operation: string): number[] {
  const unknown = shape.indexOf(-1);
  if (unknown !== shape.lastIndexOf(-1)) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `${operation}: only one size can be -1, got ${formatShape(shape)}`,
    );
  }
  const rest = shape.reduce((product, length, axis) => (axis === unknown ? product : product * length), 1);
  const resolved =
    unknown < 0 ? [...shape] : shape.map((length, axis) => (axis === unknown ? size / rest : length));
  const isValid = resolved.every((length) => Number.isInteger(length) && length >= 0);
  if (!isValid || shapeSize(resolved) !== size) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${operation}: ${formatShape(from)} does not fit into ${formatShape(shape)}`,
    );
  }
  return resolved;
}

/** The order of the axes, from the front; by default the last two change places. @throws SHAPE_MISMATCH, INVALID_ARGUMENT, INDEX_OUT_OF_RANGE */
export function resolvePermutation(shape: Shape, permutation: readonly number[] | undefined): number[] {
  const rank = shape.length;
  if (permutation === undefined) {
    if (rank < 2) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `transpose: wanted at least two axes, got ${formatShape(shape)}`,
      );
    }
    const order = shape.map((_, axis) => axis);
    order[rank - 1] = rank - 2;
    order[rank - 2] = rank - 1;
    return order;
  }
  const order = permutation.map((axis) => normalizeAxis(axis, rank, "transpose"));
  if (order.length !== rank || new Set(order).size !== rank) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `transpose: ${formatShape(permutation)} does not permute the axes of ${formatShape(shape)}`,
    );
  }
  return order;
}

/** @throws INVALID_ARGUMENT, SHAPE_MISMATCH unless `from` broadcasts to exactly `to` */
export function assertBroadcastsTo(from: Shape, to: Shape): void {
  assertValidShape(to, "broadcastTo");
  if (from.length > to.length || !shapesEqual(broadcastShapes(from, to, "broadcastTo"), to)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `broadcastTo: shapes do not broadcast, ${formatShape(from)} to ${formatShape(to)}`,
    );
  }
}

/** The axis from the front, and the result's shape. @throws INVALID_ARGUMENT, DTYPE_MISMATCH, SHAPE_MISMATCH, INDEX_OUT_OF_RANGE */
export function resolveConcat(
  xs: readonly Pick<Tensor, "shape" | "dtype">[],
  axis: number,
): { axis: number; shape: number[] } {
  const first = xs[0];
  if (!first) throw new TensorError("INVALID_ARGUMENT", "concat: wanted at least one tensor");
  const at = normalizeAxis(axis, first.shape.length, "concat");
  for (const x of xs) {
    if (x.dtype !== first.dtype) {
      throw new TensorError(
        "DTYPE_MISMATCH",
        `concat: operands must have one dtype, got ${first.dtype} and ${x.dtype}`,
      );
    }
    const fits =
      x.shape.length === first.shape.length &&
      x.shape.every((length, a) => a === at || length === first.shape[a]);
    if (!fits) {
      throw new TensorError(
        "SHAPE_MISMATCH",
        `concat: shapes differ outside axis ${at}, ${formatShape(first.shape)} and ${formatShape(x.shape)}`,
      );
    }
  }
  const total = xs.reduce((sum, x) => sum + (x.shape[at] as number), 0);
  return { axis: at, shape: first.shape.map((length, a) => (a === at ? total : length)) };
}

/** The sizes, with -1 replaced by what is left. @throws SHAPE_MISMATCH, INDEX_OUT_OF_RANGE */
export function resolveSlice(shape: Shape, begin: readonly number[], size: readonly number[]): number[] {
  if (begin.length !== shape.length || size.length !== shape.length) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `slice: wanted one begin and size per axis of ${formatShape(shape)}, got ${formatShape(begin)} and ${formatShape(size)}`,
    );
  }
  return shape.map((length, axis) => {
    const start = begin[axis] as number;
    const wanted = size[axis] as number;
    const count = wanted === -1 ? length - start : wanted;
    const fits =
      Number.isInteger(start) &&
      Number.isInteger(count) &&
      start >= 0 &&
      count >= 0 &&
      start + count <= length;
    if (!fits) {
      throw new TensorError(
        "INDEX_OUT_OF_RANGE",
        `slice: begin ${formatShape(begin)} with size ${formatShape(size)} is outside ${formatShape(shape)}`,
      );
    }
    return count;
  });
}

/** x [..., V] and ids [...] fit. @throws SHAPE_MISMATCH */
export function assertAlongLast(x: HasShape, ids: HasShape): void {
  if (x.shape.length === 0 || !shapesEqual(x.shape.slice(0, -1), ids.shape)) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `takeAlongLast: wanted ids of shape ${formatShape(x.shape.slice(0, -1))}, got ${formatShape(ids.shape)}`,
    );
  }
}

/** Ascending axes from the front; all where none are named. @throws INVALID_ARGUMENT, INDEX_OUT_OF_RANGE */
export function resolveAxes(shape: Shape, axis: AxisOptions["axis"], operation: string): number[] {
  const rank = shape.length;
  if (axis === undefined) return shape.map((_, at) => at);
  const axes = (typeof axis === "number" ? [axis] : axis).map((at) => normalizeAxis(at, rank, operation));
  if (new Set(axes).size !== axes.length) {
    throw new TensorError("INVALID_ARGUMENT", `${operation}: an axis is named twice, ${formatShape(axes)}`);
  }
  return axes.sort((a, b) => a - b);
}

/** The shape that a reduction over these axes leaves. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  if (keepDims) return shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** Something is left to take an extremum of. @throws INVALID_ARGUMENT */
export function assertNotEmptyOver(shape: Shape, axes: readonly number[], operation: string): void {
  if (axes.some((axis) => shape[axis] === 0)) {
    throw new TensorError("INVALID_ARGUMENT", `${operation}: an empty axis has none, ${formatShape(shape)}`);
  }
}

/** The shape of a product, and the part of it that its leading axes are. @throws SHAPE_MISMATCH */
export function resolveMatmul(
  a: HasShape,
  b: HasShape,
  { transposeA = false, transposeB = false }: MatmulOptions,
): { shape: number[]; batch: number[] } {
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `matmul: wanted at least two axes, got ${formatShape(a.shape)} x ${formatShape(b.shape)}`,
    );
  }
  const fromEnd = (shape: Shape, back: number) => shape[shape.length - back] as number;
  if (fromEnd(a.shape, transposeA ? 2 : 1) !== fromEnd(b.shape, transposeB ? 1 : 2)) {
    const mark = (isTransposed: boolean) => (isTransposed ? "^T" : "");
    throw new TensorError(
      "SHAPE_MISMATCH",
      `matmul: inner sizes differ, ${formatShape(a.shape)}${mark(transposeA)} x ${formatShape(b.shape)}${mark(transposeB)}`,
    );
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul");
  const shape = [...batch, fromEnd(a.shape, transposeA ? 1 : 2), fromEnd(b.shape, transposeB ? 2 : 1)];
  return { shape, batch };
}

/** Where keys are given one by one, there is one per index of the first axis. @throws SHAPE_MISMATCH */
export function assertKeyPerRow(keys: readonly RandomKey[], shape: Shape, operation: string): void {
  if (shape.length === 0 || keys.length !== shape[0]) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${operation}: wanted one key per index of the first axis of ${formatShape(shape)}, got ${keys.length}`,
    );
  }
}

/** [rows, at least 1]. @throws SHAPE_MISMATCH */
export function assertMatrix(x: HasShape, operation: string): void {
  if (x.shape.length !== 2 || x.shape[1] === 0) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `${operation}: wanted [rows, at least 1], got ${formatShape(x.shape)}`,
    );
  }
}
