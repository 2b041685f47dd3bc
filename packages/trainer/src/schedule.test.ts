import { describe, expect, it } from "vitest";
import { learningRateAt } from "./schedule.ts";

const paper = { schedule: "cosine", learningRate: 6e-6, warmupSteps: 20, steps: 4000 } as const;

describe("learningRateAt", () => {
  it("rises linearly from the first step and is full at the last warm-up step", () => {
    expect(learningRateAt(1, paper)).toBeCloseTo(6e-6 / 20, 15);
    expect(learningRateAt(10, paper)).toBeCloseTo(3e-6, 15);
    expect(learningRateAt(20, paper)).toBe(6e-6);
  });

  it("is half at the middle of the cosine and nearly zero, but not zero, at the last step", () => {
    expect(learningRateAt(20 + 3981 / 2, paper)).toBeCloseTo(3e-6, 12);
    expect(learningRateAt(4000, paper)).toBeGreaterThan(0);
    expect(learningRateAt(4000, paper)).toBeLessThan(6e-6 * 1e-6);
    expect(learningRateAt(4001, paper)).toBe(0);
  });

  it("never rises after the warm-up", () => {
    for (let step = 21; step <= 4000; step++) {
      expect(learningRateAt(step, paper)).toBeLessThanOrEqual(learningRateAt(step - 1, paper));
    }
  });

  it("starts at the full rate without warm-up", () => {
    expect(learningRateAt(1, { ...paper, warmupSteps: 0 })).toBe(6e-6);
    expect(learningRateAt(1, { ...paper, warmupSteps: 0, steps: 1 })).toBe(6e-6);
  });

  it("stays constant after the warm-up where asked to", () => {
    expect(learningRateAt(4, { schedule: "constant", learningRate: 1, warmupSteps: 2, steps: 4 })).toBe(1);
    expect(learningRateAt(1, { schedule: "constant", learningRate: 1, warmupSteps: 2, steps: 4 })).toBe(0.5);
  });

  it("stays in the warm-up when the run is shorter than it", () => {
    expect(learningRateAt(5, { ...paper, steps: 5 })).toBeCloseTo((6e-6 * 5) / 20, 15);
  });
});
