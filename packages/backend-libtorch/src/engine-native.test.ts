/**
 * The engine behind the contract: its thread, its errors that come back late, its memory. Where SOFT_TOKENS_NATIVE_TESTS=1
 * asks for it, as `conformance-native.test.ts`.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RandomKey, type Tensor, TensorError } from "@soft-tokens/tensor";
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

  it("leaves the event loop free while it computes", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 2);
    const start = performance.now();
    const x = backend.tidy(longChain);
    const enqueued = performance.now() - start;
    await backend.read(x);
    const all = performance.now() - start;
    clearInterval(timer);
    x.dispose();
    expect(enqueued).toBeLessThan(all / 2);
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
