/** Creation, shape, data movement and selection by ids, with their gradients. */

import { type Backend, type DType, type Shape, type TensorData, TensorError } from "@soft-tokens/tensor";
import {
  assertAlongLast,
  assertBroadcastsTo,
  assertDtype,
  assertFills,
  assertHasAxis,
  assertIntegers,
  assertValidShape,
  resolveConcat,
  resolvePermutation,
  resolveShape,
  resolveSlice,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { assertSupported } from "./checks.ts";
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
      assertFills(data.length, shape, "tensor");
      if (type === "int32") assertIntegers(data, "tensor");
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
      assertBroadcastsTo(x.shape, shape);
      const y = runtime.wrap(kernels.broadcastTo(x.array("broadcastTo"), [...shape]));
      const from = x.shape;
      runtime.record(y, [x], [], (dy) => [sumTo(ops, dy, from)]);
      return y;
    },
    concat(operands, axis) {
      const xs = operands.map((x) => runtime.use(x, "concat"));
      const { axis: at } = resolveConcat(xs, axis);
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
      assertAlongLast(x, ids);
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
