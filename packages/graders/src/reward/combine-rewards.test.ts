import { describe, expect, it } from "vitest";
import { combineRewards } from "./combine-rewards.ts";
import { thinkFormatReward } from "./format-rewards.ts";
import { rewardMath } from "./grade-response.ts";
import { overlongPenalty } from "./length-rewards.ts";

interface Sample {
  readonly text: string;
  readonly gold: string;
  readonly length: number;
}

describe("combined rewards", () => {
  const reward = combineRewards<Sample>([
    { name: "correct", reward: ({ text, gold }) => rewardMath(text, gold) },
    { name: "format", weight: 5, reward: ({ text }) => thinkFormatReward(text) },
    { name: "length", weight: 20, reward: ({ length }) => overlongPenalty(length, 100, 20) },
  ]);

  it("are the weighted sum, with the parts as they were", () => {
    const text = "<think>why</think>\\boxed{3}";
    expect(reward({ text, gold: "3", length: 90 })).toEqual({
      reward: 100 + 5 - 10,
      parts: { correct: 100, format: 1, length: -0.5 },
    });
    expect(reward({ text: "3", gold: "3", length: 10 }).reward).toBe(0);
    expect(combineRewards([])({})).toEqual({ reward: 0, parts: {} });
  });

  it("are refused where a part has no finite value, or two have one name", () => {
    const broken = combineRewards<Sample>([{ name: "ratio", reward: ({ length }) => 0 / length }]);
    expect(() => broken({ text: "", gold: "", length: 0 })).toThrow("ratio gave NaN");
    const part = { name: "a", reward: () => 1 };
    expect(() => combineRewards([part, part])).toThrow('two rewards are called "a"');
    expect(() => combineRewards([{ ...part, weight: Number.POSITIVE_INFINITY }])).toThrow("weight of a");
  });
});
