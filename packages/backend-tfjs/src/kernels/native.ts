/**
 * The primitives on TensorFlow's own kernels where elements live in memory that only the native library sees: whatever
 * stock.ts computes on host-visible memory would be copied out and back. TensorFlow has all of it, in the contract's meaning.
 */

import { type Shape, shapeSize, TensorError } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { Device } from "../engine/device.ts";
import type { CompareOperation, Kernels } from "./kernels.ts";

const COMPARE: Record<CompareOperation, string> = {
  equal: "Equal",
  less: "Less",
  lessEqual: "LessEqual",
  greater: "Greater",
  greaterEqual: "GreaterEqual",
  logicalAnd: "LogicalAnd",
  logicalOr: "LogicalOr",
};

const INTEGER_UNARY = { negate: "Neg", abs: "Abs", square: "Square" } as const;
const INTEGER_BINARY = {
  add: "Add",
  subtract: "Sub",
  multiply: "Multiply",
  maximum: "Maximum",
  minimum: "Minimum",
} as const;

export function nativeKernels(device: Device, stock: Kernels): Kernels {
  const kernels: Kernels = {
    ...stock,
    unary(operation, x) {
      if (x.dtype !== "int32" || x.size === 0) return stock.unary(operation, x);
      const name = INTEGER_UNARY[operation as keyof typeof INTEGER_UNARY];
      return device.run(name, { x }, {}, x.shape, "int32");
    },
    binary(operation, a, b, shape) {
      if (a.dtype !== "int32" || shapeSize(shape) === 0) return stock.binary(operation, a, b, shape);
      const name = INTEGER_BINARY[operation as keyof typeof INTEGER_BINARY];
      return device.run(name, { a, b }, {}, shape, "int32");
    },
    logicalNot: (x) =>
      x.size === 0 ? stock.logicalNot(x) : device.run("LogicalNot", { x }, {}, x.shape, "bool"),
    compare(operation, a, b, shape) {
      if (shapeSize(shape) === 0) return stock.compare(operation, a, b, shape);
      return device.run(COMPARE[operation], { a, b }, {}, shape, "bool");
    },
    where(condition, a, b, shape) {
      if (shapeSize(shape) === 0) return stock.where(condition, a, b, shape);
      using mask = stock.broadcastTo(condition, shape);
      using t = stock.broadcastTo(a, shape);
      using e = stock.broadcastTo(b, shape);
      return device.run("Select", { condition: mask, t, e }, {}, shape, a.dtype);
    },
    cast(x, dtype) {
      if (x.dtype === dtype || x.size === 0) return stock.cast(x, dtype);
      return device.run("Cast", { x }, { dtype }, x.shape, dtype);
    },
    finiteOrZero(x) {
      using finite = device.run("IsFinite", { x }, {}, x.shape, "bool");
      using zero = stock.full([], 0, "float32");
      return kernels.where(finite, x, zero, x.shape);
    },
    argMax(x) {
      if (x.size === 0) return stock.argMax(x);
      const attrs = { axis: x.shape.length - 1 };
      return device.run("ArgMax", { x }, attrs, x.shape.slice(0, -1), "int32");
    },
    topK(x, k) {
      if (x.size === 0) return stock.topK(x, k);
      const shape = [...x.shape.slice(0, -1), k];
      const [values, indices] = device.runAll("TopK", { x }, { k, sorted: true }, [
        { shape, dtype: x.dtype },
        { shape, dtype: "int32" },
      ]);
      return { values: values as DeviceArray, indices: indices as DeviceArray };
    },
    takeRows(table, ids) {
      const shape = [...ids.shape, ...table.shape.slice(1)];
      if (shapeSize(shape) === 0) return stock.takeRows(table, ids);
      return gather("takeRows", table, ids, { axis: 0, batchDims: 0 }, shape);
    },
    addRows(x, ids, shape) {
      if (x.size === 0) return stock.addRows(x, ids, shape);
      using rows = x.view([ids.size, x.size / ids.size]);
      using segmentIds = ids.view([ids.size]);
      const flat = [shape[0] as number, x.size / ids.size];
      const attrs = { numSegments: shape[0] };
      using sums = device.run("UnsortedSegmentSum", { x: rows, segmentIds }, attrs, flat, "float32");
      return sums.view(shape);
    },
    takeAlongLast(x, ids) {
      if (ids.size === 0) return stock.takeAlongLast(x, ids);
      using rows = x.view([ids.size, x.size / ids.size]);
      using columns = ids.view([ids.size, 1]);
      using taken = gather("takeAlongLast", rows, columns, { axis: 1, batchDims: 1 }, [ids.size, 1]);
      return taken.view(ids.shape);
    },
    putAlongLast(x, ids, shape) {
      if (shapeSize(shape) === 0) return stock.putAlongLast(x, ids, shape);
      using hits = kernels.oneHot(ids, shape[shape.length - 1] as number, "float32");
      using column = x.view([...x.shape, 1]);
      return kernels.binary("multiply", hits, column, shape);
    },
    oneHot(ids, depth, dtype) {
      const shape = [...ids.shape, depth];
      if (shapeSize(shape) === 0 || dtype === "bool") return stock.oneHot(ids, depth, dtype);
      const attrs = { depth, onValue: 1, offValue: 0, dtype };
      return device.run("OneHot", { indices: ids }, attrs, shape, dtype);
    },
  };

  function gather(
    operation: string,
    x: DeviceArray,
    indices: DeviceArray,
    attrs: { readonly axis: number; readonly batchDims: number },
    shape: Shape,
  ): DeviceArray {
    try {
      return device.run("GatherV2", { x, indices }, attrs, shape, x.dtype);
    } catch (cause) {
      const limit = x.shape[attrs.axis];
      throw new TensorError("INDEX_OUT_OF_RANGE", `${operation}: an id is outside [0, ${limit})`, { cause });
    }
  }
  return kernels;
}
