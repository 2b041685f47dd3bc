/**
 * The grouped pass against the plain one, which is tested against transformers; in one piece, and in two: prompts alone, then
 * the rows behind them.
 */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Backend, Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it } from "vitest";
import type { LanguageModel } from "../contract.ts";
import { embedIds, FIXTURE_NAMES, largestDifference, openFixture } from "../fixtures/open-fixture.ts";
import { lastOfPrompts } from "./last-of-prompts.ts";

const TOLERANCE = 1e-4;
const T = 3;
/** Prompts of different lengths; the last one has no row, the second one several. */
const PROMPTS = [
  [5, 9, 200, 31, 7],
  [77, 3],
  [250, 1, 2],
  [9, 9, 9],
];
const ROWS_PER_PROMPT = [1, 3, 1, 0];
const ROW_PROMPTS = [0, 1, 1, 1, 2];
/** Any ids do: the suffix is given as embeddings. */
const SUFFIX_IDS = Array.from({ length: ROW_PROMPTS.length * T }, (_, index) => (37 * index + 11) % 272);

const backend = await createTfjsBackend({ variant: "wasm" });
afterAll(() => backend[Symbol.dispose]());

describe("grouped pass", () => {
  it.each(FIXTURE_NAMES)("%s gives each row what a pass over prompt and suffix gives", async (name) => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture(name, backend);
      using _model = model;
      for (const checkpointLayers of [false, true]) {
        using suffix = embedIds(model, SUFFIX_IDS, [ROW_PROMPTS.length, T]);
        const grouped = model.forwardGrouped({
          promptIds: PROMPTS,
          rowsPerPrompt: ROWS_PER_PROMPT,
          suffix_BTD: suffix,
          checkpointLayers,
        });
        using _prompt = grouped.prompt_PSD;
        using _suffix = grouped.suffix_BTD;
        expect(grouped.prompt_PSD.shape).toEqual([4, 5, model.config.hiddenSize]);
        for (const [row, prompt] of ROW_PROMPTS.entries()) {
          const ids = [...(PROMPTS[prompt] as number[]), ...SUFFIX_IDS.slice(row * T, (row + 1) * T)];
          const whole = await readForward(model, ids);
          const promptLength = ids.length - T;
          const D = model.config.hiddenSize;
          using promptRow = backend.slice(grouped.prompt_PSD, [prompt, 0, 0], [1, promptLength, D]);
          using suffixRow = backend.slice(grouped.suffix_BTD, [row, 0, 0], [1, T, D]);
          const parts = [...(await backend.read(promptRow)), ...(await backend.read(suffixRow))];
          expect(largestDifference(parts, whole), `row ${row}`).toBeLessThan(TOLERANCE);
        }
      }
    });
  });

  it.each(FIXTURE_NAMES)(
    "%s has the gradients of the plain pass, with and without checkpoints",
    async (name) => {
      await withLeakCheck(backend, async () => {
        const { model } = await openFixture(name, backend);
        using _model = model;
        const [plain, ...grouped] = [
          await readGradients(backend, model, (suffix) => plainLoss(backend, model, suffix)),
          await readGradients(backend, model, (suffix) => groupedLoss(backend, model, suffix, false)),
          await readGradients(backend, model, (suffix) => groupedLoss(backend, model, suffix, true)),
          await readGradients(backend, model, (suffix) => twoPartLoss(backend, model, suffix, false)),
          await readGradients(backend, model, (suffix) => twoPartLoss(backend, model, suffix, true)),
        ] as const;
        for (const gradients of grouped) {
          for (const [key, want] of plain) {
            const scale = Math.max(1e-3, ...want.map(Math.abs));
            const got = gradients.get(key) as Float32Array;
            expect(largestDifference(got, want) / scale, key).toBeLessThan(TOLERANCE);
          }
        }
        // A key's bias moves all scores of a query alike, so its gradient is nothing; every other parameter matters.
        const dead = [...plain].filter(
          ([key, values]) => !key.endsWith("k_proj.bias") && !values.some((x) => Math.abs(x) > 1e-4),
        );
        expect(dead.map(([key]) => key)).toEqual(model.config.tiedHead ? [] : ["lm_head.weight"]);
      });
    },
  );

  it.each(FIXTURE_NAMES)("%s gives the same when prompts are computed before their rows", async (name) => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture(name, backend);
      using _model = model;
      using suffix = embedIds(model, SUFFIX_IDS, [ROW_PROMPTS.length, T]);
      const input = { rowsPerPrompt: ROWS_PER_PROMPT, suffix_BTD: suffix };
      const grouped = model.forwardGrouped({ promptIds: PROMPTS, ...input });
      using prompt_PSD = grouped.prompt_PSD;
      using suffix_BTD = grouped.suffix_BTD;
      using last_PD = lastOfPrompts(backend, prompt_PSD, PROMPTS);
      for (const checkpointLayers of [false, true]) {
        using prompts = model.computePrompts(PROMPTS, { checkpointLayers });
        expect(prompts.lengths).toEqual([5, 2, 3, 3]);
        expect(prompts.layers).toHaveLength(model.config.layers);
        using behind_BTD = model.forwardSuffix({ prompts, checkpointLayers, ...input });
        for (const [got, want] of [
          [prompts.lastHidden_PD, last_PD],
          [behind_BTD, suffix_BTD],
        ] as const) {
          expect(got.shape).toEqual(want.shape);
          const difference = largestDifference(await backend.read(got), await backend.read(want));
          expect(difference).toBeLessThan(TOLERANCE);
        }
      }
    });
  });

  it("takes an empty suffix: no tokens, or no rows", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      const D = model.config.hiddenSize;
      for (const shape of [
        [5, 0, D],
        [0, 0, D],
        [0, 4, D],
      ]) {
        using suffix = backend.zeros(shape);
        const rowsPerPrompt = shape[0] === 0 ? [0, 0, 0, 0] : ROWS_PER_PROMPT;
        const grouped = model.forwardGrouped({ promptIds: PROMPTS, rowsPerPrompt, suffix_BTD: suffix });
        using _prompt = grouped.prompt_PSD;
        using _suffix = grouped.suffix_BTD;
        expect(grouped.suffix_BTD.shape).toEqual(shape);
        using last = backend.slice(grouped.prompt_PSD, [1, 0, 0], [1, 2, D]);
        const whole = await readForward(model, PROMPTS[1] as number[]);
        expect(largestDifference(await backend.read(last), whole)).toBeLessThan(TOLERANCE);
      }
    });
  });

  it("names what does not fit together", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      using suffix = backend.zeros([2, 1, model.config.hiddenSize]);
      const run = (promptIds: number[][], rowsPerPrompt: number[]) => () =>
        model.forwardGrouped({ promptIds, rowsPerPrompt, suffix_BTD: suffix });
      expect(run([[1]], [3])).toThrowError(/sums to 3, the suffix has 2 rows/);
      expect(run([[1]], [1, 1])).toThrowError(/one count for each of 1 prompts/);
      expect(run([[1], []], [1, 1])).toThrowError(/prompt 1 has no token/);
      expect(run([[1], [272]], [1, 1])).toThrowError(/prompt 1 has id 272, the model has 272 embeddings/);
      expect(run([], [])).toThrowError(/there is no prompt/);
      const long = Array<number>(129).fill(1);
      expect(run([long, [1]], [1, 1])).toThrowError(expect.objectContaining({ code: "MODEL_CONTEXT_FULL" }));
      expect(() => model.computePrompts([[1], []])).toThrowError(/computePrompts: prompt 1 has no token/);
      using prompts = model.computePrompts([[1], [2, 3]]);
      const behind = (rowsPerPrompt: number[]) => () =>
        model.forwardSuffix({ prompts, rowsPerPrompt, suffix_BTD: suffix });
      expect(behind([3, 0])).toThrowError(/forwardSuffix: rowsPerPrompt sums to 3, the suffix has 2 rows/);
      expect(behind([2])).toThrowError(/one count for each of 2 prompts/);
    });
  });
});

