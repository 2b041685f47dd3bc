/** `valueAndGrad`, `checkpoint`, `customGradient`: the doors to libtorch's autograd. */

import {
  type Backend,
  type CustomGradientResult,
  isFloat,
  type Shape,
  type Tensor,
} from "@soft-tokens/tensor";
import {
  assertDtype,
  assertGradientSums,
  assertScalarValue,
  resolveGradients,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { dtypeCode, type Slot } from "../native/addon.ts";
import { differentiate } from "./differentiate.ts";
import { type CustomFunction, Recording } from "./recording.ts";

export type GradientOps = Pick<Backend, "valueAndGrad" | "checkpoint" | "customGradient" | "stopGradient">;

export function gradientOps(runtime: Runtime): GradientOps {
  const { operations } = runtime;

  /** The same value under a handle of its own, where a function returns its operand. */
  function ownResult(result: Handle, operands: readonly Handle[]): Handle {
    if (!operands.includes(result)) return result;
    const alias = runtime.result(result.shape, result.dtype, { view: result });
    operations.same(alias.slot, result.slot);
    alias.track = result.track;
    return alias;
  }

  /** Gives the parameters leaves while `work` runs; the same handle twice has one. Slots of the leaves, then `work`'s result. */
  function withLeaves<T>(
    recording: Recording,
    parameters: readonly Handle[],
    work: (leaves: readonly Slot[]) => T,
  ): T {
    const unique = [...new Set(parameters)];
    const before = unique.map((parameter) => {
      const original = runtime.newSlot();
      operations.same(original, parameter.slot);
      operations.leaf(parameter.slot, parameter.slot);
      const leaf = runtime.newSlot();
      operations.same(leaf, parameter.slot);
      const outer = parameter.track;
      parameter.track = recording.leaf();
      return { parameter, original, leaf, outer };
    });
    try {
      const leaves = parameters.map((parameter) => before[unique.indexOf(parameter)]?.leaf as Slot);
      return runtime.withRecording(recording, () => work(leaves));
    } finally {
      for (const { parameter, original, leaf, outer } of before) {
        if (!parameter.disposed) {
          operations.same(parameter.slot, original);
          parameter.track = outer;
        }
        runtime.freeSlot(original);
        runtime.freeSlot(leaf);
      }
    }
  }

  /** Gradients that `work` finds are added to the sums, while or after they are made; without sums, none is added to an outer call's. */
  function withSums<T extends { readonly found: readonly Slot[] }>(
    sums: readonly Slot[],
    leaves: readonly Slot[],
    work: () => T,
  ): T {
    operations.openGradientSums([]);
    try {
      if (sums.length > 0) operations.setGradientSums(sums, leaves, sums);
      const result = work();
      if (sums.length > 0) {
        operations.addToGradientSums(sums, sums, result.found);
        for (const part of result.found) runtime.freeSlot(part);
      }
      return result;
    } finally {
      operations.closeGradientSums([]);
    }
  }

  /** Makes `value` the leaf at which a later part of the graph begins, and remembers how its gradient goes on. */
  function record(
    value: Handle,
    operands: readonly Handle[],
    saved: readonly Handle[],
    backward: CustomFunction["backward"],
  ): void {
    const { recording } = runtime;
    if (!recording) return;
    operations.leaf(value.slot, value.slot);
    const inputs = operands.map((operand) => {
      if (!runtime.isTracked(operand) || !operand.track) return null;
      const slot = runtime.newSlot();
      operations.same(slot, operand.slot);
      return { slot, track: operand.track };
    });
    const custom: CustomFunction = {
      value: { slot: value.slot, handle: runtime.keep(value) },
      inputs,
      saved: saved.map((handle) => runtime.keep(handle)),
      backward,
    };
    recording.customs.push(custom);
    value.track = recording.through(custom);
  }

  return {
    stopGradient(operand) {
      const x = runtime.use(operand, "stopGradient");
      const y = runtime.result(x.shape, x.dtype, { view: x });
      operations.stopGradient(y.slot, x.slot);
      return y;
    },

    valueAndGrad(fn, parameters, { addTo } = {}) {
      const operands = parameters.map((x) => runtime.use(x, "valueAndGrad"));
      const sums = addTo?.map((x) => runtime.use(x, "valueAndGrad")) ?? null;
      if (sums) assertGradientSums(operands, sums);
      const sumSlots = sums?.map(({ slot }) => slot) ?? [];
      for (const x of operands) assertDtype(x, ["float32", "bfloat16"], "valueAndGrad");
      const shapes = operands.map(({ shape, dtype }) => ({ shape, dtype }));
      const recording = new Recording();
      let owned: Handle[] = [];
      try {
        return withLeaves(recording, operands, (leaves) => {
          const run = () => {
            const { value, aux } = runtime.scopes.run(
              () => {
                const result = checkResult(runtime, fn());
                return {
                  value: ownResult(result.value, operands),
                  aux: result.aux.map((x) => ownResult(x, operands)),
                };
              },
              (result) => [result.value, ...result.aux],
            );
            owned = [value, ...aux];
            const found = runtime.withRecording(null, () =>
              differentiate(runtime, recording, value, null, leaves),
            );
            return { value, aux, found };
          };
          const { value, aux, found } = withSums(sumSlots, leaves, run);
          const gradients = sums
            ? []
            : found.map((slot, at) => {
                const { shape, dtype } = shapes[at] as { shape: Shape; dtype: Handle["dtype"] };
                return publish(runtime, slot, shape, dtype);
              });
          // What comes out is a constant to whoever asked.
          for (const handle of owned) {
            operations.stopGradient(handle.slot, handle.slot);
            handle.track = null;
          }
          return { value, gradients, aux };
        });
      } catch (error) {
        for (const handle of owned) handle.dispose();
        throw error;
      } finally {
        release(runtime, recording);
      }
    },

    checkpoint(fn, inputs) {
      const operands = inputs.map((x) => runtime.use(x, "checkpoint"));
      const run = (given: readonly Handle[]): Handle =>
        runtime.scopes.run(
          () => ownResult(runtime.use(fn(given), "checkpoint"), given),
          (result) => [result],
        );
      const isWanted = operands.map((x) => runtime.isTracked(x));
      const y = runtime.withRecording(null, () => run(operands));
      if (!isWanted.includes(true) || !isFloat(y.dtype)) return y;
      record(y, operands, operands, (upstream, saved) => {
        // A handle that was given twice is saved as two: each gets its own share of the gradient.
        const parameters = saved.filter((_, at) => isWanted[at]);
        const recording = new Recording();
        try {
          return withLeaves(recording, parameters, (leaves) => {
            const again = run(saved);
            const found = runtime.withRecording(null, () =>
              differentiate(runtime, recording, again, upstream, leaves),
            );
            const gradients = found.map((slot, at) => {
              const { shape, dtype } = parameters[at] as Handle;
              return publish(runtime, slot, shape, dtype);
            });
            return isWanted.map((wanted) => (wanted ? (gradients.shift() ?? null) : null));
          });
        } finally {
          release(runtime, recording);
        }
      });
      return y;
    },

    customGradient(inputs, forward) {
      const operands = inputs.map((x) => runtime.use(x, "customGradient"));
      const needsGradient = operands.some((x) => runtime.isTracked(x));
      const result: CustomGradientResult = runtime.withRecording(null, () => forward({ needsGradient }));
      const value = ownResult(runtime.use(result.value, "customGradient"), operands);
      const aux = result.aux ?? [];
      const saved = result.saved.map((x) => runtime.use(x, "customGradient"));
      if (needsGradient) {
        const shapes = operands.map((x) => x.shape);
        record(value, operands, saved, (upstream, kept) => {
          return resolveGradients(result.backward(upstream, kept), shapes);
        });
      }
      const surviving = new Set<Tensor>([value, ...aux, ...operands]);
      for (const x of saved) if (!surviving.has(x)) x.dispose();
      return { value, aux };
    },
  };
}

/** A handle for a gradient; zeros where there is none. The slot is used up. */
function publish(runtime: Runtime, slot: Slot, shape: Shape, dtype: Handle["dtype"]): Handle {
  const gradient = runtime.result(shape, dtype);
  runtime.operations.gradientOrZeros(gradient.slot, slot, shape, dtypeCode[dtype]);
  runtime.freeSlot(slot);
  return gradient;
}

/** Frees what a recording kept. */
function release(runtime: Runtime, recording: Recording): void {
  for (const custom of recording.customs) {
    custom.value.handle.dispose();
    for (const input of custom.inputs) if (input) runtime.freeSlot(input.slot);
    for (const handle of custom.saved) handle.dispose();
  }
  recording.customs.length = 0;
}

function checkResult(
  runtime: Runtime,
  result: Tensor | { readonly value: Tensor; readonly aux: readonly Tensor[] },
): { value: Handle; aux: Handle[] } {
  const isBare = "dtype" in result;
  const value = runtime.use(isBare ? result : result.value, "valueAndGrad");
  assertScalarValue(value);
  return { value, aux: isBare ? [] : result.aux.map((x) => runtime.use(x, "valueAndGrad")) };
}
