import { describe, expect, it } from "vitest";
import {
  answerTagReward,
  reasoningStepsReward,
  tagCountReward,
  thinkFormatReward,
} from "./format-rewards.ts";
import { cosineLengthReward, groupLengthRewards, overlongPenalty } from "./length-rewards.ts";
import { repetitionPenalty, wordsForRepetition } from "./repetition-rewards.ts";

describe("format rewards", () => {
  it("want one thought at the beginning", () => {
    expect(thinkFormatReward("<think>why</think>5")).toBe(1);
    expect(thinkFormatReward("so <think>why</think>5")).toBe(0);
    expect(thinkFormatReward("<think><think>why</think></think>5")).toBe(0);
    expect(thinkFormatReward("<think>why 5")).toBe(0);
  });

  it("want thought and answer in their tags", () => {
    expect(answerTagReward("<think>\nwhy\n</think>\n<answer>\n5\n</answer>")).toBe(1);
    expect(answerTagReward("<think>why</think><answer>5</answer>")).toBe(0);
    expect(answerTagReward("<think>\n</think>\n<answer>\n</answer>")).toBe(0);
  });

  it("count the tags that stand once", () => {
    expect(tagCountReward("<think>\nwhy\n</think>\n<answer>\n5\n</answer>")).toBe(1);
    expect(tagCountReward("why\n</think>\n<answer>\n5\n</answer>")).toBe(0.75);
    expect(tagCountReward("5")).toBe(0);
  });

  it("count visible steps up to three", () => {
    expect(reasoningStepsReward("First, a.\nSecond, b.")).toBeCloseTo(2 / 3);
    expect(reasoningStepsReward("1. a\n2. b\n3. c\n4. d")).toBe(1);
  });
});

describe("length rewards", () => {
  it("follow a cosine from the short to the long end", () => {
    expect(cosineLengthReward(true, 0, 100)).toBe(1);
    expect(cosineLengthReward(true, 50, 100)).toBeCloseTo(0.75);
    expect(cosineLengthReward(true, 500, 100)).toBeCloseTo(0.5);
    expect(cosineLengthReward(false, 25, 100)).toBeCloseTo(-0.92678, 4);
  });

  it("compare the samples of a group", () => {
    const sample = (isCorrect: boolean, length: number) => ({ isCorrect, length });
    expect(
      groupLengthRewards([sample(true, 10), sample(true, 20), sample(false, 10), sample(false, 20)]),
    ).toEqual([0.5, -0.5, 0, -0.5]);
    expect(groupLengthRewards([sample(true, 10), sample(false, 10)])).toEqual([0, 0]);
  });

  it("punish softly near the limit", () => {
    expect(overlongPenalty(80, 100, 20)).toBe(0);
    expect(overlongPenalty(90, 100, 20)).toBe(-0.5);
    expect(overlongPenalty(101, 100, 20)).toBe(-1);
  });
});

describe("repetition", () => {
  it("is punished by the fraction of repeated n-grams", () => {
    expect(repetitionPenalty([5, 5, 5, 5, 5], 2, -1)).toBe(-0.75);
    expect(repetitionPenalty([1, 2, 3], 2, -1)).toBe(0);
    expect(repetitionPenalty([1], 2, -1)).toBe(0);
  });

  it("does not confuse items that print alike side by side", () => {
    expect(repetitionPenalty(["a b", "c", "a", "b c"], 2, -1)).toBe(0);
  });

  it("splits words by the language's own rules", () => {
    expect(wordsForRepetition("This  is THIS")).toEqual(["this", "is", "this"]);
    expect(wordsForRepetition("这个这个", "zh")).toEqual(["这个", "这个"]);
  });
});
