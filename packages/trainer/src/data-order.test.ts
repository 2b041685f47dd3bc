import { RandomKey } from "@soft-tokens/tensor";
import { describe, expect, it } from "vitest";
import { createDataOrder, shuffled } from "./data-order.ts";

const key = RandomKey.fromSeed(7);

describe("createDataOrder", () => {
  it("shows every item once an epoch, in an order of its own", () => {
    const order = createDataOrder(50, key);
    const first = order.slice(0, 50);
    const second = order.slice(50, 50);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect([...second].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(second).not.toEqual(first);
  });

  it("depends on the position alone, so that a resumed run sees the same items", () => {
    const whole = createDataOrder(7, key).slice(0, 30);
    const resumed = createDataOrder(7, key).slice(19, 11);
    expect(resumed).toEqual(whole.slice(19));
  });

  it("differs between keys", () => {
    expect(createDataOrder(20, key.fold("a")).slice(0, 20)).not.toEqual(
      createDataOrder(20, key.fold("b")).slice(0, 20),
    );
  });

  it("refuses an empty set", () => {
    expect(() => createDataOrder(0, key)).toThrow(RangeError);
  });
});

describe("shuffled", () => {
  it("gives each of the six orders of three items about equally often", () => {
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const order = shuffled(3, key.fold(draw)).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150); // 5 standard deviations
  });
});
