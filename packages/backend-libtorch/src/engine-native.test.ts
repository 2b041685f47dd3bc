/**
 * The engine behind the contract: its thread, its errors that come back late, its memory. Where SOFT_TOKENS_NATIVE_TESTS=1
 * asks for it, as `conformance-native.test.ts`.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gatedMlp, RandomKey, type Tensor, TensorError, tokenLogProb } from "@soft-tokens/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLibtorchBackend } from "./index.ts";

if (process.env.SOFT_TOKENS_NATIVE_TESTS === "1") describe("the native engine", engineTests);
else {
  describe("the native engine", () => {
    it("is not asked for by a number of threads that is none, built or not", async () => {
      await expect(createLibtorchBackend({ threads: -1 })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    });
  });
}

function engineTests() {
  const warnings: string[] = [];
  let backend: Awaited<ReturnType<typeof createLibtorchBackend>>;
  beforeAll(async () => {
    backend = await createLibtorchBackend({ device: "cpu", onLeak: (message) => warnings.push(message) });
  });
  afterAll(() => backend.dispose());

  /** About a second of work that nobody waits for yet. */
  function longChain(): Tensor {
    let x = backend.randomNormal([1024, 1024], { key: RandomKey.fromSeed(1) });
    for (let i = 0; i < 25; i++) {
      const next = backend.tanh(backend.matmul(x, x));
      x.dispose();
      x = next;
    }
    return x;
  }

  it.each([
    ["whole tiles", 64, 96, 160],
    ["a few rows more", 101, 64, 96],
    ["a single row", 1, 32, 32],
    ["sizes that no tile fits", 20, 24, 40],
  ])(
    "gradients of bfloat16 linear layers are those of float32, added to sums or returned: %s",
    async (_, M, K, N) => {
      const wave = (shape: number[], step: number) =>
        backend.tidy(() => {
          const size = shape.reduce((product, length) => product * length, 1);
          const values = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + step * i));
          return backend.cast(backend.cast(backend.tensor(values, shape), "bfloat16"), "float32");
        });
      const wide = [wave([M, K], 0.37), wave([K, N], 0.61), wave([K, N], 0.83), wave([N, K], 0.59)];
      const narrow = wide.map((x) => backend.cast(x, "bfloat16"));
      const fn = (operands: readonly Tensor[]) => () => {
        const [x, a, b, c] = operands as [Tensor, Tensor, Tensor, Tensor];
        return backend.tidy(() => {
          const both = backend.matmul(backend.matmul(x, a), c, { outputDtype: "float32" });
          const gated = gatedMlp(backend, x, a, b, c, { outputDtype: "float32" });
          return backend.affine(backend.sum(backend.add(both, gated)), { scale: 1 / N });
        });
      };
      const want = backend.valueAndGrad(fn(wide), wide);
      const got = backend.valueAndGrad(fn(narrow), narrow);
      const sums = wide.map(({ shape }) => backend.ones(shape));
      const added = backend.valueAndGrad(fn(narrow), narrow, { addTo: sums });
      for (const [at, gradient] of want.gradients.entries()) {
        const reference = await backend.read(gradient);
        const size = Math.max(...Array.from(reference, Math.abs));
        const distance = (values: ArrayLike<number>, offset: number) =>
          Math.max(...Array.from(values, (value, i) => Math.abs(value - offset - (reference[i] as number)))) /
          size;
        expect(distance(await backend.read(got.gradients[at] as Tensor), 0)).toBeLessThan(0.02);
        expect(distance(await backend.read(sums[at] as Tensor), 1)).toBeLessThan(0.02);
      }
      const owned = [want.value, got.value, added.value, ...want.gradients, ...got.gradients];
      for (const tensor of [...owned, ...sums, ...wide, ...narrow]) tensor.dispose();
    },
  );

  it("refuses to add the gradient of a log-probability that does not enter the value as it is", async () => {
    using hidden = backend.ones([2, 4]);
    using weight = backend.ones([3, 4]);
    using ids = backend.zeros([2], "int32");
    using coefficients = backend.ones([2]);
    const score = () =>
      tokenLogProb(backend, {
        hidden_RD: hidden,
        weight_VD: weight,
        ids_R: ids,
        coefficient_R: coefficients,
        temperature: 1,
      }).value;
    const scaled = () => backend.affine(score(), { scale: 2 });
    const leftOut = () =>
      backend.add(backend.sum(weight), backend.affine(backend.stopGradient(score()), { scale: 0 }));
    for (const fn of [scaled, leftOut]) {
      using sum = backend.zeros([3, 4]);
      backend.valueAndGrad(() => backend.tidy(fn), [weight], { addTo: [sum] }).value.dispose();
      await expect(backend.read(sum)).rejects.toMatchObject({ code: "BACKEND_FAILURE" });
    }
    using sum = backend.zeros([3, 4]);
    backend.valueAndGrad(() => backend.tidy(score), [weight], { addTo: [sum] }).value.dispose();
    await backend.read(sum);
  });

  it("leaves the event loop free while it computes", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 2);
    const x = backend.tidy(longChain);
    await backend.read(x);
    clearInterval(timer);
    x.dispose();
    expect(ticks).toBeGreaterThan(3);
  });

  it("says by code that memory does not suffice, and goes on", async () => {
    const huge = backend.zeros([2 ** 24, 2 ** 24]);
    await expect(backend.read(huge)).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
    huge.dispose();
    using one = backend.ones([2]);
    expect(Array.from(await backend.read(one))).toEqual([1, 1]);
  });

  it("carries an error to everything that was made of it, with the operation that failed, and to nothing else", async () => {
    const huge = backend.zeros([2 ** 24, 2 ** 24]);
    const derived = backend.tidy(() => backend.sum(backend.square(huge)));
    const other = backend.ones([1]);
    const error: unknown = await backend.read(derived).catch((reason) => reason);
    expect(error).toBeInstanceOf(TensorError);
    expect((error as Error).message).toMatch(/zeros|full/);
    expect(Array.from(await backend.read(other))).toEqual([1]);
    for (const tensor of [huge, derived, other]) tensor.dispose();
  });

  it("names tensors that were collected without dispose(), and counts them no more", async () => {
    const collect = garbageCollector();
    const before = backend.memory();
    (() => {
      for (let i = 0; i < 50; i++) backend.zeros([1000]);
    })();
    for (let i = 0; i < 50 && warnings.length === 0; i++) {
      collect();
      await sleep(10);
    }
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings[0]).toMatch(/dispose/);
    for (let i = 0; i < 50 && backend.memory().tensors > before.tensors; i++) {
      collect();
      await sleep(10);
    }
    expect(backend.memory().tensors).toBe(before.tensors);
    expect(backend.memory().bytes).toBe(before.bytes);
  });

  it("does not grow over training steps", async () => {
    const weight = backend.randomNormal([64, 64], { key: RandomKey.fromSeed(2) });
    const step = async () => {
      const { value, gradients } = backend.valueAndGrad(
        () => backend.tidy(() => backend.sum(backend.square(backend.matmul(weight, weight)))),
        [weight],
      );
      await backend.read(value);
      for (const tensor of [value, ...gradients]) tensor.dispose();
    };
    await step();
    const before = backend.memory();
    for (let i = 0; i < 200; i++) await step();
    const after = backend.memory();
    expect([after.tensors, after.bytes, after.peakBytes]).toEqual([
      before.tensors,
      before.bytes,
      before.peakBytes,
    ]);
    weight.dispose();
  });

  it("finishes a read that began before the tensor was disposed", async () => {
    const x = backend.tidy(longChain);
    const reading = backend.read(x);
    x.dispose();
    expect(await reading).toHaveLength(1024 * 1024);
  });

  it("refuses to work after its end, by code", async () => {
    const ended = await createLibtorchBackend({ device: "cpu" });
    const tensor = ended.ones([1]);
    ended.dispose();
    ended.dispose();
    expect(() => ended.add(tensor, tensor)).toThrow(TensorError);
    await expect(Promise.resolve().then(() => ended.read(tensor))).rejects.toBeInstanceOf(TensorError);
  });
}

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
