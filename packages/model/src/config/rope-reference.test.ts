/** Rotary settings in every spelling against the frequencies that transformers computes (fixtures-scripts/make_rope.py). */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { inverseFrequencies } from "../architecture/rope.ts";
import { parseConfig } from "./parse-config.ts";

const { cases } = JSON.parse(readFileSync(new URL("../fixtures/rope.json", import.meta.url), "utf8")) as {
  cases: { config: Record<string, unknown>; frequencies: number[] }[];
};

describe("rotary frequencies", () => {
  it.each(cases.map(({ config, frequencies }) => ({ config, frequencies, title: JSON.stringify(config) })))(
    "of $title",
    ({ config, frequencies }) => {
      const got = inverseFrequencies(parseConfig(config, "config.json"));
      expect(got.length).toBe(frequencies.length);
      got.forEach((value, index) => {
        // A power in float32 differs by a few units in the last place between libraries.
        expect(Math.abs(value / (frequencies[index] as number) - 1)).toBeLessThan(5e-7);
      });
    },
  );
});
