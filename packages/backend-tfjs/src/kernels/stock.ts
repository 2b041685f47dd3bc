/**
 * The primitives on TensorFlow.js's own kernels, for every variant; what these compute differently from the contract, or
 * lack, runs on host-visible memory instead (host-elementwise.ts, host-index.ts).
 *
 * The speed of this file is TensorFlow.js's: the WebAssembly variant replaces the slow ones (wasm/).
 */

import { fillNormal, fillUniform, RandomKey, type Shape, shapeSize, shapesEqual } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { Device } from "../engine/device.ts";
import * as elementwise from "./host-elementwise.ts";
import * as index from "./host-index.ts";
import type { BinaryOperation, Kernels, ReduceOperation, UnaryOperation } from "./kernels.ts";
import { stockMatmul } from "./stock-matmul.ts";

const UNARY: Record<Exclude<UnaryOperation, "silu">, string> = {
  negate: "Neg",
  abs: "Abs",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  rsqrt: "Rsqrt",
  square: "Square",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
};

const BINARY: Record<BinaryOperation, string> = {
  add: "Add",
  subtract: "Sub",
  multiply: "Multiply",
  divide: "RealDiv",
  maximum: "Maximum",
  minimum: "Minimum",
};

const REDUCE: Record<Exclude<ReduceOperation, "mean">, string> = { sum: "Sum", max: "Max", min: "Min" };

