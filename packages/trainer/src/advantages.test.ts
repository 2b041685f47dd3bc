import { describe, expect, it } from "vitest";
import { advantages, ESTIMATORS } from "./advantages.ts";

describe("advantages", () => {
  it("score a sample against the mean of its siblings", () => {
    expect(advantages("rloo", [[100, 10, 0, 0]])).toEqual([[100 - 10 / 3, 10 - 100 / 3, -110 / 3, -110 / 3]]);
  });

  it("differ from the mean baseline by the factor G / (G - 1)", () => {
    const [rloo] = advantages("rloo", [[3, 8, 1, 0, 10]]) as [number[]];
    const [mean] = advantages("reinforce", [[3, 8, 1, 0, 10]]) as [number[]];
    for (const [i, value] of mean.entries()) expect(rloo[i]).toBeCloseTo((value * 5) / 4, 12);
  });

  it("have unit variance for GRPO", () => {
    const [values] = advantages("grpo", [[100, 10, 0, 0, 10]]) as [number[]];
    expect(values.reduce((total, value) => total + value * value, 0) / 4).toBeCloseTo(1, 12);
  });

  it.each(ESTIMATORS)("sum to zero in every group (%s)", (estimator) => {
    const groups = [
      [100, 10, 0, 0, 10, 100, 0],
      [0.1, 0.7, 0.25],
      [0, 1],
    ];
    for (const group of advantages(estimator, groups)) {
      expect(Math.abs(group.reduce((total, value) => total + value, 0))).toBeLessThan(1e-12);
    }
  });

  it.each(ESTIMATORS)(
    "are exactly zero where all rewards are equal, even where the mean is not exact (%s)",
    (estimator) => {
      expect(advantages(estimator, [Array(7).fill(0.1)])).toEqual([Array(7).fill(0)]);
    },
  );

  it("refuse a group of one", () => {
    expect(() => advantages("rloo", [[1]])).toThrow(RangeError);
  });
});
