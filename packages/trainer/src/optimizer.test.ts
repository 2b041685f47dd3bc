import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clipScale, differenceNorm, GradientSum, globalNorm } from "./gradient-sum.ts";
import { type AdamW, createAdamW } from "./optimizer.ts";
import { updateWeights } from "./update-weights.ts";

let ops: TfjsBackend;
beforeAll(async () => {
  ops = await createTfjsBackend({ variant: "cpu" });
});
afterAll(() => ops[Symbol.dispose]());

const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
const numbers = async (tensor: Tensor) => Array.from(await ops.read(tensor));

/** The textbook form in float64, one number at a time. */
function adamByHand(start: number, gradients: readonly number[], learningRate: number): number {
  let [parameter, first, second] = [start, 0, 0];
  for (const [index, gradient] of gradients.entries()) {
    first = 0.9 * first + 0.1 * gradient;
    second = 0.999 * second + 0.001 * gradient * gradient;
    const step = index + 1;
    const update = first / (1 - 0.9 ** step) / (Math.sqrt(second / (1 - 0.999 ** step)) + 1e-8);
    parameter = parameter * (1 - learningRate * 0.1) - learningRate * update;
  }
  return parameter;
}

describe("createAdamW", () => {
  it.each([false, true])(
    "makes the textbook's steps in place (master weights: %s)",
    async (masterWeights) => {
      await withLeakCheck(ops, async () => {
        using parameter = ops.tensor([1, -2], [2]);
        using optimizer = createAdamW({
          backend: ops,
          parameters: new Map([["w", parameter]]),
          ...adam,
          masterWeights,
        });
        expect([...optimizer.state.keys()]).toEqual([
          "first.w",
          "second.w",
          ...(masterWeights ? ["master.w"] : []),
        ]);
        for (const gradient of [0.3, -0.2, 0.1]) {
          using gradient_2 = ops.tensor([gradient, 2 * gradient], [2]);
          optimizer.update([gradient_2], { learningRate: 0.01, gradientScale: 0.5 });
        }
        const [a, b] = await numbers(parameter);
        expect(a).toBeCloseTo(adamByHand(1, [0.15, -0.1, 0.05], 0.01), 6);
        expect(b).toBeCloseTo(adamByHand(-2, [0.3, -0.2, 0.1], 0.01), 6);
      });
    },
  );
});

describe("the optimizer's moments", () => {
  it("are stored in the dtype that was asked for, or refused by a backend that lacks it", () => {
    using parameter = ops.ones([2]);
    const create = (optimizerMoments: "float32" | "bfloat16") =>
      createAdamW({ backend: ops, parameters: new Map([["w", parameter]]), ...adam, optimizerMoments });
    using optimizer = create("float32");
    expect([...optimizer.state.values()].map(({ dtype }) => dtype)).toEqual(["float32", "float32"]);
    expect(() => create("bfloat16")).toThrow(expect.objectContaining({ code: "UNSUPPORTED_OP" }));
  });
});

describe("GradientSum", () => {
  it("adds the gradients of micro-batches", async () => {
    await withLeakCheck(ops, async () => {
      using parameter = ops.zeros([2]);
      using sum = new GradientSum(ops, [parameter]);
      for (const factor of [
        [1, 2],
        [2, 2],
      ]) {
        const { value } = sum.add(() =>
          ops.tidy(() => ops.sum(ops.multiply(parameter, ops.tensor(factor, [2])))),
        );
        value.dispose();
      }
      expect(await numbers(sum.tensors[0] as Tensor)).toEqual([3, 4]);
      expect(await sum.norm()).toBe(5);
    });
  });

  it("is zero where nothing was added", async () => {
    using parameter = ops.ones([2, 3]);
    using sum = new GradientSum(ops, [parameter]);
    expect(await sum.norm()).toBe(0);
    expect(sum.tensors[0]?.shape).toEqual([2, 3]);
  });
});

