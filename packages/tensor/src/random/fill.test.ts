import { describe, expect, it } from "vitest";
import { fillNormal, fillUniform } from "./fill.ts";
import { RandomKey } from "./key.ts";

const key = RandomKey.fromSeed(3);
const fills = { fillUniform, fillNormal };

function draw(name: keyof typeof fills, length: number, from = key): number[] {
  const out = new Float32Array(length);
  fills[name](from, out);
  return Array.from(out);
}

describe.each(["fillUniform", "fillNormal"] as const)("%s", (name) => {
  it("begins a longer array with the shorter one", () => {
    const long = draw(name, 23);
    for (let length = 0; length <= 23; length++) expect(draw(name, length)).toEqual(long.slice(0, length));
  });

  it("fills a part of an array and nothing else", () => {
    const whole = new Float32Array(10).fill(7);
    fills[name](key, whole.subarray(3, 8));
    expect(Array.from(whole.subarray(3, 8))).toEqual(draw(name, 5));
    expect([...whole.subarray(0, 3), ...whole.subarray(8)]).toEqual([7, 7, 7, 7, 7]);
  });

  it("gives finite numbers without repetition", () => {
    const x = draw(name, 4096);
    expect(x.every(Number.isFinite)).toBe(true);
    expect(new Set(x).size).toBeGreaterThan(4090);
  });
});

describe("the two streams of a key", () => {
  it("are not functions of each other", () => {
    const uniform = draw("fillUniform", 1000);
    const normal = draw("fillNormal", 1000);
    const correlation =
      uniform.reduce((sum, u, i) => sum + (u - 0.5) * Math.sqrt(12) * (normal[i] as number), 0) / 1000;
    expect(Math.abs(correlation)).toBeLessThan(4.5 / Math.sqrt(1000));
  });
});
