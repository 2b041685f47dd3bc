/** Reductions, normalisations over the last axis, matrix products. */

import type { AxisOptions, Backend, DType, Tensor } from "@soft-tokens/tensor";
import {
  assertDtype,
  assertHasAxis,
  assertLastAxisNotEmpty,
  assertNotEmptyOver,
  assertSameDtype,
  assertTopK,
  reducedShape,
  resolveAxes,
  resolveMatmul,
  resolveOutputDtype,
} from "@soft-tokens/tensor/checks";
import type { Runtime } from "../engine/runtime.ts";
import { dtypeCode } from "../native/addon.ts";

export type ReductionOps = Pick<
  Backend,
  "sum" | "mean" | "max" | "min" | "argMax" | "topK" | "softmax" | "logSoftmax" | "logSumExp" | "matmul"
>;

const FLOAT: readonly DType[] = ["float32", "bfloat16"];
const NUMERIC: readonly DType[] = [...FLOAT, "int32"];

export function reductionOps(runtime: Runtime): ReductionOps {
  const { operations } = runtime;

  function reduce(
    operation: "sum" | "mean" | "max" | "min",
    dtypes: readonly DType[],
  ): (x: Tensor, options?: AxisOptions) => Tensor {
    return (operand, options = {}) => {
      const x = runtime.use(operand, operation);
      assertDtype(x, dtypes, operation);
      const axes = resolveAxes(x.shape, options.axis, operation);
      if (operation === "max" || operation === "min") assertNotEmptyOver(x.shape, axes, operation);
      const keepDims = options.keepDims ?? false;
      if (axes.length === 0) {
        const same = runtime.result(x.shape, x.dtype, { from: [x], view: x });
        operations.clone(same.slot, x.slot);
        return same;
      }
      const shape = reducedShape(x.shape, axes, keepDims);
      const y = runtime.result(shape, x.dtype, { from: [x] });
      operations[operation](y.slot, x.slot, axes, keepDims);
      return y;
    };
  }

  function normalise(operation: "softmax" | "logSoftmax" | "logSumExp"): (x: Tensor) => Tensor {
    return (operand) => {
      const x = runtime.use(operand, operation);
      assertDtype(x, FLOAT, operation);
      assertHasAxis(x, operation);
      const shape = operation === "logSumExp" ? x.shape.slice(0, -1) : x.shape;
      const y = runtime.result(shape, x.dtype, { from: [x] });
      operations[operation](y.slot, x.slot);
      return y;
    };
  }

  return {
    sum: reduce("sum", NUMERIC),
    mean: reduce("mean", FLOAT),
    max: reduce("max", NUMERIC),
    min: reduce("min", NUMERIC),
    argMax(operand) {
      const x = runtime.use(operand, "argMax");
      assertDtype(x, NUMERIC, "argMax");
      assertLastAxisNotEmpty(x, "argMax");
      const y = runtime.result(x.shape.slice(0, -1), "int32");
      operations.argMax(y.slot, x.slot);
      return y;
    },
    topK(operand, k) {
      const x = runtime.use(operand, "topK");
      assertDtype(x, NUMERIC, "topK");
      assertTopK(x, k);
      const shape = [...x.shape.slice(0, -1), k];
      const values = runtime.result(shape, x.dtype);
      const indices = runtime.result(shape, "int32");
      operations.topK([values.slot, indices.slot], x.slot, k);
      return { values, indices };
    },
    softmax: normalise("softmax"),
    logSoftmax: normalise("logSoftmax"),
    logSumExp: normalise("logSumExp"),
    matmul(operandA, operandB, options = {}) {
      const a = runtime.use(operandA, "matmul");
      const b = runtime.use(operandB, "matmul");
      assertDtype(a, FLOAT, "matmul");
      assertSameDtype(a, b, "matmul");
      const { shape } = resolveMatmul(a, b, options);
      const dtype = resolveOutputDtype(a, options, "matmul");
      const y = runtime.result(shape, dtype, { from: [a, b] });
      const { transposeA = false, transposeB = false } = options;
      operations.matmul(y.slot, a.slot, b.slot, transposeA, transposeB, dtypeCode[dtype]);
      return y;
    },
  };
}