async function readForward(model: LanguageModel, ids: readonly number[]): Promise<Float32Array> {
  using hidden = model.backend.tidy(() => model.forward(embedIds(model, ids, [1, ids.length])));
  return (await model.backend.read(hidden)) as Float32Array;
}

/** Gradients of a loss by every parameter and by the suffix's embeddings. */
async function readGradients(
  backend: Backend,
  model: LanguageModel,
  loss: (suffix: Tensor) => Tensor,
): Promise<Map<string, Float32Array>> {
  using suffix = embedIds(model, SUFFIX_IDS, [ROW_PROMPTS.length, T]);
  const names = [...model.parameters.keys()];
  const { value, gradients } = backend.valueAndGrad(
    () => backend.tidy(() => loss(suffix)),
    [...model.parameters.values(), suffix],
  );
  value.dispose();
  const read = new Map<string, Float32Array>();
  for (const [index, gradient] of gradients.entries()) {
    read.set(names[index] ?? "suffix", (await backend.read(gradient)) as Float32Array);
    gradient.dispose();
  }
  return read;
}

/** Weights every suffix position differently, and the last prompt position of every row once. */
function weightOf(backend: Backend, D: number): Tensor {
  const size = ROW_PROMPTS.length * (T + 1) * D;
  const values = Float32Array.from({ length: size }, (_, index) => Math.sin(index * 1.7));
  return backend.tensor(values, [ROW_PROMPTS.length, T + 1, D]);
}

