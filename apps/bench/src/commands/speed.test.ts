import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { THOUGHTS } from "../engine/engine.ts";
import type { Figures } from "../speed/figures.ts";
import { SpeedOptions, speed } from "./speed.ts";

const folder = mkdtempSync(join(tmpdir(), "speed-"));
let figures: Figures;
let shown = "";
beforeAll(async () => {
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    shown += text;
    return true;
  });
  const json = join(folder, "speed.json");
  const options = SpeedOptions.parse({
    ...{ model: "tiny", backend: "tfjs-wasm", rounds: 2, samples: 4, promptTokens: 20, thoughtSteps: 6 },
    ...{ answerTokens: 3, matrixSide: 64, profile: true, json },
  });
  await speed(options, { signal: new AbortController().signal });
  out.mockRestore();
  figures = JSON.parse(readFileSync(json, "utf8")) as Figures;
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("a speed run of the tiny shape", () => {
  test("has medians and spread of every rate, for each kind of thought and batch", () => {
    for (const thought of THOUGHTS) {
      expect(Object.keys(figures.decodeTokensPerSecond[thought])).toEqual(["1", "8"]);
      for (const batch of ["1", "8"]) {
        const { median, min, max, count } = figures.decodeTokensPerSecond[thought][batch] ?? {};
        expect(count).toBe(2);
        expect(min).toBeGreaterThan(0);
        expect(median).toBeGreaterThanOrEqual(min as number);
        expect(max).toBeGreaterThanOrEqual(median as number);
      }
      expect(figures.trainStepSeconds?.[thought].median).toBeGreaterThan(0);
      expect(figures.matrixFraction?.[thought].ofModel).toBeGreaterThan(0);
    }
    expect(figures.matrixRate.float32?.model.median).toBeGreaterThan(0);
    expect(figures.decodeRatio.soft["8"]?.count).toBe(2);
    expect(figures.profile?.step.some(({ name }) => name === "adamW")).toBe(true);
  });

  test("lets no thought and no answer stop early: tokens are those of the workload", () => {
    const prompts = 2 * 20;
    const rows = 8 * (6 + 10 + 3 - 1); // ten tokens are forced between thought and answer
    expect(figures.sharing?.tokensComputed).toBe(prompts + rows);
    expect(figures.sharing?.tokensShared).toBe(prompts + rows);
    expect(figures.sharing?.tokensSeparate).toBe(8 * 20 + rows);
  });

  test("divides the step into phases that are parts of it, whatever the machine did meanwhile", () => {
    for (const thought of THOUGHTS) {
      const phases = figures.phaseSeconds?.[thought];
      if (!phases) throw new Error(`no phases of ${thought}`);
      for (const seconds of Object.values(phases)) expect(seconds).toBeGreaterThanOrEqual(0);
      for (const name of ["prefill", "thoughts", "forward", "optimizer"] as const) {
        expect(phases[name], name).toBeGreaterThan(0);
      }
      // Medians of two rounds are means, so sums keep their order.
      const sum = Object.values(phases).reduce((total, seconds) => total + seconds, 0);
      expect(sum).toBeLessThanOrEqual((figures.rlooStepSeconds?.[thought].median ?? 0) * (1 + 1e-9));
    }
  });

  test("shows it in tables", () => {
    expect(shown).toContain("random weights");
    for (const title of [
      "matrix rate",
      "tokens per second",
      "training step",
      "phase, seconds",
      "shared prompts",
    ])
      expect(shown).toContain(title);
  });
});
