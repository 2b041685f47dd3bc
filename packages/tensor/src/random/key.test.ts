import { describe, expect, it } from "vitest";
import { type KeyPart, RandomKey } from "./key.ts";

describe("RandomKey", () => {
  it("is the same value for the same seed and parts", () => {
    const a = RandomKey.fromSeed(42).fold("rollout", 3, 1, 0);
    const b = RandomKey.fromSeed(42).fold("rollout").fold(3).fold(1, 0);
    expect(a.words).toEqual(b.words);
  });

  it("differs for every difference in meaning", () => {
    const root = RandomKey.fromSeed(1);
    const paths: KeyPart[][] = [
      [],
      [0],
      [1],
      [-1],
      [2 ** 32],
      [2 ** 32 + 1],
      [2 ** 53 - 1],
      [1 - 2 ** 53],
      ["0"],
      ["1"],
      [""],
      ["a"],
      ["a\0"],
      ["a\0\0\0\0\0\0\0\0"],
      ["abcdefgh"],
      ["abcdefghi"],
      ["ab", "c"],
      ["a", "bc"],
      ["abc"],
      [0, 1],
      [1, 0],
      ["ä"],
      ["a\u0308"],
    ];
    const words = paths.map((path) => root.fold(...path).words.join());
    expect(new Set(words).size).toBe(paths.length);
    const seeds = [0, 1, -1, 2, 2 ** 32].map((seed) => RandomKey.fromSeed(seed).words.join());
    expect(new Set([...words, ...seeds]).size).toBe(paths.length + seeds.length - 1); // seed 1 is the root of all
  });

  it("does not change when a child is derived", () => {
    const root = RandomKey.fromSeed(5);
    const before = [...root.words];
    root.fold("child", 1);
    expect(root.words).toEqual(before);
    expect(root.fold().words).toEqual(before);
  });

  it("treats minus zero as zero", () => {
    expect(RandomKey.fromSeed(-0).words).toEqual(RandomKey.fromSeed(0).words);
  });

  it("returns from its stored words", () => {
    const key = RandomKey.fromSeed(9).fold("x");
    expect(RandomKey.fromWords(key.words).fold(1).words).toEqual(key.fold(1).words);
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses %s as a number", (bad) => {
    expect(() => RandomKey.fromSeed(bad)).toThrow(RangeError);
    expect(() => RandomKey.fromSeed(0).fold(bad)).toThrow(RangeError);
  });

  it.each([[[-1, 0]], [[0, 2 ** 32]], [[0.5, 0]]] as [[number, number]][])("refuses %s as words", (words) => {
    expect(() => RandomKey.fromWords(words)).toThrow(RangeError);
  });

  it("spreads consecutive parts over all bits", () => {
    const root = RandomKey.fromSeed(0);
    const ones = new Array<number>(64).fill(0);
    for (let i = 0; i < 1024; i++) {
      const [low, high] = root.fold(i).words;
      for (let bit = 0; bit < 32; bit++) {
        ones[bit] = (ones[bit] as number) + ((low >>> bit) & 1);
        ones[bit + 32] = (ones[bit + 32] as number) + ((high >>> bit) & 1);
      }
    }
    for (const count of ones) expect(Math.abs(count - 512)).toBeLessThan(4.5 * 16); // 4.5 standard deviations
  });
});
