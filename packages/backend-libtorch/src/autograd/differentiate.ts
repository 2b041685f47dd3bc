/**
 * The backward pass over a recording: libtorch differentiates each part of the graph, custom functions are called from the
 * last to the first in between. A later custom function never depends on an earlier part's gradient, so one walk does it.
 */

import type { Tensor } from "@soft-tokens/tensor";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { dtypeCode, type Slot } from "../native/addon.ts";
import type { CustomFunction, Recording } from "./recording.ts";

/**
 * Gradients of `value` by `leaves`, given its own (absent: 1). The caller owns the slots; one holds nothing where the value
 * does not depend on its leaf. Call without a recording. What custom backward functions make and do not return is disposed.
 */
export function differentiate(
  runtime: Runtime,
  recording: Recording,
  value: Handle,
  upstream: Handle | null,
  leaves: readonly Slot[],
): Slot[] {
  const { operations } = runtime;
  const unique = [...new Set(leaves)];
  const sums = new Map<Slot, Slot>();
  const reached = new Set<CustomFunction>();
  // A part of the graph may be entered more than once where custom functions cut it.
  const keepsGraph = recording.customs.length > 0;

  /** Carries gradients of outputs to the leaves and to the values of custom functions, and adds them up there. */
  function propagate(outputs: readonly Slot[], towards: readonly Slot[], customs: Iterable<CustomFunction>) {
    const targets = [...unique];
    for (const custom of customs) {
      reached.add(custom);
      targets.push(custom.value.handle.slot);
    }
    const parts = targets.map(() => runtime.newSlot());
    operations.gradients(parts, outputs, towards, targets, keepsGraph);
    targets.forEach((target, at) => {
      const part = parts[at] as Slot;
      const before = sums.get(target);
      if (before === undefined) {
        sums.set(target, part);
      } else {
        operations.addGradients(before, before, part);
        runtime.freeSlot(part);
      }
    });
  }

  try {
    if (value.track?.recording === recording) {
      const start = runtime.newSlot();
      if (upstream) operations.same(start, upstream.slot);
      else operations.full(start, [], 1, dtypeCode[value.dtype]);
      propagate([value.slot], [start], value.track.customs);
      runtime.freeSlot(start);
    }
    for (const custom of [...recording.customs].reverse()) {
      if (!reached.has(custom)) continue;
      const { handle } = custom.value;
      runtime.scopes.run(
        () => {
          const gradient = runtime.result(handle.shape, handle.dtype);
          const sum = sums.get(handle.slot) as Slot;
          operations.gradientOrZeros(gradient.slot, sum, handle.shape, dtypeCode[handle.dtype]);
          const parts = custom.backward(gradient, custom.saved);
          goOn(custom, parts);
        },
        () => [],
      );
    }
    return leaves.map((leaf) => {
      const slot = runtime.newSlot();
      const sum = sums.get(leaf);
      if (sum === undefined) operations.addGradients(slot, NOTHING, NOTHING);
      else operations.same(slot, sum);
      return slot;
    });
  } finally {
    for (const slot of sums.values()) runtime.freeSlot(slot);
  }

  function goOn(custom: CustomFunction, parts: readonly (Tensor | null)[]): void {
    const outputs: Slot[] = [];
    const towards: Slot[] = [];
    const customs = new Set<CustomFunction>();
    custom.inputs.forEach((input, at) => {
      const part = parts[at];
      if (!input || !part) return;
      outputs.push(input.slot);
      towards.push(runtime.use(part, "gradient").slot);
      for (const next of input.track.customs) customs.add(next);
    });
    if (outputs.length > 0) propagate(outputs, towards, customs);
  }
}

/** No slot: `Argument<std::optional<at::Tensor>>` of native/src/bind.h. */
const NOTHING = -1;
