/** Creation, shape, data movement and selection by ids, with their gradients. */

import {
  type Backend,
  broadcastShapes,
  type DType,
  formatShape,
  normalizeAxis,
  type Shape,
  shapeSize,
  shapesEqual,
  type TensorData,
  TensorError,
} from "@soft-tokens/tensor";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { assertDtype, assertHasAxis, assertSupported, assertValidShape, resolveShape } from "./checks.ts";
import { sumTo } from "./gradients.ts";

export type CreationOps = Pick<Backend, "tensor" | "zeros" | "ones" | "full" | "arange">;
export type MovementOps = Pick<
  Backend,
  | "clone"
  | "reshape"
  | "transpose"
  | "broadcastTo"
  | "concat"
  | "slice"
  | "takeRows"
  | "takeAlongLast"
  | "oneHot"
  | "stopGradient"
>;

const INTEGER: readonly DType[] = ["int32"];

export function creationOps(runtime: Runtime): CreationOps {
  const { device, kernels } = runtime;

  function full(shape: Shape, value: number, dtype: DType, operation: string): Handle {
    runtime.assertOpen();
    assertSupported(dtype, operation);
    assertValidShape(shape, operation);
    return runtime.wrap(kernels.full([...shape], value, dtype));
  }

  return {
    tensor(data, shape, dtype) {
      runtime.assertOpen();
      const type = dtype ?? naturalDtype(data);
      assertSupported(type, "tensor");
      assertValidShape(shape, "tensor");
      if (data.length !== shapeSize(shape)) {
        throw new TensorError(
          "SHAPE_MISMATCH",
          `tensor: ${data.length} values do not fill ${formatShape(shape)}`,
        );
      }
      const array = device.create([...shape], type, (out) => {
        if (type === "bool") for (let i = 0; i < out.length; i++) out[i] = data[i] ? 1 : 0;
        else out.set(data);
      });
      return runtime.wrap(array);
    },
    zeros: (shape, dtype = "float32") => full(shape, 0, dtype, "zeros"),
    ones: (shape, dtype = "float32") => full(shape, 1, dtype, "ones"),
    full(shape, value, dtype = "float32") {
      return full(shape, dtype === "bool" ? Number(value !== 0) : value, dtype, "full");
    },
    arange(start, stop) {
      if (!Number.isInteger(start) || !Number.isInteger(stop)) {
        throw new TensorError("INVALID_ARGUMENT", `arange: wanted integers, got ${start} and ${stop}`);
      }
      runtime.assertOpen();
      const array = device.create([Math.max(0, stop - start)], "int32", (out) => {
        for (let i = 0; i < out.length; i++) out[i] = start + i;
      });
      return runtime.wrap(array);
    },
  };
}

function naturalDtype(data: TensorData | readonly number[]): DType {
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint8Array) return "bool";
  return "float32";
}

