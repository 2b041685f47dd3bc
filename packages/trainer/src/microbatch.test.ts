import { initializeModel, type ModelConfig } from "@soft-tokens/model";
import { createThoughtPolicy } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { describe, expect, it } from "vitest";
import { activationBytes, activationKind } from "./activation-bytes.ts";
import { GradientSum } from "./gradient-sum.ts";
import { computedTokens, planMicroBatches } from "./microbatch.ts";
import { passWithGradients } from "./pass.ts";
import { planPass } from "./pass-plan.ts";
import { loadReferenceModel } from "./test-support/reference.ts";
import { suffixLength, type TrainingRow } from "./training-row.ts";

const config: ModelConfig = {
  family: "llama",
  vocabularySize: 50,
  hiddenSize: 16,
  ffnSize: 32,
  layers: 2,
  queryHeads: 4,
  kvHeads: 2,
  headSize: 4,
  maxPositions: 128,
  normEpsilon: 1e-5,
  ropeTheta: 10000,
  ropeScaling: { type: "default" },
  tiedHead: true,
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  qkNorm: false,
  bosTokenId: null,
  eosTokenIds: [],
};

const kind = { config, bytesPerElement: 4, keepsScores: true };

function row(promptIndex: number, thought: number, answer = 2, prompt = 5): TrainingRow {
  return {
    promptIndex,
    promptIds: Array(prompt).fill(1),
    thoughtIds: Array(thought).fill(2),
    thoughts: null,
    forcedIds: [3],
    answerIds: Array(answer).fill(4),
    coefficient: 1,
  };
}

const batch = [3, 9, 1, 7, 5].flatMap((length) => [row(0, length), row(1, 2 * length, 2, 9)]);
/** One prompt of 10 tokens, 64 rows of 160. */
const evenShape = {
  prompts: 1,
  promptTokens: 10,
  longestPrompt: 10,
  rows: 64,
  suffixTokens: 64 * 160,
  longestSuffix: 160,
  arePromptsGiven: false,
};
const unlimited = {
  memoryBudgetBytes: Number.MAX_SAFE_INTEGER,
  maxRowsPerMicroBatch: 0,
  checkpointLayers: false,
  headChunkElements: 0,
};

describe("suffixLength", () => {
  it("ends at the position that predicts the last scored token", () => {
    expect(suffixLength(row(0, 4, 2))).toBe(4 + 1 + 2 - 1);
    expect(suffixLength(row(0, 4, 0))).toBe(3);
    expect(suffixLength(row(0, 0, 1))).toBe(1);
    expect(suffixLength({ ...row(0, 0, 1), forcedIds: [] })).toBe(0);
    expect(suffixLength(row(0, 0, 0))).toBe(0);
  });
});

describe("planMicroBatches", () => {
  it("takes the whole batch at once where memory allows, prompts together and rows by length", () => {
    const [only, ...rest] = planMicroBatches(batch, kind, unlimited);
    expect(rest).toEqual([]);
    expect(only?.rows.map((r) => [r.promptIndex, r.thoughtIds.length])).toEqual([
      [1, 18],
      [1, 14],
      [1, 10],
      [1, 6],
      [1, 2],
      [0, 9],
      [0, 7],
      [0, 5],
      [0, 3],
      [0, 1],
    ]);
    expect(only?.shape).toEqual({
      prompts: 2,
      promptTokens: 5 + 9,
      longestPrompt: 9,
      rows: 10,
      suffixTokens: 25 + 50 + 10 * 2,
      longestSuffix: 20,
      arePromptsGiven: false,
    });
  });

  it("is filled by tokens, not by the padding that only attention sees", () => {
    const ragged = Array.from({ length: 40 }, (_, at) => row(0, at === 0 ? 40 : 4));
    const even = ragged.map(() => row(0, 40));
    const flash = { ...kind, keepsScores: false };
    const limits = { ...unlimited, memoryBudgetBytes: 1_500_000 };
    const [first] = planMicroBatches(ragged, flash, limits);
    const [firstOfEven] = planMicroBatches(even, flash, limits);
    expect(first?.rows.length).toBeGreaterThan(1.3 * (firstOfEven?.rows.length ?? 0));
  });

  it("keeps every row exactly once and every micro-batch within the budget", () => {
    const memoryBudgetBytes = 300_000;
    const plan = planMicroBatches(batch, kind, { ...unlimited, memoryBudgetBytes });
    expect(plan.length).toBeGreaterThan(2);
    expect(new Set(plan.flatMap((micro) => micro.rows))).toEqual(new Set(batch));
    expect(plan.flatMap((micro) => micro.rows)).toHaveLength(batch.length);
    for (const micro of plan) {
      expect(activationBytes(micro.shape, kind, unlimited)).toBeLessThanOrEqual(memoryBudgetBytes);
    }
  });

  it("gives a row that exceeds the budget a micro-batch of its own", () => {
    const plan = planMicroBatches(batch, kind, { ...unlimited, memoryBudgetBytes: 1 });
    expect(plan.map((micro) => micro.rows.length)).toEqual(batch.map(() => 1));
  });

  it("honours a limit on rows", () => {
    const plan = planMicroBatches(batch, kind, { ...unlimited, maxRowsPerMicroBatch: 4 });
    expect(plan.map((micro) => micro.rows.length)).toEqual([4, 4, 2]);
  });

  it("fits more rows into the same budget when layers are recomputed", () => {
    const deep = { ...kind, config: { ...config, layers: 12 } };
    const limits = { ...unlimited, memoryBudgetBytes: 1_000_000 };
    const kept = planMicroBatches(batch, deep, limits);
    const recomputed = planMicroBatches(batch, deep, { ...limits, checkpointLayers: true });
    expect(recomputed.length).toBeLessThan(kept.length);
  });

  it("plans nothing for no rows", () => {
    expect(planMicroBatches([], kind, unlimited)).toEqual([]);
  });
});

