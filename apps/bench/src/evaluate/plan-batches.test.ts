import { describe, expect, test } from "vitest";
import type { EncodedQuestion } from "./encode-choices.ts";
import { paddedTokens, planBatches } from "./plan-batches.ts";

/** A question of `S` context tokens and choices of the given tokens. */
const question = (id: number, S: number, choices: number[]): EncodedQuestion => ({
  id: String(id),
  contextIds: Array(S).fill(1),
  choiceIds: choices.map((length) => Array(length).fill(1)),
  droppedTokens: 0,
});
/** 400 questions whose contexts and choices have nothing to do with each other. */
const mixed = Array.from({ length: 400 }, (_, index) => {
  const length = 1 + ((index * 37) % 40);
  return question(index, 10 + ((index * 53) % 90), [length, length, length, Math.ceil(length / 2)]);
});

describe("batches", () => {
  test("hold every question once and stay below the limit", () => {
    const batches = planBatches(mixed, 1500);
    const ids = batches.flat().map(({ id }) => Number(id));
    expect(ids.sort((a, b) => a - b)).toEqual(mixed.map((_, index) => index));
    expect(Math.max(...batches.map(paddedTokens))).toBeLessThanOrEqual(1500);
  });

  test("begin with the most expensive one, so that memory runs out at once or never", () => {
    const tokens = planBatches(mixed, 1500).map(paddedTokens);
    expect(tokens).toEqual([...tokens].sort((a, b) => b - a));
  });

  test("pad little: a tenth more than what each question needs by itself", () => {
    const padded = planBatches(mixed, 4096).reduce((sum, batch) => sum + paddedTokens(batch), 0);
    const alone = mixed.reduce((sum, one) => sum + paddedTokens([one]), 0);
    expect(padded / alone).toBeLessThan(1.1);
  });

  test("give a question that is longer than the limit a batch of its own", () => {
    const batches = planBatches([question(0, 5000, [3, 3]), ...mixed.slice(0, 3)], 1000);
    expect(batches[0]?.map(({ contextIds }) => contextIds.length)).toEqual([5000]);
  });

  test("of no questions are none", () => {
    expect(planBatches([], 100)).toEqual([]);
  });
});
