import type { ModelConfig } from "@soft-tokens/model";
import { describe, expect, it } from "vitest";
import { activationBytes, promptPassBytes } from "./activation-bytes.ts";
import { computedTokens, planMicroBatches } from "./microbatch.ts";
import { type PassPlan, planPass } from "./pass-plan.ts";
import { suffixLength, type TrainingRow } from "./training-row.ts";

/** SmolLM2-135M in bfloat16, with attention that keeps no scores. */
const config: ModelConfig = {
  family: "llama",
  vocabularySize: 49152,
  hiddenSize: 576,
  ffnSize: 1536,
  layers: 30,
  queryHeads: 9,
  kvHeads: 3,
  headSize: 64,
  maxPositions: 8192,
  normEpsilon: 1e-5,
  ropeTheta: 100000,
  ropeScaling: { type: "default" },
  tiedHead: true,
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  qkNorm: false,
  bosTokenId: null,
  eosTokenIds: [],
};
const kind = { config, bytesPerElement: 2, keepsScores: false };
const limits = {
  memoryBudgetBytes: 2 ** 30,
  maxRowsPerMicroBatch: 0,
  checkpointLayers: false,
  headChunkElements: 0,
};
const withGradients = { promptPasses: 2 } as const;
const withoutGradients = { promptPasses: 1 } as const;

/** 168 inputs behind each prompt: 128 thought steps, 9 forced tokens, 32 answer tokens, of which the last is not fed. */
function batch(prompts: number, samples: number, promptTokens = 150): TrainingRow[] {
  return Array.from({ length: prompts * samples }, (_, row) => ({
    promptIndex: Math.floor(row / samples),
    promptIds: Array<number>(promptTokens).fill(1),
    thoughtIds: Array<number>(128).fill(2),
    thoughts: null,
    forcedIds: Array<number>(9).fill(3),
    answerIds: Array<number>(32).fill(4),
    coefficient: 1,
  }));
}

function promptsPerPart({ parts }: PassPlan): (number | undefined)[] {
  return parts.map(({ prompts }) => prompts?.length);
}

function microBatchesOf({ parts }: PassPlan) {
  return parts.flatMap(({ microBatches }) => microBatches);
}

describe("planPass", () => {
  it("computes the prompts of a step of 2 x 32 samples twice and not once per micro-batch", () => {
    const rows = batch(2, 32);
    const separate = planMicroBatches(rows, kind, limits);
    expect(separate).toHaveLength(13);
    expect(separate.reduce((sum, { shape }) => sum + computedTokens(shape), 0)).toBe(14 * 150 + 64 * 168);
    const plan = planPass(rows, kind, limits, withGradients);
    expect(promptsPerPart(plan)).toEqual([2]);
    expect(microBatchesOf(plan)).toHaveLength(11);
    expect(plan.tokens).toBe(2 * 2 * 150 + 64 * 168);
    expect(planPass(rows, kind, limits, withoutGradients).tokens).toBe(2 * 150 + 64 * 168);
  });

  it("counts tokens and no padding", () => {
    const rows = batch(2, 32).map((row, at) => ({
      ...row,
      promptIds: row.promptIds.slice(row.promptIndex * 40),
      thoughtIds: Array<number>((37 * at) % 128).fill(2),
    }));
    const suffixTokens = rows.reduce((sum, row) => sum + suffixLength(row), 0);
    expect(planPass(rows, kind, limits, withGradients).tokens).toBe(2 * (150 + 110) + suffixTokens);
    expect(planPass(rows, kind, limits, withoutGradients).tokens).toBe(150 + 110 + suffixTokens);
  });

  it("leaves prompts with their rows where nothing would be gained", () => {
    const cases = [
      { rows: batch(2, 2), microBatches: 1 }, // all at once
      { rows: batch(1, 8), microBatches: 2 }, // twice either way
      { rows: batch(64, 1), microBatches: 22 }, // no prompt has two rows: supervised training
    ];
    for (const { rows, microBatches } of cases) {
      const plan = planPass(rows, kind, limits, withGradients);
      expect(promptsPerPart(plan)).toEqual([undefined]);
      expect(microBatchesOf(plan)).toHaveLength(microBatches);
    }
    expect(planPass([], kind, limits, withGradients)).toMatchObject({ tokens: 0, largestBytes: 0 });
  });

  it("takes as many prompts at once as fit the memory budget, and every row once", () => {
    const rows = batch(20, 16);
    const plan = planPass(rows, kind, limits, withGradients);
    expect(promptsPerPart(plan)).toEqual([7, 7, 6]);
    expect(plan.largestBytes).toBeLessThanOrEqual(limits.memoryBudgetBytes);
    const planned = microBatchesOf(plan).flatMap((microBatch) => microBatch.rows);
    expect(planned).toHaveLength(rows.length);
    expect(new Set(planned)).toEqual(new Set(rows));
    for (const { rows: own, prompts, shape } of microBatchesOf(plan)) {
      const indices = prompts.map(({ promptIndex }) => promptIndex);
      expect(shape).toMatchObject({ prompts: prompts.length, rows: own.length, arePromptsGiven: true });
      expect(own.every(({ promptIndex }) => indices.includes(promptIndex))).toBe(true);
    }
  });

  it("never exceeds the budget by more than prompts with their rows would", () => {
    for (const memoryBudgetBytes of [1, 2 ** 28, 2 ** 29]) {
      const tight = { ...limits, memoryBudgetBytes };
      for (const promptTokens of [150, 2000]) {
        const rows = batch(2, 8, promptTokens);
        const separate = planMicroBatches(rows, kind, tight);
        const most = Math.max(...separate.map(({ shape }) => activationBytes(shape, kind, tight)));
        const plan = planPass(rows, kind, tight, withGradients);
        expect(plan.largestBytes).toBeLessThanOrEqual(Math.max(memoryBudgetBytes, most));
      }
    }
  });

  it("counts what a checkpoint of a prompt's layer gives beside its input", () => {
    const shape = { prompts: 2, promptTokens: 300, longestPrompt: 150 };
    const recomputed = promptPassBytes(shape, kind, { ...limits, checkpointLayers: true });
    expect(recomputed).toBeLessThan(promptPassBytes(shape, kind, limits));
    expect(recomputed).toBeGreaterThan(2 * 150 * config.layers * 4 * (2 * 576 + 3 * 2 * 3 * 64));
  });
});