function plainLoss(backend: Backend, model: LanguageModel, suffix: Tensor): Tensor {
  const D = model.config.hiddenSize;
  const longest = Math.max(...PROMPTS.map((prompt) => prompt.length));
  const leftPadding = ROW_PROMPTS.map((prompt) => longest - (PROMPTS[prompt] as number[]).length);
  const ids = ROW_PROMPTS.flatMap((prompt, row) => [
    ...Array<number>(leftPadding[row] as number).fill(0),
    ...(PROMPTS[prompt] as number[]),
  ]);
  const prompts = embedIds(model, ids, [ROW_PROMPTS.length, longest]);
  const hidden = model.forward(backend.concat([prompts, suffix], 1), { leftPadding });
  const tail = backend.slice(hidden, [0, longest - 1, 0], [ROW_PROMPTS.length, T + 1, D]);
  return backend.sum(backend.multiply(tail, weightOf(backend, D)));
}

function groupedLoss(
  backend: Backend,
  model: LanguageModel,
  suffix: Tensor,
  checkpointLayers: boolean,
): Tensor {
  const { prompt_PSD, suffix_BTD } = model.forwardGrouped({
    promptIds: PROMPTS,
    rowsPerPrompt: ROWS_PER_PROMPT,
    suffix_BTD: suffix,
    checkpointLayers,
  });
  return weighted(backend, lastOfPrompts(backend, prompt_PSD, PROMPTS), suffix_BTD);
}

/** Differentiated through the prompts' keys, values and last hidden states. */
function twoPartLoss(
  backend: Backend,
  model: LanguageModel,
  suffix: Tensor,
  checkpointLayers: boolean,
): Tensor {
  const prompts = model.computePrompts(PROMPTS, { checkpointLayers });
  const suffix_BTD = model.forwardSuffix({
    prompts,
    rowsPerPrompt: ROWS_PER_PROMPT,
    suffix_BTD: suffix,
    checkpointLayers,
  });
  return weighted(backend, prompts.lastHidden_PD, suffix_BTD);
}

function weighted(backend: Backend, last_PD: Tensor, suffix_BTD: Tensor): Tensor {
  const [B = 0, , D = 0] = suffix_BTD.shape;
  const last_BD = backend.takeRows(last_PD, backend.tensor(Int32Array.from(ROW_PROMPTS), [B], "int32"));
  const last_B1D = backend.reshape(last_BD, [B, 1, D]);
  return backend.sum(backend.multiply(backend.concat([last_B1D, suffix_BTD], 1), weightOf(backend, D)));
}
