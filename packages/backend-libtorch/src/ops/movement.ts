/** Shape, data movement, selection by ids, mutation. */

import { type Backend, TensorError } from "@soft-tokens/tensor";
import {
  assertAlongLast,
  assertAssign,
  assertBroadcastsTo,
  assertDtype,
  assertHasAxis,
  assertPlace,
  resolveConcat,
  resolvePermutation,
  resolveShape,
  resolveSlice,
  resolveWriteSlice,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { dtypeCode } from "../native/addon.ts";
import { checkIds, checkRange } from "./ids.ts";

export type MovementOps = Pick<
  Backend,
  | "clone"
  | "cast"
  | "reshape"
  | "transpose"
  | "broadcastTo"
  | "concat"
  | "slice"
  | "takeRows"
  | "takeAlongLast"
  | "oneHot"
  | "assign"
  | "writeSlice"
>;

export function movementOps(runtime: Runtime): MovementOps {
  const { operations } = runtime;
  return {
    clone(operand) {
      const x = runtime.use(operand, "clone");
      const y = runtime.result(x.shape, x.dtype, { from: [x], view: x });
      operations.clone(y.slot, x.slot);
      return y;
    },
    cast(operand, dtype) {
      const x = runtime.use(operand, "cast");
      const y = runtime.result(x.shape, dtype, { from: [x], ...(dtype === x.dtype && { view: x }) });
      operations.cast(y.slot, x.slot, dtypeCode[dtype]);
      return y;
    },
    reshape(operand, shape) {
      const x = runtime.use(operand, "reshape");
      const resolved = resolveShape(shape, x.size, x.shape, "reshape");
      const y = runtime.result(resolved, x.dtype, { from: [x], view: x });
      operations.reshape(y.slot, x.slot, resolved);
      return y;
    },
    transpose(operand, permutation) {
      const x = runtime.use(operand, "transpose");
      const order = resolvePermutation(x.shape, permutation);
      const shape = order.map((axis) => x.shape[axis] as number);
      const y = runtime.result(shape, x.dtype, { from: [x], view: x });
      operations.transpose(y.slot, x.slot, order);
      return y;
    },
    broadcastTo(operand, shape) {
      const x = runtime.use(operand, "broadcastTo");
      assertBroadcastsTo(x.shape, shape);
      const y = runtime.result([...shape], x.dtype, { from: [x], view: x });
      operations.broadcastTo(y.slot, x.slot, shape);
      return y;
    },
    concat(operands, axis) {
      const xs = operands.map((x) => runtime.use(x, "concat"));
      const { axis: at, shape } = resolveConcat(xs, axis);
      const y = runtime.result(shape, (xs[0] as Handle).dtype, { from: xs });
      operations.concat(
        y.slot,
        xs.map((x) => x.slot),
        at,
      );
      return y;
    },
    slice(operand, begin, size) {
      const x = runtime.use(operand, "slice");
      const resolved = resolveSlice(x.shape, begin, size);
      const y = runtime.result(resolved, x.dtype, { from: [x], view: x });
      operations.slice(y.slot, x.slot, begin, resolved);
      return y;
    },
    takeRows(operandTable, operandIds) {
      const table = runtime.use(operandTable, "takeRows");
      const ids = runtime.use(operandIds, "takeRows");
      assertHasAxis(table, "takeRows");
      assertDtype(ids, ["int32"], "takeRows");
      checkIds(runtime, ids, table.shape[0] as number, "takeRows");
      const y = runtime.result([...ids.shape, ...table.shape.slice(1)], table.dtype, { from: [table] });
      operations.takeRows(y.slot, table.slot, ids.slot);
      return y;
    },
    takeAlongLast(operand, operandIds) {
      const x = runtime.use(operand, "takeAlongLast");
      const ids = runtime.use(operandIds, "takeAlongLast");
      assertDtype(ids, ["int32"], "takeAlongLast");
      assertAlongLast(x, ids);
      checkIds(runtime, ids, x.shape[x.shape.length - 1] as number, "takeAlongLast");
      const y = runtime.result(ids.shape, x.dtype, { from: [x] });
      operations.takeAlongLast(y.slot, x.slot, ids.slot);
      return y;
    },
    oneHot(operand, depth, dtype = "float32") {
      const ids = runtime.use(operand, "oneHot");
      assertDtype(ids, ["int32"], "oneHot");
      if (!Number.isInteger(depth) || depth < 0) {
        throw new TensorError("INVALID_ARGUMENT", `oneHot: depth must be a whole number, got ${depth}`);
      }
      const y = runtime.result([...ids.shape, depth], dtype);
      operations.oneHot(y.slot, ids.slot, depth, dtypeCode[dtype]);
      return y;
    },
    assign(operandTarget, operandValue) {
      const target = runtime.use(operandTarget, "assign");
      const value = runtime.use(operandValue, "assign");
      assertAssign(target, value);
      runtime.assertWritable(target, "assign");
      target.memory.range = null;
      operations.assign(target.slot, target.slot, value.slot);
    },
    writeSlice(operandTarget, operandUpdate, place) {
      const target = runtime.use(operandTarget, "writeSlice");
      const update = runtime.use(operandUpdate, "writeSlice");
      const resolved = resolveWriteSlice(target, update, place);
      const { axis } = resolved;
      runtime.assertWritable(target, "writeSlice");
      if ("places" in resolved) {
        const places = runtime.use(resolved.places, "writeSlice");
        checkRange(runtime, places, ({ least, greatest }) => {
          if (least > greatest) return;
          for (const start of [least, greatest]) assertPlace(target, update, axis, start);
        });
        operations.writeSliceAt(target.slot, target.slot, update.slot, axis, places.slot);
      } else {
        operations.writeSlice(target.slot, target.slot, update.slot, axis, resolved.starts);
      }
      target.memory.range = null;
    },
  };
}
