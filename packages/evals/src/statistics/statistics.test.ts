import { describe, expect, test } from "vitest";
import { createGenerator } from "./generator.ts";
import { bootstrapMean, meanInterval, wilsonInterval } from "./intervals.ts";
import { majorityCorrect } from "./majority.ts";
import { pairedDifference } from "./paired.ts";
import { passAtK } from "./pass-at-k.ts";

describe("passAtK", () => {
  test("equals the share of draws that hold a correct sample, counted one by one", () => {
    for (let n = 1; n <= 9; n++) {
      for (let c = 0; c <= n; c++) {
        for (let k = 1; k <= n; k++) expect(passAtK(n, c, k)).toBeCloseTo(countDraws(n, c, k), 12);
      }
    }
  });

  test("stays exact where binomials overflow", () => {
    expect(passAtK(5000, 1, 2500)).toBeCloseTo(0.5, 12);
    expect(passAtK(3000, 7, 1)).toBe(7 / 3000);
  });

  test.each([
    [4, 2, 5],
    [4, 2, 0],
    [4, 5, 1],
    [4, -1, 1],
    [4, 1.5, 1],
    [0, 0, 1],
  ])("refuses n %d, c %d, k %d", (n, c, k) => {
    expect(() => passAtK(n, c, k)).toThrow(RangeError);
  });

  /** Over all subsets of k of n samples, the first c of which are correct. */
  function countDraws(n: number, c: number, k: number): number {
    let [draws, lucky] = [0, 0];
    for (let set = 0; set < 2 ** n; set++) {
      const members = Array.from({ length: n }, (_, index) => index).filter((index) => set & (1 << index));
      if (members.length !== k) continue;
      draws += 1;
      if (members.some((index) => index < c)) lucky += 1;
    }
    return lucky / draws;
  }
});

describe("the generator", () => {
  test("gives the same integers for the same seed and others for another", () => {
    const numbers = (seed: number) => {
      const draw = createGenerator(seed);
      return Array.from({ length: 8 }, () => draw(1000));
    };
    expect(numbers(1)).toEqual(numbers(1));
    expect(numbers(1)).not.toEqual(numbers(2));
    expect(numbers(1)).not.toEqual(numbers(1 + 2 ** 32));
    expect(numbers(7)).toMatchInlineSnapshot(`
      [
        49,
        165,
        929,
        952,
        397,
        639,
        306,
        106,
      ]
    `);
  });

  test("is uniform over a small range", () => {
    const draw = createGenerator(3);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70_000; i++) {
      const drawn = draw(7);
      counts[drawn] = (counts[drawn] as number) + 1;
    }
    // Six degrees of freedom: 22.5 is exceeded once in a thousand.
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(22.5);
  });
});

