/** Scopes, reads and accounting. */

import { type Backend, type Tensor, TensorError, type TensorErrorCode } from "@soft-tokens/tensor";
import { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";

export type LifetimeOps = Pick<Backend, "tidy" | "read" | "memory" | "capture">;

export function lifetimeOps(runtime: Runtime): LifetimeOps {
  return {
    tidy: (fn) => runtime.scope(fn, handlesIn),
    async read(operand) {
      const x = runtime.use(operand, "read");
      try {
        return await runtime.engine.read(x.slot);
      } catch (error) {
        const { code = "BACKEND_FAILURE", message } = error as Error & { code?: TensorErrorCode };
        throw new TensorError(code, message);
      }
    },
    memory: () => ({
      tensors: runtime.liveHandles,
      bytes: runtime.totals.bytes,
      peakBytes: runtime.totals.peakBytes,
    }),
    capture: (fn) => ({
      run: (inputs: readonly Tensor[]) => fn(inputs),
      [Symbol.dispose]() {},
    }),
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
