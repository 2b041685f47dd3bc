/** Reductions, normalisations over the last axis and matrix products, with their gradients. */

import {
  type AxisOptions,
  type Backend,
  broadcastShapes,
  type DType,
  formatShape,
  normalizeAxis,
  type Shape,
  shapeSize,
  type Tensor,
  TensorError,
} from "@soft-tokens/tensor";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import type { ReduceOperation } from "../kernels/kernels.ts";
import { assertDtype, assertHasAxis } from "./checks.ts";

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
      const reduced = axes.reduce((size, axis) => size * (x.shape[axis] as number), 1);
      if ((operation === "max" || operation === "min") && reduced === 0) {
        throw new TensorError(
          "INVALID_ARGUMENT",
          `${operation}: an empty axis has none, ${formatShape(x.shape)}`,
        );
      }
      const array =
        axes.length === 0 ? x.array(operation).view() : kernels.reduce(operation, x.array(operation), axes);
      const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
      const shape = options.keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
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
      assertHasAxis(x, "argMax");
      if (x.shape[x.shape.length - 1] === 0) {
        throw new TensorError(
          "INVALID_ARGUMENT",
          `argMax: the last axis of ${formatShape(x.shape)} is empty`,
        );
      }
      return runtime.wrap(kernels.argMax(x.array("argMax")));
    },
    topK(operand, k) {
      const x = runtime.use(operand, "topK");
      assertDtype(x, NUMERIC, "topK");
      assertHasAxis(x, "topK");
      const width = x.shape[x.shape.length - 1] as number;
      if (!Number.isInteger(k) || k < 1 || k > width) {
        throw new TensorError("INVALID_ARGUMENT", `topK: k must be between 1 and ${width}, got ${k}`);
      }
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

function resolveAxes(shape: Shape, axis: AxisOptions["axis"], operation: string): number[] {
  const rank = shape.length;
  if (axis === undefined) return shape.map((_, at) => at);
  const axes = (typeof axis === "number" ? [axis] : axis).map((at) => normalizeAxis(at, rank, operation));
  if (new Set(axes).size !== axes.length) {
    throw new TensorError("INVALID_ARGUMENT", `${operation}: an axis is named twice, ${formatShape(axes)}`);
  }
  return axes.sort((a, b) => a - b);
}

export function matmulOp(runtime: Runtime, ops: Backend): Pick<Backend, "matmul"> {
  const { kernels } = runtime;
  return {
    matmul(operandA, operandB, options = {}) {
      const a = runtime.use(operandA, "matmul");
      const b = runtime.use(operandB, "matmul");
      const { transposeA = false, transposeB = false } = options;
      const batch = checkMatmul(a, b, transposeA, transposeB);
      const y = runtime.wrap(
        kernels.matmul(a.array("matmul"), b.array("matmul"), transposeA, transposeB, batch),
      );
      const wantsA = runtime.isTracked(a);
      const wantsB = runtime.isTracked(b);
      if (wantsA || wantsB) {
        const [shapeA, shapeB] = [a.shape, b.shape];
        const saved = [...(wantsB ? [a] : []), ...(wantsA ? [b] : [])];
        runtime.record(y, [a, b], saved, (dy, kept) => {
          const keptA = kept[0] as Handle;
          const keptB = kept[kept.length - 1] as Handle;
          return [
            wantsA ? gradientA(ops, dy, keptB, shapeA, transposeA, transposeB) : null,
            wantsB ? gradientB(ops, dy, keptA, shapeB, transposeA, transposeB) : null,
          ];
        });
      }
      return y;
    },
  };
}

function checkMatmul(a: Handle, b: Handle, transposeA: boolean, transposeB: boolean): Shape {
  assertDtype(a, FLOAT, "matmul");
  assertDtype(b, FLOAT, "matmul");
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `matmul: wanted at least two axes, got ${formatShape(a.shape)} x ${formatShape(b.shape)}`,
    );
  }
  const innerA = a.shape[a.shape.length - (transposeA ? 2 : 1)];
  const innerB = b.shape[b.shape.length - (transposeB ? 1 : 2)];
  if (innerA !== innerB) {
    const mark = (isTransposed: boolean) => (isTransposed ? "^T" : "");
    throw new TensorError(
      "SHAPE_MISMATCH",
      `matmul: inner sizes differ, ${formatShape(a.shape)}${mark(transposeA)} x ${formatShape(b.shape)}${mark(transposeB)}`,
    );
  }
  return broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul");
}

/** d/dA of op(A) op(B): dY op(B)^T, transposed back. */
function gradientA(
  ops: Backend,
  dy: Tensor,
  b: Tensor,
  shapeA: Shape,
  transposeA: boolean,
  transposeB: boolean,
): Tensor {
  const full = transposeA
    ? ops.matmul(b, dy, { transposeA: transposeB, transposeB: true })
    : ops.matmul(dy, b, { transposeB: !transposeB });
  return sumBatches(ops, full, shapeA);
}

/** d/dB of op(A) op(B): op(A)^T dY, transposed back. */
function gradientB(
  ops: Backend,
  dy: Tensor,
  a: Tensor,
  shapeB: Shape,
  transposeA: boolean,
  transposeB: boolean,
): Tensor {
  // Many rows times one matrix: the sum over the batch is the product of the flattened rows.
  if (
    a.size > 0 &&
    shapeB.length === 2 &&
    !transposeA &&
    dy.shape.length > 2 &&
    dy.shape.length === a.shape.length
  ) {
    const rows = ops.reshape(a, [-1, a.shape[a.shape.length - 1] as number]);
    const upstream = ops.reshape(dy, [-1, dy.shape[dy.shape.length - 1] as number]);
    if (rows.shape[0] === upstream.shape[0]) {
      return transposeB
        ? ops.matmul(upstream, rows, { transposeA: true })
        : ops.matmul(rows, upstream, { transposeA: true });
    }
  }
  const full = transposeB
    ? ops.matmul(dy, a, { transposeA: true, transposeB: transposeA })
    : ops.matmul(a, dy, { transposeA: !transposeA });
  return sumBatches(ops, full, shapeB);
}

function sumBatches(ops: Backend, gradient: Tensor, shape: Shape): Tensor {
  const lead = gradient.shape.length - shape.length;
  const axis = gradient.shape
    .map((_, at) => at)
    .filter(
      (at) =>
        at < gradient.shape.length - 2 && (at < lead || (shape[at - lead] === 1 && gradient.shape[at] !== 1)),
    );
  if (axis.length === 0 && lead === 0) return gradient;
  return ops.reshape(axis.length === 0 ? gradient : ops.sum(gradient, { axis }), shape);
}
