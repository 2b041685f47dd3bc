/** What the WebAssembly variant declares beyond the required operations: fused forms and writes in place. */

import type { Backend, FusedOps, Tensor } from "@soft-tokens/tensor";
import { assertPlace, resolveOutputDtype, resolveWriteSlice } from "@soft-tokens/tensor/checks";
import type { Runtime } from "../engine/runtime.ts";
import type { WasmDevice } from "./device.ts";
import { adamW } from "./fused/adamw.ts";
import { attention } from "./fused/attention.ts";
import { gatedMlp } from "./fused/gated-mlp.ts";
import { rmsNorm } from "./fused/norm.ts";
import { rotary } from "./fused/rotary.ts";
import { ownExclusively } from "./in-place.ts";
import { overwrite, overwriteRows } from "./move.ts";

/** What a variant may add to the required operations. */
export interface Extensions {
  readonly fused: Partial<FusedOps>;
  readonly writeSlice: Backend["writeSlice"];
}

export function wasmExtensions(runtime: Runtime, wasm: WasmDevice): Extensions {
  /** Nobody waits: the heap is the host's memory. */
  function readStarts(starts: Tensor): readonly number[] {
    return Array.from(wasm.device.view(runtime.use(starts, "writeSlice").array("writeSlice")));
  }

  return {
    fused: {
      rmsNorm: (x, weight, options) => rmsNorm(runtime, wasm, x, weight, options),
      rotary: (x, cos, sin) => rotary(runtime, wasm, x, cos, sin),
      attention: (options) => attention(runtime, wasm, options),
      gatedMlp(x, gate, up, down, options = {}) {
        resolveOutputDtype(x, options, "gatedMlp");
        return gatedMlp(runtime, wasm, x, gate, up, down);
      },
      adamW: (options) => adamW(runtime, wasm, options),
    },
    writeSlice(operandTarget, operandUpdate, place) {
      const target = runtime.use(operandTarget, "writeSlice");
      const update = runtime.use(operandUpdate, "writeSlice");
      const resolved = resolveWriteSlice(target, update, place);
      const { axis } = resolved;
      const starts = "places" in resolved ? readStarts(resolved.places) : resolved.starts;
      for (const start of starts) assertPlace(target, update, axis, start);
      // What is written is held while the target may move: both may be one handle.
      using source = update.array("writeSlice").view();
      const own = ownExclusively(wasm, target, "writeSlice");
      const [start = 0, ...others] = starts;
      if (others.length > 0) return overwriteRows(wasm, own, source, axis, starts);
      const begin = target.shape.map((_, a) => (a === axis ? start : 0));
      overwrite(wasm, own, source, begin);
    },
  };
}
