import { describe, expect, test } from "vitest";
import type { EncodedQuestion } from "./encode-choices.ts";
import { batchCost, batchTokens, planBatches } from "./plan-batches.ts";

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
    expect(Math.max(...batches.map(batchCost))).toBeLessThanOrEqual(1500);
  });

  test("begin with the most expensive one, so that memory runs out at once or never", () => {
    const costs = planBatches(mixed, 1500).map(batchCost);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
  });

  test("compute no padding, and show attention little of it", () => {
    const tokens = mixed.reduce(
      (sum, { contextIds, choiceIds }) =>
        sum + contextIds.length + choiceIds.flat().length - choiceIds.length,
      0,
    );
    const batches = planBatches(mixed, 4096);
    const total = (size: "tokens" | "places") =>
      batches.reduce((sum, batch) => sum + batchTokens(batch)[size], 0);
    expect(total("tokens")).toBe(tokens);
    expect(total("places") / tokens).toBeLessThan(1.5);
    expect(batches.reduce((sum, batch) => sum + batchCost(batch), 0) / tokens).toBeLessThan(1.05);
  });

  test("count a place of padding as an eighth of a token", () => {
    const batch = [question(0, 10, [5, 3, 1]), question(1, 6, [2])];
    // fed: 4, 2, none and 1 of three rows, behind 10 and 6
    expect(batchTokens(batch)).toEqual({ tokens: 16 + 7, places: 2 * 10 + 3 * 4 });
    expect(batchCost(batch)).toBe(23 + 9 / 8);
  });

  test("give a question that is longer than the limit a batch of its own", () => {
    const batches = planBatches([question(0, 5000, [3, 3]), ...mixed.slice(0, 3)], 1000);
    expect(batches[0]?.map(({ contextIds }) => contextIds.length)).toEqual([5000]);
  });

  test("of no questions are none", () => {
    expect(planBatches([], 100)).toEqual([]);
  });
});