interface MeasuredSizes {
  readonly maxRowsPerMicroBatch: number;
  readonly promptTokens: number;
  readonly isRagged?: boolean;
}

describe("activationBytes", () => {
  const measuredCases = [false, true].flatMap((checkpointLayers) =>
    [
      { maxRowsPerMicroBatch: 0, promptTokens: 20 },
      { maxRowsPerMicroBatch: 3, promptTokens: 20 },
      { maxRowsPerMicroBatch: 3, promptTokens: 80 },
      { maxRowsPerMicroBatch: 0, promptTokens: 20, isRagged: true },
    ].map((sizes: MeasuredSizes) => ({ checkpointLayers, ...sizes })),
  );
  it.each(measuredCases)(
    "is on the careful side of what the embedded backend measures: %o",
    async ({ checkpointLayers, maxRowsPerMicroBatch, promptTokens, isRagged = false }) => {
      using small = await loadReferenceModel("llama");
      const { backend } = small;
      const files = Object.fromEntries(
        [...small.model.files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
      );
      const sizes = { num_hidden_layers: 3, hidden_size: 64, intermediate_size: 176, num_key_value_heads: 4 };
      const changed = {
        ...files,
        "config.json": { ...JSON.parse(files["config.json"] as string), ...sizes },
      };
      using model = initializeModel({ backend, key: RandomKey.fromSeed(1), files: changed });
      const rows = Array.from({ length: 8 }, (_, at) =>
        row(0, isRagged ? 5 * (at + 1) : 40, 2, promptTokens),
      );
      const limits = { ...unlimited, checkpointLayers, maxRowsPerMicroBatch };
      const plan = planPass(rows, activationKind(model), limits, { promptPasses: 2 });
      expect(plan.parts[0]?.prompts?.length).toBe(maxRowsPerMicroBatch === 0 ? undefined : 1);
      const before = backend.memory().bytes;
      using gradients = new GradientSum(backend, [...model.parameters.values()]);
      const context = { model, policy: createThoughtPolicy("hard", { rms: 1 }), answerTemperature: 1 };
      await passWithGradients(rows, gradients, {
        ...context,
        embeddingGradient: true,
        checkpointLayers,
        limits,
      });
      const measured = backend.memory().peakBytes - before;
      expect(plan.largestBytes / measured).toBeGreaterThan(1);
      expect(plan.largestBytes / measured).toBeLessThan(3);
    },
  );

  it("counts padding as what attention keeps of it and its scores, and nothing where lengths are even", () => {
    const flash = { ...kind, keepsScores: false };
    const bytes = (longestSuffix: number) =>
      activationBytes({ ...evenShape, longestSuffix }, flash, unlimited);
    const scores = (T: number) => 4 * 3 * config.queryHeads * 64 * T * (10 + T);
    const places = (T: number) => 4 * (10 + 64 * T) * (2 * 4 * 4 + 2 * 2 * 4);
    expect(bytes(200) - bytes(160)).toBe(scores(200) - scores(160) + (config.layers + 1) * places(200));
  });

  it("holds a tile of the vocabulary and never all of it", () => {
    const shape = evenShape;
    const bytes = (vocabularySize: number) =>
      activationBytes(shape, { ...kind, config: { ...config, vocabularySize } }, unlimited);
    expect(bytes(128_000)).toBe(bytes(256_000));
    expect(bytes(128_000)).toBeLessThan(64 * 160 * 128_000);
  });
});

describe("activationKind", () => {
  const shape = evenShape;
  const scores = 4 * 3 * config.queryHeads * (10 * 10 + 64 * 160 * 170);

  it("leaves the scores of all layers but one to a backend that keeps them", () => {
    const flash = activationBytes(shape, { ...kind, keepsScores: false }, unlimited);
    expect(activationBytes(shape, kind, unlimited) - flash).toBe(config.layers * scores);
  });

  it("halves what bfloat16 halves, and that is not the stream", () => {
    const wide = activationBytes(shape, { ...kind, keepsScores: false }, unlimited);
    const narrow = activationBytes(shape, { ...kind, keepsScores: false, bytesPerElement: 2 }, unlimited);
    const perLayer = 4 * 16 + 3 * 4 * 4 + 4 * 2 * 4 + 4 * 32;
    expect(wide - narrow).toBe((config.layers + 1) * 2 * (10 + 64 * 160) * perLayer);
  });
});

describe("computedTokens", () => {
  const shape = {
    prompts: 2,
    promptTokens: 14,
    longestPrompt: 9,
    rows: 10,
    suffixTokens: 95,
    longestSuffix: 20,
    arePromptsGiven: false,
  };

  it("counts a shared prompt once, and no padding", () => {
    expect(computedTokens(shape)).toBe(14 + 95);
  });

  it("leaves given prompts out", () => {
    expect(computedTokens({ ...shape, arePromptsGiven: true })).toBe(95);
  });
});
