import { describe, expect, test } from "vitest";
import { createEngine, type EngineSettings, type StepMeasurement } from "./engine.ts";

const settings: EngineSettings = {
  variant: "wasm",
  repairs: true,
  shape: { layers: 1, hidden: 16, ffn: 32, heads: 2, vocabulary: 256 },
  prompts: 2,
  samples: 16,
  promptTokens: 8,
  thoughtSteps: 24,
  answerTokens: 2,
  headElements: 2 ** 14,
};

async function lastOf(steps: number, vocabulary: number): Promise<StepMeasurement[]> {
  const engine = await createEngine({ ...settings, shape: { ...settings.shape, vocabulary } });
  const measured: StepMeasurement[] = [];
  for (let step = 0; step < steps; step++) measured.push(await engine.step("soft"));
  return measured;
}

describe("memory of an RLOO step", { timeout: 120_000 }, () => {
  test("peak memory grows with the weights of a larger vocabulary, not with tokens times vocabulary", async () => {
    const [small, large] = [(await lastOf(1, 256))[0], (await lastOf(1, 4096))[0]];
    if (!small || !large) throw new Error("no step was measured");
    const grown = large.peakBytes - small.peakBytes;
    const weights = 4 * (large.parameters - small.parameters);
    const tokensTimesVocabulary = 4 * settings.prompts * settings.samples * settings.thoughtSteps * 4096;
    // Weight, gradient and its running sum, two moments, and what a chunk of the head makes on the way.
    expect(grown).toBeLessThan(12 * weights);
    expect(grown).toBeLessThan(tokensTimesVocabulary / 2);
  });

  test("twelve steps hold no more tensors and bytes than three", async () => {
    const measured = await lastOf(12, 256);
    expect(measured[11]?.tensors).toBe(measured[2]?.tensors);
    expect(measured[11]?.bytes).toBe(measured[2]?.bytes);
  });
});
