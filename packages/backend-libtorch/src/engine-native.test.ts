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

  it("does not call a captured function again, and its replays are right while others take and free slots", async () => {
    let calls = 0;
    using weight = backend.tensor([1, 2, 3, 4], [2, 2]);
    using captured = backend.capture(([x]) => {
      calls++;
      return [backend.tidy(() => backend.matmul(backend.tanh(x as Tensor), weight))];
    });
    const others: Tensor[] = [];
    for (let run = 0; run < 20; run++) {
      using x = backend.full([1, 2], run);
      const [y] = captured.run([x]) as [Tensor];
      others.push(y, backend.ones([3]));
      const activation = Math.tanh(run);
      const values = await backend.read(y);
      expect(values[0]).toBeCloseTo(4 * activation, 5);
      expect(values[1]).toBeCloseTo(6 * activation, 5);
      if (run % 3 === 0) others.shift()?.dispose();
    }
    for (const tensor of others) tensor.dispose();
    expect(calls).toBe(1);
  });

  it("fails a replay whose input has failed, and the next one does not", async () => {
    using captured = backend.capture(([x]) => [backend.tidy(() => backend.sum(backend.square(x as Tensor)))]);
    const run = async (x: Tensor) => {
      const [y] = captured.run([x]) as [Tensor];
      x.dispose();
      return backend.read(y).finally(() => y.dispose());
    };
    const failed = () =>
      backend.reshape(
        backend.tidy(() => backend.slice(huge, [0, 0], [1, 2])),
        [2],
      );
    const huge = backend.zeros([2 ** 24, 2 ** 24]);
    // As the recorded run, and as a replay.
    for (let round = 0; round < 2; round++) {
      await expect(run(failed())).rejects.toMatchObject({ code: "OUT_OF_MEMORY" });
      expect(Array.from(await run(backend.full([2], 3)))).toEqual([18]);
    }
    huge.dispose();
  });

  it("refuses a replay that is to write outside its target: at once where its places are known, else at a read", async () => {
    using cache = backend.zeros([2, 3]);
    using captured = backend.capture(([starts]) => {
      using update = backend.ones([2, 1]);
      backend.writeSlice(cache, update, { axis: 1, start: starts as Tensor });
      return [];
    });
    using first = backend.tensor(Int32Array.from([0, 2]), [2]);
    using wrong = backend.tensor(Int32Array.from([1, 3]), [2]);
    captured.run([first]);
    expect(Array.from(await backend.read(cache))).toEqual([1, 0, 0, 0, 0, 1]);
    expect(() => captured.run([wrong])).toThrow(expect.objectContaining({ code: "INDEX_OUT_OF_RANGE" }));
    expect(Array.from(await backend.read(cache))).toEqual([1, 0, 0, 0, 0, 1]);
    using computed = backend.tidy(() => backend.affine(wrong, { scale: 1 }));
    captured.run([computed]);
    await expect(backend.read(cache)).rejects.toMatchObject({ code: "INDEX_OUT_OF_RANGE" });
  });

  it("frees what a captured function held that was collected without dispose(), and says so", async () => {
    const collect = garbageCollector();
    using x = backend.ones([2]);
    (() => {
      for (const y of backend.capture(([given]) => [backend.square(given as Tensor)]).run([x])) y.dispose();
    })();
    const isNamed = () => warnings.some((warning) => warning.startsWith("a captured function"));
    for (let i = 0; i < 50 && !isNamed(); i++) {
      collect();
      await sleep(10);
    }
    expect(isNamed()).toBe(true);
  });

  it("ends captured functions with itself", async () => {
    const ended = await createLibtorchBackend({ device: "cpu" });
    const x = ended.ones([2]);
    const captured = ended.capture(([given]) => [ended.square(given as Tensor)]);
    for (let run = 0; run < 2; run++) for (const y of captured.run([x])) y.dispose();
    ended.dispose();
    expect(() => captured.run([x])).toThrow(TensorError);
    captured[Symbol.dispose]();
    captured[Symbol.dispose]();
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