export function movementOps(runtime: Runtime, ops: Backend): MovementOps {
  const { kernels } = runtime;
  return {
    clone(operand) {
      const x = runtime.use(operand, "clone");
      const y = runtime.alias(x);
      runtime.record(y, [x], [], (dy) => [dy]);
      return y;
    },
    stopGradient(operand) {
      return runtime.alias(runtime.use(operand, "stopGradient"));
    },
    reshape(operand, shape) {
      const x = runtime.use(operand, "reshape");
      const y = runtime.alias(x, resolveShape(shape, x.size, x.shape, "reshape"));
      const from = x.shape;
      runtime.record(y, [x], [], (dy) => [ops.reshape(dy, from)]);
      return y;
    },
    transpose(operand, permutation) {
      const x = runtime.use(operand, "transpose");
      const order = resolvePermutation(x.shape, permutation);
      const y = runtime.wrap(kernels.transpose(x.array("transpose"), order));
      runtime.record(y, [x], [], (dy) => {
        const inverse = order.map((_, axis) => order.indexOf(axis));
        return [ops.transpose(dy, inverse)];
      });
      return y;
    },
    broadcastTo(operand, shape) {
      const x = runtime.use(operand, "broadcastTo");
      assertValidShape(shape, "broadcastTo");
      if (
        x.shape.length > shape.length ||
        !shapesEqual(broadcastShapes(x.shape, shape, "broadcastTo"), shape)
      ) {
        throw new TensorError(
          "SHAPE_MISMATCH",
          `broadcastTo: shapes do not broadcast, ${formatShape(x.shape)} to ${formatShape(shape)}`,
        );
      }
      const y = runtime.wrap(kernels.broadcastTo(x.array("broadcastTo"), [...shape]));
      const from = x.shape;
      runtime.record(y, [x], [], (dy) => [sumTo(ops, dy, from)]);
      return y;
    },
    concat(operands, axis) {
      const xs = operands.map((x) => runtime.use(x, "concat"));
      const at = checkConcat(xs, axis);
      const y = runtime.wrap(
        kernels.concat(
          xs.map((x) => x.array("concat")),
          at,
        ),
      );
      const shapes = xs.map((x) => x.shape);
      const wanted = xs.map((x) => runtime.isTracked(x));
      runtime.record(y, xs, [], (dy) => {
        let start = 0;
        return shapes.map((shape, i) => {
          const begin = shape.map((_, a) => (a === at ? start : 0));
          start += shape[at] as number;
          return wanted[i] ? ops.slice(dy, begin, shape) : null;
        });
      });
      return y;
    },
    slice(operand, begin, size) {
      const x = runtime.use(operand, "slice");
      const resolved = resolveSlice(x.shape, begin, size);
      const start = [...begin];
      const y = runtime.wrap(kernels.slice(x.array("slice"), start, resolved));
      const from = x.shape;
      runtime.record(y, [x], [], (dy) => [runtime.wrap(kernels.place(dy.array("slice"), from, start))]);
      return y;
    },
    takeRows(operandTable, operandIds) {
      const table = runtime.use(operandTable, "takeRows");
      const ids = runtime.use(operandIds, "takeRows");
      assertHasAxis(table, "takeRows");
      assertDtype(ids, INTEGER, "takeRows");
      const y = runtime.wrap(kernels.takeRows(table.array("takeRows"), ids.array("takeRows")));
      const from = table.shape;
      runtime.record(y, [table], [ids], (dy, [kept]) => [
        runtime.wrap(kernels.addRows(dy.array("takeRows"), (kept as Handle).array("takeRows"), from)),
      ]);
      return y;
    },
    takeAlongLast(operand, operandIds) {
      const x = runtime.use(operand, "takeAlongLast");
      const ids = runtime.use(operandIds, "takeAlongLast");
      assertDtype(ids, INTEGER, "takeAlongLast");
      if (x.shape.length === 0 || !shapesEqual(x.shape.slice(0, -1), ids.shape)) {
        throw new TensorError(
          "SHAPE_MISMATCH",
          `takeAlongLast: wanted ids of shape ${formatShape(x.shape.slice(0, -1))}, got ${formatShape(ids.shape)}`,
        );
      }
      const y = runtime.wrap(kernels.takeAlongLast(x.array("takeAlongLast"), ids.array("takeAlongLast")));
      const from = x.shape;
      runtime.record(y, [x], [ids], (dy, [kept]) => [
        runtime.wrap(
          kernels.putAlongLast(dy.array("takeAlongLast"), (kept as Handle).array("takeAlongLast"), from),
        ),
      ]);
      return y;
    },
    oneHot(operand, depth, dtype = "float32") {
      const ids = runtime.use(operand, "oneHot");
      assertDtype(ids, INTEGER, "oneHot");
      assertSupported(dtype, "oneHot");
      if (!Number.isInteger(depth) || depth < 0) {
        throw new TensorError("INVALID_ARGUMENT", `oneHot: depth must be a whole number, got ${depth}`);
      }
      return runtime.wrap(kernels.oneHot(ids.array("oneHot"), depth, dtype));
    },
  };
}

function resolvePermutation(shape: Shape, permutation: readonly number[] | undefined): number[] {
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

function checkConcat(xs: readonly Handle[], axis: number): number {
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
  return at;
}

function resolveSlice(shape: Shape, begin: readonly number[], size: readonly number[]): number[] {
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
