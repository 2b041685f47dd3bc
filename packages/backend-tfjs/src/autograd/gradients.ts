/** `valueAndGrad`, `checkpoint`, `customGradient`: the doors to the tape. */

import type { Backend, Tensor } from "@soft-tokens/tensor";
import {
  assertDtype,
  assertGradientSums,
  assertScalarValue,
  resolveGradients,
} from "@soft-tokens/tensor/checks";
import type { Handle } from "../engine/handle.ts";
import type { Runtime } from "../engine/runtime.ts";
import { type GradientArithmetic, Tape, type Track } from "./tape.ts";

export type GradientOps = Pick<Backend, "valueAndGrad" | "checkpoint" | "customGradient">;

export function gradientOps(runtime: Runtime, ops: Backend): GradientOps {
  const arithmetic: GradientArithmetic = {
    collect: (work) =>
      runtime.withTape(null, () => {
        let kept: (Handle | null)[] = [];
        runtime.scopes.run(
          () => {
            kept = work().map((part) =>
              part ? runtime.keep(runtime.use(part, "gradient").array("gradient").view()) : null,
            );
          },
          () => [],
        );
        return kept;
      }),
    accumulate(a, b) {
      const [arrayA, arrayB] = [a.array("gradient"), b.array("gradient")];
      const sum = runtime.kernels.accumulate(arrayA, arrayB);
      a.dispose();
      b.dispose();
      return runtime.keep(sum);
    },
  };

  /** The gradient of one leaf for each parameter in turn; every one is a handle of its own. */
  function publish(found: readonly (Handle | null)[], leaves: readonly Track[]): (Handle | null)[] {
    const gradients = leaves.map((leaf) => {
      const gradient = found[leaves.indexOf(leaf)];
      return gradient ? runtime.wrap(gradient.array("gradient").view()) : null;
    });
    for (const gradient of found) gradient?.dispose();
    return gradients;
  }

  /** Gives each parameter a leaf of the tape while `work` runs; the same handle twice has one leaf. */
  function withLeaves<T>(tape: Tape, parameters: readonly Handle[], work: (leaves: Track[]) => T): T {
    const before = parameters.map((parameter) => parameter.track);
    for (const parameter of parameters) parameter.track = null;
    const leaves = parameters.map((parameter) => {
      parameter.track ??= tape.leaf();
      return parameter.track;
    });
    try {
      return runtime.withTape(tape, () => work(leaves));
    } finally {
      parameters.forEach((parameter, at) => {
        parameter.track = before[at] ?? null;
      });
    }
  }

  return {
    valueAndGrad(fn, parameters, { addTo } = {}) {
      const operands = parameters.map((x) => runtime.use(x, "valueAndGrad"));
      if (addTo) assertGradientSums(operands, addTo);
      for (const x of operands) assertDtype(x, ["float32"], "valueAndGrad");
      const tape = new Tape();
      let owned: Handle[] = [];
      try {
        return withLeaves(tape, operands, (leaves) => {
          const { value, aux } = runtime.scopes.run(
            () => checkResult(runtime, fn(), operands),
            (result) => [result.value, ...result.aux],
          );
          owned = [value, ...aux];
          const track = runtime.isTracked(value) ? value.track : null;
          const upstream = runtime.keep(runtime.kernels.full(value.shape, 1, value.dtype));
          const found = runtime.withTape(null, () => tape.differentiate(track, upstream, leaves, arithmetic));
          const gradients = publish(found, leaves).map((gradient, at) => {
            const parameter = operands[at] as Handle;
            return gradient ?? ops.zeros(parameter.shape, parameter.dtype);
          });
          if (!addTo) return { value, gradients, aux };
          gradients.forEach((gradient, at) => {
            const sum = addTo[at] as Tensor;
            const total = ops.add(sum, gradient);
            ops.assign(sum, total);
            total.dispose();
            gradient.dispose();
          });
          return { value, gradients: [], aux };
        });
      } catch (error) {
        for (const handle of owned) handle.dispose();
        throw error;
      } finally {
        tape.clear();
      }
    },

    checkpoint(fn, inputs) {
      const operands = inputs.map((x) => runtime.use(x, "checkpoint"));
      const run = (given: readonly Handle[]): Handle =>
        runtime.scopes.run(
          () => ownResult(runtime, runtime.use(fn(given), "checkpoint"), given),
          (result) => [result],
        );
      const y = runtime.withTape(null, () => run(operands));
      runtime.record(y, operands, operands, (dy, saved) => {
        const tape = new Tape();
        // A handle that was given twice is saved as two: each gets its own share of the gradient.
        return withLeaves(tape, saved, (leaves) => {
          const again = run(saved);
          const track = runtime.isTracked(again) ? again.track : null;
          const upstream = runtime.keep(dy.array("checkpoint").view());
          const found = runtime.withTape(null, () => tape.differentiate(track, upstream, leaves, arithmetic));
          return publish(found, leaves);
        });
      });
      return y;
    },

    customGradient(inputs, forward) {
      const operands = inputs.map((x) => runtime.use(x, "customGradient"));
      const needsGradient = operands.some((x) => runtime.isTracked(x));
      const result = runtime.withTape(null, () => forward({ needsGradient }));
      const value = ownResult(runtime, runtime.use(result.value, "customGradient"), operands);
      const aux = result.aux ?? [];
      const saved = result.saved.map((x) => runtime.use(x, "customGradient"));
      const shapes = operands.map((x) => x.shape);
      runtime.record(value, operands, saved, (dy, kept) => {
        return resolveGradients(result.backward(dy, kept), shapes);
      });
      const surviving = new Set<Tensor>([value, ...aux, ...operands]);
      for (const x of saved) if (!surviving.has(x)) x.dispose();
      return { value, aux };
    },
  };
}

/** A function may return its operand; the caller must own the result, so it gets a handle of its own. */
function ownResult(runtime: Runtime, result: Handle, operands: readonly Handle[]): Handle {
  if (!operands.includes(result)) return result;
  const alias = runtime.alias(result);
  alias.track = result.track;
  return alias;
}

function checkResult(
  runtime: Runtime,
  result: Tensor | { readonly value: Tensor; readonly aux: readonly Tensor[] },
  parameters: readonly Handle[],
): { value: Handle; aux: Handle[] } {
  const isBare = "dtype" in result;
  const value = runtime.use(isBare ? result : result.value, "valueAndGrad");
  assertScalarValue(value);
  const aux = isBare ? [] : result.aux.map((x) => runtime.use(x, "valueAndGrad"));
  return {
    value: ownResult(runtime, value, parameters),
    aux: aux.map((x) => ownResult(runtime, x, parameters)),
  };
}