export function stockKernels(device: Device): Kernels {
  const kernels: Kernels = {
    unary(operation, x) {
      if (x.size === 0) return device.create(x.shape, x.dtype, () => {});
      if (x.dtype === "int32") {
        return elementwise.integerUnary(device, operation as "negate" | "abs" | "square", x);
      }
      if (operation === "silu") {
        using gate = kernels.unary("sigmoid", x);
        return kernels.binary("multiply", x, gate, x.shape);
      }
      return device.run(UNARY[operation], { x }, {}, x.shape, x.dtype);
    },
    logicalNot: (x) => elementwise.logicalNot(device, x),
    affine(x, scale, shift) {
      if (x.dtype === "int32") {
        return elementwise.mapElements(device, x, "int32", (value) => (Math.imul(value, scale) + shift) | 0);
      }
      using factor = kernels.full([], scale, x.dtype);
      const scaled = kernels.binary("multiply", x, factor, x.shape);
      if (shift === 0) return scaled;
      using offset = kernels.full([], shift, x.dtype);
      using product = scaled;
      return kernels.binary("add", product, offset, x.shape);
    },
    binary(operation, a, b, shape) {
      if (shapeSize(shape) === 0) return device.create(shape, a.dtype, () => {});
      if (a.dtype === "int32") {
        return elementwise.integerBinary(
          device,
          operation as Exclude<BinaryOperation, "divide">,
          a,
          b,
          shape,
        );
      }
      // TensorFlow.js on WebAssembly loses a NaN that stands on one side.
      if (device.backendName === "wasm" && (operation === "maximum" || operation === "minimum")) {
        return elementwise.floatExtremum(device, operation, a, b, shape);
      }
      return device.run(BINARY[operation], { a, b }, {}, shape, a.dtype);
    },
    accumulate: (sum, part) => kernels.binary("add", sum, part, sum.shape),
    compare: (operation, a, b, shape) => elementwise.compare(device, operation, a, b, shape),
    where: (condition, a, b, shape) => elementwise.where(device, condition, a, b, shape),
    cast: (x, dtype) => elementwise.cast(device, x, dtype),
    full: (shape, value, dtype) => device.create(shape, dtype, (out) => out.fill(value)),
    reduce(operation, x, axes) {
      const shape = x.shape.filter((_, axis) => !axes.includes(axis));
      if (x.size === 0) return kernels.full(shape, operation === "mean" ? Number.NaN : 0, x.dtype);
      if (axes.every((axis) => x.shape[axis] === 1)) return x.view(shape);
      // Long float32 sums lose the small numbers.
      if (device.host.isDirect && shapeSize(shape) === 1 && (operation === "sum" || operation === "mean")) {
        return elementwise.totalOf(device, x, operation === "mean" ? 1 / x.size : 1, shape);
      }
      if (operation === "mean") {
        using sum = kernels.reduce("sum", x, axes);
        return kernels.affine(sum, sum.size / x.size, 0);
      }
      const attrs = { [operation === "max" ? "reductionIndices" : "axis"]: axes, keepDims: false };
      return device.run(REDUCE[operation], { x }, attrs, shape, x.dtype);
    },
    argMax: (x) => index.argMax(device, x),
    topK: (x, k) => index.topK(device, x, k),
    matmul: (a, b, transposeA, transposeB, batch) =>
      stockMatmul(device, kernels, a, b, transposeA, transposeB, batch),
    finiteOrZero: (x) =>
      elementwise.mapElements(device, x, "float32", (value) =>
        value === Infinity || value === -Infinity ? 0 : value,
      ),
    softmax(x) {
      if (x.size === 0) return device.create(x.shape, x.dtype, () => {});
      const attrs = { dim: x.shape.length - 1 };
      return device.run("Softmax", { logits: x }, attrs, x.shape, x.dtype);
    },
    softmaxGradient(y, dy) {
      using product = kernels.binary("multiply", y, dy, y.shape);
      using total = kernels.reduce("sum", product, [y.shape.length - 1]);
      using column = total.view(keepLast(y.shape));
      using shared = kernels.binary("multiply", y, column, y.shape);
      return kernels.binary("subtract", product, shared, y.shape);
    },
    logSoftmaxGradient(y, dy) {
      using total = kernels.reduce("sum", dy, [y.shape.length - 1]);
      using column = total.view(keepLast(y.shape));
      using probabilities = kernels.unary("exp", y);
      using shared = kernels.binary("multiply", probabilities, column, y.shape);
      return kernels.binary("subtract", dy, shared, y.shape);
    },
    logSoftmax(x) {
      // Shifted first: the logarithm of the sum is small beside large logits and would be rounded away.
      using max = kernels.reduce("max", x, [x.shape.length - 1]);
      using finite = kernels.finiteOrZero(max);
      using top = finite.view(keepLast(x.shape));
      using shifted = kernels.binary("subtract", x, top, x.shape);
      using total = kernels.logSumExp(shifted);
      using column = total.view(keepLast(x.shape));
      return kernels.binary("subtract", shifted, column, x.shape);
    },
    logSumExp(x) {
      const last = [x.shape.length - 1];
      using max = kernels.reduce("max", x, last);
      using finite = kernels.finiteOrZero(max);
      using column = finite.view(keepLast(x.shape));
      using shifted = kernels.binary("subtract", x, column, x.shape);
      using powers = kernels.unary("exp", shifted);
      using sum = kernels.reduce("sum", powers, last);
      using log = kernels.unary("log", sum);
      return kernels.binary("add", log, finite, log.shape);
    },
    transpose(x, permutation) {
      const shape = permutation.map((axis) => x.shape[axis] as number);
      if (x.size === 0) return device.create(shape, x.dtype, () => {});
      if (permutation.every((axis, at) => axis === at)) return x.view();
      return device.run("Transpose", { x }, { perm: permutation }, shape, x.dtype);
    },
    broadcastTo(x, shape) {
      if (shapesEqual(x.shape, shape)) return x.view();
      if (shapeSize(shape) === 0) return device.create(shape, x.dtype, () => {});
      using padded = x.view([...new Array<number>(shape.length - x.shape.length).fill(1), ...x.shape]);
      const reps = shape.map((length, axis) => (padded.shape[axis] === length ? 1 : length));
      return device.run("Tile", { x: padded }, { reps }, shape, x.dtype);
    },
    concat(xs, axis) {
      const filled = xs.filter((x) => x.size > 0);
      const shape = [...(xs[0] as DeviceArray).shape];
      shape[axis] = xs.reduce((sum, x) => sum + (x.shape[axis] as number), 0);
      const dtype = (xs[0] as DeviceArray).dtype;
      if (filled.length === 0) return device.create(shape, dtype, () => {});
      if (filled.length === 1) return (filled[0] as DeviceArray).view(shape);
      return device.run("Concat", filled, { axis }, shape, dtype);
    },
    slice(x, begin, size) {
      if (shapeSize(size) === 0) return device.create(size, x.dtype, () => {});
      if (shapesEqual(size, x.shape)) return x.view();
      return device.run("Slice", { x }, { begin, size }, size, x.dtype);
    },
    place(x, shape, begin) {
      if (x.size === 0) return kernels.full(shape, 0, x.dtype);
      if (shapesEqual(x.shape, shape)) return x.view();
      const paddings = begin.map((start, axis) => [
        start,
        (shape[axis] as number) - start - (x.shape[axis] as number),
      ]);
      return device.run("PadV2", { x }, { paddings, constantValue: 0 }, shape, x.dtype);
    },
    takeRows: (table, ids) => index.takeRows(device, table, ids),
    addRows: (x, ids, shape) => index.addRows(device, x, ids, shape),
    takeAlongLast: (x, ids) => index.takeAlongLast(device, x, ids),
    putAlongLast: (x, ids, shape) => index.putAlongLast(device, x, ids, shape),
    oneHot: (ids, depth, dtype) => index.oneHot(device, ids, depth, dtype),
    random: (distribution, shape, keys) =>
      device.create(shape, "float32", (out) => {
        const fill = distribution === "normal" ? fillNormal : fillUniform;
        const width = isKey(keys) ? out.length : out.length / keys.length;
        (isKey(keys) ? [keys] : keys).forEach((key, row) => {
          fill(key, out.subarray(row * width, (row + 1) * width) as Float32Array);
        });
      }),
  };
  return kernels;
}

function isKey(keys: RandomKey | readonly RandomKey[]): keys is RandomKey {
  return keys instanceof RandomKey;
}

/** The shape with its last length 1. */
function keepLast(shape: Shape): Shape {
  return [...shape.slice(0, -1), 1];
}
