/** Scopes, reads and accounting. */

import { type Backend, TensorError, type TensorErrorCode } from "@soft-tokens/tensor";
import { captureFunction } from "../engine/captured.ts";
import type { Runtime } from "../engine/runtime.ts";

export type LifetimeOps = Pick<Backend, "tidy" | "read" | "memory" | "capture">;

export function lifetimeOps(runtime: Runtime): LifetimeOps {
  return {
    tidy: (fn) => runtime.scopes.tidy(fn),
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
    capture: (fn) => captureFunction(runtime, fn),
  };
}
