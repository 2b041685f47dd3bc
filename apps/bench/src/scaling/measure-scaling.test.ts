import { describe, expect, it } from "vitest";
import { growthExponent, pointsOf } from "./measure-scaling.ts";

const base = {
  ...{ prompts: 2, samples: 8, promptTokens: 150, thoughtSteps: 128, answerTokens: 32 },
  ...{ memoryBudgetBytes: 2 ** 30, checkpointLayers: false, optimizerMoments: "float32" as const },
  headElements: 2 ** 22,
};

describe("pointsOf", () => {
  it("varies one thing at a time", () => {
    const plan = { base, thoughtSteps: [128, 512], samples: [8, 32], rounds: 1, train: true };
    expect(
      pointsOf(plan).map(({ axis, workload }) => [axis, workload.thoughtSteps, workload.samples]),
    ).toEqual([
      ["thoughtSteps", 128, 8],
      ["thoughtSteps", 512, 8],
      ["samples", 128, 8],
      ["samples", 128, 32],
    ]);
  });
});

describe("growthExponent", () => {
  const cost = (power: number) => [1, 4, 16].map((size) => ({ size, seconds: 3 * size ** power }));

  it("is the power of the size that the cost follows", () => {
    expect(growthExponent(cost(1))).toBeCloseTo(1, 12);
    expect(growthExponent(cost(2))).toBeCloseTo(2, 12);
    expect(growthExponent(cost(0))).toBeCloseTo(0, 12);
  });

  it("is not a number for one point", () => {
    expect(growthExponent(cost(1).slice(0, 1))).toBeNaN();
  });
});
