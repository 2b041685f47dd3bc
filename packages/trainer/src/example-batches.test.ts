import { RandomKey } from "@soft-tokens/tensor";
import { describe, expect, it } from "vitest";
import { createExampleBatches } from "./example-batches.ts";

const key = RandomKey.fromSeed(3);
const examples = Array.from({ length: 23 }, (_, index) => ({
  promptIds: Array<number>(1 + ((index * 7) % 23)).fill(0),
  completionIds: [index],
}));
const batches = (settings: { batchSize: number; lengthBucket: number }) =>
  createExampleBatches(examples, settings, key);
const indexes = (batch: readonly { completionIds: readonly number[] }[]) =>
  batch.map(({ completionIds }) => completionIds[0]);

describe("createExampleBatches", () => {
  it("shows every example once an epoch, the last batch smaller", () => {
    const all = batches({ batchSize: 4, lengthBucket: 3 });
    const epoch = [1, 2, 3, 4, 5, 6].map((step) => indexes(all.at(step)));
    expect(epoch.flat().sort((a, b) => (a as number) - (b as number))).toEqual(
      Array.from({ length: 23 }, (_, i) => i),
    );
    expect(epoch.map((batch) => batch.length).sort()).toEqual([3, 4, 4, 4, 4, 4]);
    expect([7, 8, 9, 10, 11, 12].map((step) => indexes(all.at(step)))).not.toEqual(epoch);
  });

  it("puts neighbours in length together", () => {
    const spread = (lengthBucket: number) => {
      const all = batches({ batchSize: 4, lengthBucket });
      return [1, 2, 3, 4, 5].reduce((total, step) => {
        const lengths = all.at(step).map(({ promptIds }) => promptIds.length);
        return total + Math.max(...lengths) - Math.min(...lengths);
      }, 0);
    };
    expect(spread(6)).toBeLessThan(spread(1) / 2);
  });

  it("depends on the step alone", () => {
    const settings = { batchSize: 4, lengthBucket: 2 };
    const one = batches(settings);
    const whole = Array.from({ length: 20 }, (_, i) => indexes(one.at(i + 1)));
    expect([17, 3, 12].map((step) => indexes(batches(settings).at(step)))).toEqual(
      [16, 2, 11].map((i) => whole[i]),
    );
  });

  it("counts what was drawn", () => {
    const all = batches({ batchSize: 4, lengthBucket: 2 });
    expect([0, 1, 5, 6, 7].map((step) => all.positionAfter(step))).toEqual([0, 4, 20, 23, 27]);
  });
});
