/** Random numbers: the same for the same key, unrelated for others, and distributed as they say. Fixed keys: nothing flakes. */

import { expect } from "vitest";
import type { Backend, Shape } from "../contract.ts";
import { fillNormal, fillUniform } from "../random/fill.ts";
import { type KeyPart, RandomKey } from "../random/key.ts";
import { expectNumbersClose } from "../testing/expect-close.ts";
import { toleranceOf } from "../testing/tolerance.ts";
import { disposeAll } from "./calls.ts";
import { randomCases } from "./fixture.ts";
import type { Check } from "./suite.ts";

const root = RandomKey.fromSeed(20250919);
const draws = ["randomNormal", "randomUniform"] as const;
type Draw = (typeof draws)[number];

const COUNT = 20_000;

export function random(check: Check): void {
  for (const draw of draws) {
    check(
      `${draw} gives the same bits for the same key and shape, and others for another key`,
      async (ops) => {
        for (const shape of [[], [1], [7], [3, 5], [2, 1, 3, 1, 2]]) {
          const first = await bits(ops, draw, shape, root);
          expect(await bits(ops, draw, shape, root)).toEqual(first);
          expect(await bits(ops, draw, shape, root.fold("other"))).not.toEqual(first);
        }
      },
    );

    check(`${draw} is float32 of the shape that was asked for, empty ones too`, (ops) => {
      for (const shape of [[], [4], [0], [2, 0, 3], [2, 3, 5]]) {
        using x = ops[draw](shape, { key: root });
        expect([...x.shape]).toEqual(shape);
        expect(x.dtype).toBe("float32");
      }
      using none = ops[draw]([0, 3], { key: [] });
      expect([...none.shape]).toEqual([0, 3]);
    });

    check(`${draw} with a key per row gives each row alone, whatever the batch`, async (ops) => {
      const keys = Array.from({ length: 6 }, (_, i) => root.fold("row", i));
      for (const width of [[], [1], [5], [3, 3]]) {
        const size = width.reduce((product, length) => product * length, 1);
        const whole = await bits(ops, draw, [6, ...width], keys);
        for (const [row, key] of keys.entries()) {
          expect(await bits(ops, draw, width, key)).toEqual(whole.slice(row * size, (row + 1) * size));
        }
        const picked = [keys[4], keys[1]] as RandomKey[];
        const part = await bits(ops, draw, [2, ...width], picked);
        expect(part.slice(0, size)).toEqual(whole.slice(4 * size, 5 * size));
        expect(part.slice(size)).toEqual(whole.slice(size, 2 * size));
      }
    });

    check(`${draw} under different keys is uncorrelated, within a tensor and across`, async (ops) => {
      const rows = await Promise.all(
        [root, root.fold(0), root.fold(1), root.fold("0"), root.fold(0, 1), RandomKey.fromSeed(1)].map(
          (key) => numbers(ops, draw, [COUNT], key),
        ),
      );
      for (let a = 0; a < rows.length; a++) {
        for (let b = a + 1; b < rows.length; b++) expectUncorrelated(rows[a], rows[b]);
      }
      const [first = []] = rows;
      for (const lag of [1, 2, 3, 4, 64]) expectUncorrelated(first.slice(lag), first.slice(0, -lag));
    });

    check(`${draw} follows its distribution (Kolmogorov-Smirnov)`, async (ops) => {
      for (const key of [root.fold("ks"), root.fold("ks", 1), RandomKey.fromSeed(0)]) {
        const sorted = (await numbers(ops, draw, [COUNT], key)).sort((a, b) => a - b);
        const distribution = draw === "randomNormal" ? normalDistribution : (x: number) => x;
        const distance = sorted.reduce((most, x, i) => {
          const want = distribution(x);
          return Math.max(most, Math.abs(want - i / COUNT), Math.abs(want - (i + 1) / COUNT));
        }, 0);
        expect(distance * Math.sqrt(COUNT)).toBeLessThan(1.95); // 1 in 1000 for a fresh generator
      }
    });

    check(`${draw} equals the reference generator where random bits are declared portable`, async (ops) => {
      if (!ops.capabilities.portableRandom) return;
      const fill = draw === "randomNormal" ? fillNormal : fillUniform;
      for (const size of [1, 2, 3, 4, 5, 1000]) {
        const want = new Float32Array(size);
        fill(root, want);
        expect(await bits(ops, draw, [size], root)).toEqual(bitsOf(want));
      }
    });
  }

  for (const { op, title, args, outputs } of randomCases) {
    check(`${op}: ${title} equals the stored stream where random bits are declared portable`, async (ops) => {
      const [seed, parts, words] = args as [number, KeyPart[], [number, number]];
      const key = RandomKey.fromSeed(seed).fold(...parts);
      expect(key.words).toEqual(words);
      if (!ops.capabilities.portableRandom) return;
      const [want] = outputs;
      if (!want) throw new Error("fixture: no output");
      const got = await numbers(ops, op as Draw, want.shape, key);
      expectNumbersClose(
        got,
        want.data,
        op === "randomNormal" ? toleranceOf("float32") : toleranceOf("int32"),
      );
    });
  }

  check("randomNormal has mean 0, variance 1 and the right tails", async (ops) => {
    const x = await numbers(ops, "randomNormal", [COUNT], root.fold("moments"));
    const moment = (power: number) => x.reduce((sum, value) => sum + value ** power, 0) / COUNT;
    const within = 4.5 / Math.sqrt(COUNT); // 4.5 standard errors, each moment's own factor below
    expect(Math.abs(moment(1))).toBeLessThan(within);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(within * Math.SQRT2);
    expect(Math.abs(moment(3))).toBeLessThan(within * Math.sqrt(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(within * Math.sqrt(96));
    for (const limit of [2, 3]) {
      const beyond = x.filter((value) => Math.abs(value) > limit).length;
      const expected = 2 * COUNT * normalDistribution(-limit);
      expect(Math.abs(beyond - expected)).toBeLessThan(4.5 * Math.sqrt(expected));
    }
    expect(Math.max(...x.map(Math.abs))).toBeLessThan(7);
  });

  check("randomUniform lies in [0, 1), with mean 1/2 and variance 1/12", async (ops) => {
    const x = await numbers(ops, "randomUniform", [COUNT], root.fold("moments"));
    expect(x.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = x.reduce((sum, value) => sum + value, 0) / COUNT;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4.5 / Math.sqrt(12 * COUNT));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4.5 * Math.sqrt(1 / 180 / COUNT));
    expect(new Set(x).size).toBeGreaterThan(COUNT * 0.99);
  });

  check("random numbers are constants for differentiation", (ops) => {
    using x = ops.ones([3]);
    const result = ops.valueAndGrad(
      () => ops.tidy(() => ops.sum(ops.multiply(x, ops.randomNormal([3], { key: root })))),
      [x],
    );
    disposeAll([result.value, ...result.gradients]);
  });
}

async function numbers(ops: Backend, draw: Draw, shape: Shape, key: RandomKey | readonly RandomKey[]) {
  using x = ops[draw](shape, { key });
  return Array.from(await ops.read(x));
}

async function bits(ops: Backend, draw: Draw, shape: Shape, key: RandomKey | readonly RandomKey[]) {
  return bitsOf(Float32Array.from(await numbers(ops, draw, shape, key)));
}

function bitsOf(x: Float32Array): number[] {
  return Array.from(new Uint32Array(x.buffer));
}

/** Correlation within 4.5 standard errors of 0. */
function expectUncorrelated(a: readonly number[] = [], b: readonly number[] = []): void {
  const n = a.length;
  const mean = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0) / n;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [da, db] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  expect(n).toBe(b.length);
  expect(Math.abs(ab / Math.sqrt(aa * bb)) * Math.sqrt(n)).toBeLessThan(4.5);
}

/** Abramowitz and Stegun 26.2.17; within 7.5e-8. */
function normalDistribution(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153];
  const tail =
    series.reduce((sum, factor) => (sum + factor) * t, 0) * (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));
  return x >= 0 ? 1 - tail : tail;
}
