/** Writes in place must never be seen through another handle, nor change a gradient that is still to come. */

import { adamW, type Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it } from "vitest";
import { createTfjsBackend } from "../create.ts";

const ops = await createTfjsBackend({ variant: "wasm" });
afterAll(() => ops.dispose());

describe("writes in place", () => {
  it("leave clones, reshapes and whole slices as they were", async () => {
    await withLeakCheck(ops, async () => {
      using target = ops.tensor([1, 2, 3, 4], [2, 2]);
      using clone = ops.clone(target);
      using flat = ops.reshape(target, [4]);
      using whole = ops.slice(target, [0, 0], [2, 2]);
      using update = ops.tensor([9, 9], [1, 2]);
      ops.writeSlice(target, update, { axis: 0, start: 1 });
      expect(await values(target)).toEqual([1, 2, 9, 9]);
      for (const other of [clone, flat, whole]) expect(await values(other)).toEqual([1, 2, 3, 4]);
    });
  });

  it("reuse the memory where nobody else holds it", () => {
    using target = ops.zeros([64, 64]);
    using update = ops.ones([1, 64]);
    const before = ops.memory().bytes;
    for (let start = 0; start < 64; start++) ops.writeSlice(target, update, { axis: 0, start });
    expect(ops.memory().bytes).toBe(before);
  });

  it("may take a part of the target itself", async () => {
    using target = ops.tensor([1, 2, 3, 4], [4]);
    using part = ops.slice(target, [0], [2]);
    ops.writeSlice(target, part, { axis: 0, start: 1 });
    expect(await values(target)).toEqual([1, 1, 2, 4]);
    ops.writeSlice(target, target, { axis: 0, start: 0 });
    expect(await values(target)).toEqual([1, 1, 2, 4]);
  });

  it("between an operation and its gradient do not change the gradient", async () => {
    await withLeakCheck(ops, async () => {
      using x = ops.tensor([2, 3], [2]);
      const result = ops.valueAndGrad(() => {
        using scratch = ops.multiply(x, x);
        const value = ops.sum(ops.square(scratch));
        using zeros = ops.zeros([2]);
        ops.writeSlice(scratch, zeros, { axis: 0, start: 0 });
        return value;
      }, [x]);
      expect(await values(result.gradients[0] as Tensor)).toEqual([32, 108]);
      for (const handle of [result.value, ...result.gradients]) handle.dispose();
    });
  });

  it("AdamW moves a shared parameter to memory of its own", async () => {
    using parameter = ops.ones([5]);
    using copy = ops.clone(parameter);
    using first = ops.zeros([5]);
    using second = ops.zeros([5]);
    adamW(ops, {
      ...{ parameter, gradient: copy, firstMoment: first, secondMoment: second, step: 1, learningRate: 0.5 },
      ...{ beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0, gradientScale: 1 },
    });
    expect(await values(copy)).toEqual([1, 1, 1, 1, 1]);
    expect((await values(parameter))[0]).toBeCloseTo(0.5);
  });
});

async function values(x: Tensor): Promise<number[]> {
  return Array.from(await ops.read(x));
}