describe("intervals", () => {
  test("Wilson's interval equals published values", () => {
    // 10 of 50: R's prop.test(10, 50, correct = FALSE) and Wilson's formula give 0.1124 to 0.3304.
    const { low, high } = wilsonInterval(10, 50);
    expect(low).toBeCloseTo(0.1124, 4);
    expect(high).toBeCloseTo(0.3304, 4);
    expect(wilsonInterval(0, 20).low).toBe(0);
    expect(wilsonInterval(20, 20).high).toBe(1);
    expect(wilsonInterval(0, 20).high).toBeCloseTo(0.1611, 4);
  });

  test("the bootstrap interval of a mean is close to the normal one and repeatable", () => {
    const draw = createGenerator(11);
    const values = Array.from({ length: 400 }, () => draw(1001) / 1000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    const half = (1.96 * deviation) / Math.sqrt(values.length);
    const { low, high } = bootstrapMean(values, { seed: 5, resamples: 4000 });
    expect(Math.abs(low - (mean - half))).toBeLessThan(0.15 * half);
    expect(Math.abs(high - (mean + half))).toBeLessThan(0.15 * half);
    expect(bootstrapMean(values, { seed: 5, resamples: 4000 })).toEqual({ low, high });
  });

  test("questions that all went the same way do not claim certainty", () => {
    expect(meanInterval([1, 1, 1, 1], { seed: 0 })).toEqual(wilsonInterval(4, 4));
    expect(meanInterval([0, 0], { seed: 0 }).high).toBeGreaterThan(0.3);
    expect(meanInterval([0.25, 0.25], { seed: 0 })).toEqual(wilsonInterval(0.5, 2));
    expect(meanInterval([0.5, 0.25], { seed: 0 }).method).toBe("bootstrap");
  });

  test("no values are refused", () => {
    expect(() => meanInterval([], { seed: 0 })).toThrow(RangeError);
    expect(() => bootstrapMean([], { seed: 0 })).toThrow(RangeError);
    expect(() => wilsonInterval(0, 0)).toThrow(RangeError);
  });
});

describe("paired differences", () => {
  const before = new Map([
    ["a", 0],
    ["b", 0.5],
    ["c", 1],
    ["only before", 1],
  ]);
  const after = new Map([
    ["c", 0.5],
    ["b", 1],
    ["a", 0.75],
    ["only after", 0],
  ]);

  test("are taken per common question, with the questions gained and lost", () => {
    const result = pairedDifference(before, after, { seed: 0 });
    expect(result).toMatchObject({ difference: 0.25, questions: 3, gained: ["a", "b"], lost: ["c"] });
    expect(result.low).toBeGreaterThanOrEqual(-0.5);
    expect(result.high).toBeLessThanOrEqual(0.75);
  });

  test("of a model with itself are exactly zero", () => {
    expect(pairedDifference(before, before, { seed: 0 })).toMatchObject({ difference: 0, low: 0, high: 0 });
  });

  test("without a common question are refused", () => {
    expect(() => pairedDifference(before, new Map([["z", 1]]), { seed: 0 })).toThrow(RangeError);
  });
});

describe("majority", () => {
  const vote = (extracted: string | null, correct = false) => ({ extracted, correct });

  test.each([
    ["the most frequent answer decides", [vote("4", true), vote("4", true), vote("5")], 1],
    ["correct answers are one answer in any form", [vote("1/2", true), vote("0.5", true), vote("3")], 1],
    ["wrong answers are told apart", [vote("4", true), vote("4", true), vote("5"), vote("6"), vote("7")], 1],
    ["white space does not make another answer", [vote("4", true), vote("5 "), vote(" 5")], 0],
    [
      "wrong answers are one answer in any form",
      [vote("4", true), vote("4", true), vote("1/2"), vote("0.5"), vote("\\frac12")],
      0,
    ],
    ["and may tie together", [vote("4", true), vote("4", true), vote("50\\%"), vote("\\frac{1}{2}")], 0.5],
    ["near is not the same", [vote("4", true), vote("4", true), vote("0.5"), vote("0.51"), vote("1/3")], 1],
    [
      "answers equal to a third are one",
      [vote("4", true), vote("4", true), vote("5"), vote("5\\text{ cm}"), vote("5\\text{ m}")],
      0,
    ],
    [
      "lists in another order are one",
      [vote("4", true), vote("4", true), ...["1, 2", "2, 1", "2,1"].map((list) => vote(list))],
      0,
    ],
    ["white space alone is no vote", [vote("4", true), vote("  "), vote(" \n")], 1],
    ["a tie is shared", [vote("4", true), vote("5"), vote(null)], 0.5],
    ["a tie of three is shared", [vote("4", true), vote("5"), vote("6")], 1 / 3],
    ["no votes are no answer", [vote(null), vote(null)], 0],
  ])("%s", (_, votes, expected) => {
    expect(majorityCorrect(votes)).toBe(expected);
    expect(majorityCorrect(votes.toReversed())).toBe(expected);
  });

  test("takes bounded work for any number of answers that nothing joins", () => {
    const votes = Array.from({ length: 3_000 }, (_, index) => vote(`x^{${index}} + \\sqrt{${index}}`));
    expect(majorityCorrect([...votes, vote("4", true)])).toBe(1 / 3_001);
  });
});
