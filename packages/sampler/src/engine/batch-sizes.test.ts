import { describe, expect, it } from "vitest";
import { keptBatchSize, rowsToKeep } from "./batch-sizes.ts";

describe("keptBatchSize", () => {
  it("falls through the same few sizes, never below the active rows", () => {
    const sizes = new Set<number>();
    let rows = 64;
    for (let active = 64; active >= 1; active--) {
      rows = keptBatchSize(rows, active);
      expect(rows).toBeGreaterThanOrEqual(active);
      sizes.add(rows);
    }
    expect([...sizes]).toEqual([64, 48, 36, 27, 20, 15, 11, 8, 6, 4, 3, 2, 1]);
  });

  it("passes several sizes at once and keeps a batch of one", () => {
    expect(keptBatchSize(64, 9)).toBe(11);
    expect(keptBatchSize(1, 1)).toBe(1);
    expect(keptBatchSize(5, 4)).toBe(5);
  });
});

describe("rowsToKeep", () => {
  it("keeps active rows and fills up with finished ones, in order", () => {
    expect(rowsToKeep([true, false, true, false, true], 3)).toEqual([0, 2, 4]);
    expect(rowsToKeep([false, true, false, true], 3)).toEqual([0, 1, 3]);
  });
});
