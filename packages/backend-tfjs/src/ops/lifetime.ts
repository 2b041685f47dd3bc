/** Mutation, scopes, reads and accounting. */

import { type Backend, TensorDisposedError } from "@soft-tokens/tensor";
import { assertAssign, assertCapturedInputs, type InputKind } from "@soft-tokens/tensor/checks";
import type { Runtime } from "../engine/runtime.ts";

export type LifetimeOps = Pick<Backend, "assign" | "tidy" | "read" | "memory" | "capture">;

export function lifetimeOps(runtime: Runtime): LifetimeOps {
  return {
    assign(operandTarget, operandValue) {
      const target = runtime.use(operandTarget, "assign");
      const value = runtime.use(operandValue, "assign");
      assertAssign(target, value);
      target.replace(value.array("assign").view(), "assign");
    },
    tidy: (fn) => runtime.scopes.tidy(fn),
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
      let kinds: readonly InputKind[] | null = null;
      let isDisposed = false;
      return {
        run(inputs) {
          if (isDisposed) throw new TensorDisposedError("captured function: used after dispose()");
          kinds ??= inputs.map(({ shape, dtype }) => ({ shape, dtype }));
          assertCapturedInputs(kinds, inputs);
          return runtime.scopes.run(
            () => fn(inputs),
            (results) => results.map((x) => runtime.use(x, "captured function")),
          );
        },
        [Symbol.dispose]() {
          isDisposed = true;
        },
      };
    },
  };
}