describe("the global norm", () => {
  it("spans all tensors, and shows NaN and infinity", async () => {
    using a = ops.tensor([3, 0], [2]);
    using b = ops.tensor([[4]].flat(), [1, 1]);
    using bad = ops.tensor([Number.NaN], [1]);
    using huge = ops.tensor([1e30], [1]);
    expect(await globalNorm(ops, [a, b])).toBe(5);
    expect(await globalNorm(ops, [a, bad])).toBeNaN();
    expect(await globalNorm(ops, [huge])).toBe(Number.POSITIVE_INFINITY);
    expect(await differenceNorm(ops, [a], [a])).toBe(0);
  });

  it("is clipped from above only, and not at all at limit 0", () => {
    expect(clipScale(4, 1)).toBeCloseTo(0.25, 6);
    expect(clipScale(0.5, 1)).toBe(1);
    expect(clipScale(1e9, 0)).toBe(1);
  });
});

describe("updateWeights", () => {
  const settings = {
    schedule: "constant",
    learningRate: 0.1,
    warmupSteps: 0,
    steps: 9,
    gradientClip: 1,
    gradientSpikeFactor: 3,
  } as const;
  const updateWith = async (
    parameter: Tensor,
    optimizer: AdamW,
    gradient: number,
    recentNorms: readonly number[],
  ) => {
    using gradients = new GradientSum(ops, [parameter]);
    const { value } = gradients.add(() =>
      ops.tidy(() => ops.sum(ops.affine(parameter, { scale: gradient }))),
    );
    value.dispose();
    return await updateWeights(1, optimizer, gradients, settings, recentNorms);
  };

  it("leaves weights and optimizer alone where the gradient is not finite", async () => {
    using parameter = ops.ones([1]);
    using optimizer = createAdamW({ backend: ops, parameters: new Map([["w", parameter]]), ...adam });
    const update = (gradient: number) => updateWith(parameter, optimizer, gradient, []);
    const skipped = await update(Number.NaN);
    expect(skipped).toMatchObject({ isSkipped: true, metrics: { "optim/skipped": 1 } });
    expect(skipped.warnings[0]?.code).toBe("GRADIENT_NON_FINITE");
    expect(await numbers(parameter)).toEqual([1]);
    expect(optimizer.updates).toBe(0);
    expect(await update(7)).toMatchObject({ isSkipped: false, metrics: { "optim/gradientNorm": 7 } });
    expect(optimizer.updates).toBe(1);
  });

  it("leaves a spike out when asked to, but never while too few norms say what is usual", async () => {
    using parameter = ops.ones([1]);
    using optimizer = createAdamW({ backend: ops, parameters: new Map([["w", parameter]]), ...adam });
    const update = (gradient: number, recentNorms: readonly number[]) =>
      updateWith(parameter, optimizer, gradient, recentNorms);
    const usual = Array.from({ length: 10 }, () => 2);
    expect(await update(6.1, usual)).toMatchObject({ isSkipped: false, metrics: { "optim/skipped": 1 } });
    expect(await numbers(parameter)).toEqual([1]);
    expect(await update(5.9, usual)).toMatchObject({ metrics: { "optim/skipped": 0 } });
    expect(await update(1000, usual.slice(1))).toMatchObject({ metrics: { "optim/skipped": 0 } });
    expect(optimizer.updates).toBe(2);
  });

  it("gives a parameter its own share of the learning rate", async () => {
    using slow = ops.ones([1]);
    using fast = ops.ones([1]);
    using optimizer = createAdamW({
      backend: ops,
      parameters: new Map([
        ["slow", slow],
        ["fast", fast],
      ]),
      learningRateFactor: (parameter) => (parameter === fast ? 50 : 1),
      ...adam,
      weightDecay: 0,
    });
    using gradient = ops.ones([1]);
    optimizer.update([gradient, gradient], { learningRate: 0.001, gradientScale: 1 });
    expect((await numbers(slow))[0]).toBeCloseTo(0.999, 5);
    expect((await numbers(fast))[0]).toBeCloseTo(0.95, 5);
  });
});
