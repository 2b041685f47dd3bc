/** The plain JavaScript variant as the oracle of the WebAssembly one: the same calls on both, the same numbers wanted. */

import { type Backend, fillNormal, RandomKey, type Shape, shapeSize, type Tensor } from "@soft-tokens/tensor";
import { expectClose, withLeakCheck } from "@soft-tokens/tensor/testing";
import { createTfjsBackend, type TfjsBackend } from "../create.ts";

export interface BothBackends {
  readonly wasm: TfjsBackend;
  readonly cpu: TfjsBackend;
  /** Runs `compute` on both backends with the same inputs and compares each result. */
  compare(shapes: readonly Shape[], compute: Compute): Promise<void>;
  dispose(): void;
}

export type Compute = (ops: Backend, inputs: readonly Tensor[]) => Tensor | readonly Tensor[];

export async function openBothBackends(): Promise<BothBackends> {
  const wasm = await createTfjsBackend({ variant: "wasm" });
  const cpu = await createTfjsBackend({ variant: "cpu" });
  return {
    wasm,
    cpu,
    async compare(shapes, compute) {
      const wanted = await run(cpu, shapes, compute, async (result) => ({
        data: await cpu.read(result),
        shape: result.shape,
      }));
      let at = 0;
      await run(wasm, shapes, compute, async (result) => {
        const { data, shape } = wanted[at++] as { data: ArrayLike<number>; shape: Shape };
        await expectClose(wasm, result, data, { shape });
      });
    },
    dispose() {
      wasm.dispose();
      cpu.dispose();
    },
  };
}

async function run<T>(
  ops: Backend,
  shapes: readonly Shape[],
  compute: Compute,
  use: (result: Tensor) => Promise<T>,
): Promise<T[]> {
  return withLeakCheck(ops, async () => {
    const inputs = shapes.map((shape, at) => ops.tensor(normal(shape, at), shape));
    const result = ops.tidy(() => compute(ops, inputs));
    const results = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
    const used: T[] = [];
    for (const x of results) used.push(await use(x));
    for (const x of [...inputs, ...results]) x.dispose();
    return used;
  });
}

/** Standard normal numbers that depend on the shape and a number only. */
export function normal(shape: Shape, at = 0): Float32Array {
  const out = new Float32Array(shapeSize(shape));
  fillNormal(RandomKey.fromSeed(7).fold(at, ...shape), out);
  return out;
}

/** Value and gradients by all inputs of a weighted sum of `compute`'s result. */
export function withGradients(compute: (ops: Backend, inputs: readonly Tensor[]) => Tensor): Compute {
  return (ops, inputs) => {
    const { value, gradients, aux } = ops.valueAndGrad(() => {
      const y = compute(ops, inputs);
      const weights = ops.tensor(normal(y.shape, 99), y.shape);
      return { value: ops.sum(ops.multiply(y, weights)), aux: [y] };
    }, inputs);
    return [value, ...aux, ...gradients];
  };
}
