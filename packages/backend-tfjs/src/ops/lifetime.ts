/** Mutation, scopes, reads and accounting. */

import { type Backend, formatShape, shapesEqual, type Tensor, TensorError } from "@soft-tokens/tensor";
import { assertSameDtype } from "@soft-tokens/tensor/checks";
import { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";

export type LifetimeOps = Pick<Backend, "assign" | "tidy" | "read" | "memory" | "capture">;

export function lifetimeOps(runtime: Runtime): LifetimeOps {
  return {
    assign(operandTarget, operandValue) {
      const target = runtime.use(operandTarget, "assign");
      const value = runtime.use(operandValue, "assign");
      assertSameDtype(target, value, "assign");
      if (!shapesEqual(target.shape, value.shape)) {
        throw new TensorError(
          "SHAPE_MISMATCH",
          `assign: shapes differ, ${formatShape(target.shape)} takes ${formatShape(value.shape)}`,
        );
      }
      target.replace(value.array("assign").view(), "assign");
    },
    tidy: (fn) => runtime.scope(fn, handlesIn),
    async read(operand) {
      const x = runtime.use(operand, "read");
      return runtime.device.read(x.array("read"));
    },
    memory: () => ({
      tensors: runtime.liveHandles,
      bytes: runtime.device.tensorBytes,
      peakBytes: runtime.device.peakBytes,
    }),
    capture(fn) {
      return {
        run: (inputs: readonly Tensor[]) => fn(inputs),
        [Symbol.dispose]() {},
      };
    },
  };
}

/** Handles inside arrays and plain objects. */
function* handlesIn(value: unknown): Generator<Handle> {
  if (value instanceof Handle) {
    yield value;
  } else if (Array.isArray(value)) {
    for (const part of value) yield* handlesIn(part);
  } else if (isPlainObject(value)) {
    for (const part of Object.values(value)) yield* handlesIn(part);
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
