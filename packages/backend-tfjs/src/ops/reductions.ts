/** Reductions and normalisations over the last axis, with their gradients. */

import {
  type AxisOptions,
  type Backend,
  type DType,
  type Shape,
  shapeSize,
  type Tensor,
} from "@soft-tokens/tensor";
import {
  assertDtype,
  assertHasAxis,
  assertLastAxisNotEmpty,
  assertNotEmptyOver,
  assertTopK,
  reducedShape,
  resolveAxes,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import type { ReduceOperation } from "../kernels/kernels.ts";

export type ReductionOps = Pick<
  Backend,
  "sum" | "mean" | "max" | "min" | "argMax" | "topK" | "softmax" | "logSoftmax" | "logSumExp"
>;

const FLOAT: readonly DType[] = ["float32"];
const NUMERIC: readonly DType[] = ["float32", "int32"];

export function reductionOps(runtime: Runtime, ops: Backend): ReductionOps {
  const { kernels } = runtime;

  function reduce(
    operation: ReduceOperation,
    dtypes: readonly DType[],
    gradient: (dy: Tensor, x: Tensor, y: Tensor, from: Shape) => Tensor,
    keepsValues: boolean,
  ): (x: Tensor, options?: AxisOptions) => Tensor {
    return (operand, options = {}) => {
      const x = runtime.use(operand, operation);
      assertDtype(x, dtypes, operation);
      const axes = resolveAxes(x.shape, options.axis, operation);
      if (operation === "max" || operation === "min") assertNotEmptyOver(x.shape, axes, operation);
      const array =
        axes.length === 0 ? x.array(operation).view() : kernels.reduce(operation, x.array(operation), axes);
      const kept = reducedShape(x.shape, axes, true);
      const shape = reducedShape(x.shape, axes, options.keepDims ?? false);
      using bare = array;
      const y = runtime.wrap(bare.view(shape));
      const from = x.shape;
      runtime.record(y, [x], keepsValues ? [x, y] : [], (dy, saved) => {
        const [keptX, keptY] = keepsValues ? saved : [dy, dy];
        const column = ops.reshape(dy, kept);
        return [gradient(column, keptX as Handle, ops.reshape(keptY as Handle, kept), from)];
      });
      return y;
    };
  }

  /** Equal extrema share the gradient, as PyTorch's amax and amin. */
  function extremumGradient(dy: Tensor, x: Tensor, y: Tensor): Tensor {
    const hits = ops.cast(ops.equal(x, y), "float32");
    const axis = y.shape.map((_, at) => at).filter((at) => y.shape[at] !== x.shape[at]);
    const count = axis.length === 0 ? hits : ops.sum(hits, { axis, keepDims: true });
    return ops.multiply(ops.divide(hits, count), dy);
  }

  function lastAxis(operand: Tensor, operation: string): Handle {
    const x = runtime.use(operand, operation);
    assertDtype(x, FLOAT, operation);
    assertHasAxis(x, operation);
    return x;
  }

  return {
    sum: reduce("sum", NUMERIC, (dy, _x, _y, from) => ops.broadcastTo(dy, from), false),
    mean: reduce(
      "mean",
      FLOAT,
      (dy, _x, _y, from) => {
        const scale = dy.size / shapeSize(from);
        return ops.broadcastTo(ops.affine(dy, { scale }), from);
      },
      false,
    ),
    max: reduce("max", NUMERIC, extremumGradient, true),
    min: reduce("min", NUMERIC, extremumGradient, true),
    argMax(operand) {
      const x = runtime.use(operand, "argMax");
      assertDtype(x, NUMERIC, "argMax");
      assertLastAxisNotEmpty(x, "argMax");
      return runtime.wrap(kernels.argMax(x.array("argMax")));
    },
    topK(operand, k) {
      const x = runtime.use(operand, "topK");
      assertDtype(x, NUMERIC, "topK");
      assertTopK(x, k);
      const { values, indices } = kernels.topK(x.array("topK"), k);
      return { values: runtime.wrap(values), indices: runtime.wrap(indices) };
    },
    softmax(operand) {
      const x = lastAxis(operand, "softmax");
      const y = runtime.wrap(kernels.softmax(x.array("softmax")));
      runtime.record(y, [x], [y], (dy, [kept]) => [
        runtime.wrap(kernels.softmaxGradient((kept as Handle).array("softmax"), dy.array("softmax"))),
      ]);
      return y;
    },
    logSoftmax(operand) {
      const x = lastAxis(operand, "logSoftmax");
      const y = runtime.wrap(kernels.logSoftmax(x.array("logSoftmax")));
      runtime.record(y, [x], [y], (dy, [kept]) => [
        runtime.wrap(
          kernels.logSoftmaxGradient((kept as Handle).array("logSoftmax"), dy.array("logSoftmax")),
        ),
      ]);
      return y;
    },
    logSumExp(operand) {
      const x = lastAxis(operand, "logSumExp");
      const y = runtime.wrap(kernels.logSumExp(x.array("logSumExp")));
      runtime.record(y, [x], [x], (dy, [kept]) => [
        ops.multiply(ops.softmax(kept as Handle), ops.reshape(dy, [...dy.shape, 1])),
      ]);
      return y;
    },
  };
}
