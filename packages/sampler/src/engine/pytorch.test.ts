/**
 * The engine against a plain PyTorch loop over transformers (fixtures-scripts/rollouts.py), which derives the same keys and
 * noise by its own implementation: the same tokens, thoughts, log-probabilities and endings.
 */

import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import { embeddingRms, type LanguageModel } from "@soft-tokens/model";
import { RandomKey } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest, Rollout } from "../contract.ts";
import { decodeFloats, loadTinyLlama, type ReferenceRollout, readReference } from "../fixtures/tiny-model.ts";
import { INFERENCE_MODES, type InferenceMode, inferencePolicy } from "../policies/create-policy.ts";
import { defaultGenerationSettings } from "../settings.ts";
import { generate } from "./generate.ts";
import { generateNaive } from "./naive.ts";

const reference = readReference();

/** float32 over some thirty steps, each fed with the rounding of the one before; near-ties multiply it. */
const TOLERANCE = 1e-3;

let ops: TfjsBackend;
let model: LanguageModel;
beforeAll(async () => {
  ops = await createTfjsBackend({ variant: "wasm" });
  model = await loadTinyLlama(ops);
});
afterAll(() => {
  model.dispose();
  ops[Symbol.dispose]();
});

/** All stored samples of a mode, by prompt; the samples in the order in which `generate` returns them. */
function requestOf(mode: InferenceMode): { request: GenerateRequest; wanted: ReferenceRollout[] } {
  const byPrompt = reference.prompts.map((_, promptIndex) =>
    reference.modes[mode].filter((rollout) => rollout.promptIndex === promptIndex),
  );
  const prompts = reference.prompts.map(({ ids }, promptIndex) => ({
    ids,
    sampleKeys: (byPrompt[promptIndex] ?? []).map(({ seed }) =>
      RandomKey.fromSeed(seed).fold("rollout", 0, promptIndex, 0),
    ),
  }));
  const settings = {
    ...defaultGenerationSettings,
    ...reference.settings,
    answerTemperature: mode.endsWith("greedy") ? 0 : 1,
  };
  const policy = inferencePolicy(mode, { rms: reference.rms });
  return { request: { prompts, policy, settings }, wanted: byPrompt.flat() };
}

function sum(values: readonly number[] | null): number | null {
  return values ? values.reduce((total, value) => total + value, 0) : null;
}

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  expect(got.length, what).toBe(wanted.length);
  const scale = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const worst = Array.from(got).reduce(
    (most, value, at) => Math.max(most, Math.abs(value - (wanted[at] as number))),
    0,
  );
  expect(worst / scale, `${what}: largest difference`).toBeLessThan(TOLERANCE);
}

function expectSame(got: Rollout, wanted: ReferenceRollout): void {
  expect({
    promptIndex: got.promptIndex,
    shadowIds: Array.from(got.shadowIds),
    thoughtStop: got.thoughtStop,
    thoughtText: got.thoughtText,
    forcedIds: got.forcedIds,
    answerIds: Array.from(got.answerIds),
    answerStop: got.answerStop,
    answerText: got.answerText,
  }).toEqual({
    promptIndex: wanted.promptIndex,
    shadowIds: wanted.shadowIds,
    thoughtStop: wanted.thoughtStop,
    thoughtText: wanted.thoughtText,
    forcedIds: wanted.forcedIds,
    answerIds: wanted.answerIds,
    answerStop: wanted.answerStop,
    answerText: wanted.answerText,
  });
  expectClose(got.entropies, wanted.entropies, "entropies");
  if (wanted.thoughts === null) expect(got.thoughts).toBeNull();
  else expectClose(got.thoughts ?? [], decodeFloats(wanted.thoughts), "thoughts");
  for (const [ours, theirs, what] of [
    [got.thoughtLogProb, sum(wanted.logProbs), "log pi of the thought"],
    [got.answerLogProb, sum(wanted.answerLogProbs), "log pi of the answer"],
  ] as const) {
    if (theirs === null) expect(ours, what).toBeNull();
    else expectClose([ours ?? Number.NaN], [theirs], what);
  }
}

describe("generate against PyTorch", () => {
  it("sees the same embedding and the same token ids", async () => {
    expect(await embeddingRms(model)).toBeCloseTo(reference.rms, 7);
    expect(reference.prompts.map(({ text }) => model.tokenizer.encode(text))).toEqual(
      reference.prompts.map(({ ids }) => ids),
    );
  });

  it("has samples of every ending to compare", () => {
    const all = INFERENCE_MODES.flatMap((mode) => reference.modes[mode]);
    expect(new Set(all.map(({ thoughtStop }) => thoughtStop)).size).toBe(3);
    expect(new Set(all.map(({ answerStop }) => answerStop)).size).toBeGreaterThanOrEqual(2);
    expect(new Set(all.map(({ forcedIds }) => forcedIds.length)).size).toBeGreaterThanOrEqual(3);
  });

  it.each(INFERENCE_MODES)("gives the same rollouts in %s mode", async (mode) => {
    const { request, wanted } = requestOf(mode);
    const { rollouts } = await withLeakCheck(ops, () => generate(model, request));
    expect(rollouts).toHaveLength(wanted.length);
    rollouts.forEach((rollout, index) => {
      expectSame(rollout, wanted[index] as ReferenceRollout);
    });
  });

  it("gives the same rollouts in its slow form", async () => {
    const { request, wanted } = requestOf("soft-sample");
    const { rollouts } = await withLeakCheck(ops, () => generateNaive(model, request));
    rollouts.forEach((rollout, index) => {
      expectSame(rollout, wanted[index] as ReferenceRollout);
    });
  });
});

describe("hard-sample", () => {
  it("draws first tokens with transformers' probabilities", async () => {
    const samples = 1500;
    const keys = Array.from({ length: samples }, (_, index) => RandomKey.fromSeed(77).fold(index));
    const { rollouts } = await generate(model, {
      prompts: [{ ids: reference.prompts[0]?.ids ?? [], sampleKeys: keys }],
      policy: inferencePolicy("hard-sample", { rms: reference.rms }),
      settings: { ...defaultGenerationSettings, maxThoughtSteps: 1, maxAnswerTokens: 0 },
    });
    const counts = new Map<number, number>();
    for (const { shadowIds } of rollouts) {
      counts.set(shadowIds[0] as number, (counts.get(shadowIds[0] as number) ?? 0) + 1);
    }
    // Tokens expected fewer than five times share a class, as the test's approximation wants.
    const classes = { expected: [] as number[], counted: [] as number[] };
    let [restExpected, restCounted] = [0, 0];
    reference.firstTokenProbabilities.forEach((probability, id) => {
      if (probability * samples >= 5) {
        classes.expected.push(probability * samples);
        classes.counted.push(counts.get(id) ?? 0);
      } else {
        restExpected += probability * samples;
        restCounted += counts.get(id) ?? 0;
      }
    });
    classes.expected.push(restExpected);
    classes.counted.push(restCounted);
    const chiSquare = classes.expected.reduce(
      (total, expected, at) => total + ((classes.counted[at] as number) - expected) ** 2 / expected,
      0,
    );
    const freedom = classes.expected.length - 1;
    expect(freedom).toBeGreaterThanOrEqual(4);
    // 99.9 % quantile by Wilson and Hilferty's cube-root approximation; the keys are fixed, so this never flickers.
    const quantile = freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3;
    expect(chiSquare).toBeLessThan(quantile);
  });
});
