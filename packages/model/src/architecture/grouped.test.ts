/**
 * The grouped pass against the plain one, which is tested against transformers; in one piece, and in two: prompts alone, then
 * the rows behind them.
 */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { LanguageModel } from "../contract.ts";
import { embedIds, FIXTURE_NAMES, largestDifference, openFixture } from "../fixtures/open-fixture.ts";

const TOLERANCE = 1e-4;
const PADDED_TOLERANCE = 1e-5;
/** Prompts of different lengths; the last one has no row, the second one several. */
const PROMPTS = [
  [5, 9, 200, 31, 7],
  [77, 3],
  [250, 1, 2],
  [9, 9, 9],
];
const ROWS_PER_PROMPT = [1, 3, 1, 0];
const ROW_PROMPTS = [0, 1, 1, 1, 2];
/** Tokens behind each prompt: all alike, and as different as can be. One row of the first prompt has a single one, one none. */
const LENGTHS = { even: [3, 3, 3, 3, 3], ragged: [9, 1, 4, 0, 2] };
type Lengths = readonly number[];
const RAGGEDNESS = ["even", "ragged"] as const;

const backend = await createTfjsBackend({ variant: "wasm" });
afterAll(() => backend[Symbol.dispose]());

describe.each(RAGGEDNESS)("grouped pass, rows of %s lengths", (kind) => {
  const lengths = LENGTHS[kind];
  const starts = lengths.map((_, row) => sumOf(lengths.slice(0, row)));

  it.each(FIXTURE_NAMES)("%s gives each row what a pass over prompt and suffix gives", async (name) => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture(name, backend);
      using _model = model;
      const D = model.config.hiddenSize;
      for (const checkpointLayers of [false, true]) {
        using suffix = embedSuffix(model, lengths);
        const grouped = model.forwardGrouped({
          promptIds: PROMPTS,
          rowsPerPrompt: ROWS_PER_PROMPT,
          suffixLengths: lengths,
          suffix_MD: suffix,
          checkpointLayers,
        });
        using lastHidden_PD = grouped.lastHidden_PD;
        using suffix_MD = grouped.suffix_MD;
        expect(suffix_MD.shape).toEqual([sumOf(lengths), D]);
        for (const [row, prompt] of ROW_PROMPTS.entries()) {
          const promptIds = PROMPTS[prompt] as number[];
          const T = lengths[row] as number;
          const whole = await readForward(model, [...promptIds, ...suffixIds(starts[row] as number, T)]);
          using last = backend.slice(lastHidden_PD, [prompt, 0], [1, D]);
          using own = backend.slice(suffix_MD, [starts[row] as number, 0], [T, D]);
          const parts = [...(await backend.read(last)), ...(await backend.read(own))];
          const wanted = whole.subarray((promptIds.length - 1) * D);
          expect(largestDifference(parts, wanted), `row ${row}`).toBeLessThan(TOLERANCE);
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
        const read = (loss: Loss) => readGradients(model, lengths, loss);
        const plain = await read(plainLoss);
        for (const gradients of [
          await read((suffix) => groupedLoss(model, lengths, suffix, false)),
          await read((suffix) => groupedLoss(model, lengths, suffix, true)),
          await read((suffix) => twoPartLoss(model, lengths, suffix, false)),
          await read((suffix) => twoPartLoss(model, lengths, suffix, true)),
        ]) {
          expectSameGradients(gradients, plain, TOLERANCE);
        }
        // A key's bias moves all scores of a query alike, so its gradient is nothing; every other parameter matters.
        const dead = [...plain].filter(
          ([key, values]) => !key.endsWith("k_proj.bias") && !values.some((x) => Math.abs(x) > 1e-4),
        );
        expect(dead.map(([key]) => key)).toEqual(model.config.tiedHead ? [] : ["lm_head.weight"]);

        function plainLoss(suffix: Tensor): Tensor {
          return weighted(
            ROW_PROMPTS.map((prompt, row) => {
              const ids = PROMPTS[prompt] as number[];
              const D = model.config.hiddenSize;
              const T = lengths[row] as number;
              const own = backend.slice(suffix, [starts[row] as number, 0], [T, D]);
              const whole = backend.concat([embedIds(model, ids, [ids.length]), own], 0);
              const hidden = model.forward(backend.reshape(whole, [1, ids.length + T, D]));
              const tail = backend.slice(hidden, [0, ids.length - 1, 0], [1, T + 1, D]);
              return backend.reshape(tail, [T + 1, D]);
            }),
          );
        }
      });
    },
  );

  it.each(FIXTURE_NAMES)("%s gives the same when prompts are computed before their rows", async (name) => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture(name, backend);
      using _model = model;
      using suffix = embedSuffix(model, lengths);
      const input = { rowsPerPrompt: ROWS_PER_PROMPT, suffixLengths: lengths, suffix_MD: suffix };
      const grouped = model.forwardGrouped({ promptIds: PROMPTS, ...input });
      using last_PD = grouped.lastHidden_PD;
      using suffix_MD = grouped.suffix_MD;
      for (const checkpointLayers of [false, true]) {
        using prompts = model.computePrompts(PROMPTS, { checkpointLayers });
        expect(prompts.lengths).toEqual([5, 2, 3, 3]);
        expect(prompts.layers).toHaveLength(model.config.layers);
        using behind_MD = model.forwardSuffix({ prompts, checkpointLayers, ...input });
        for (const [got, want] of [
          [prompts.lastHidden_PD, last_PD],
          [behind_MD, suffix_MD],
        ] as const) {
          expect(got.shape).toEqual(want.shape);
          const difference = largestDifference(await backend.read(got), await backend.read(want));
          expect(difference).toBeLessThan(TOLERANCE);
        }
      }
    });
  });
});

describe("rows without padding", () => {
  const lengths = LENGTHS.ragged;
  const longest = Math.max(...lengths);

  it.each(FIXTURE_NAMES)(
    "%s give what rows padded with tokens give, and the same gradients",
    async (name) => {
      await withLeakCheck(backend, async () => {
        const { model } = await openFixture(name, backend);
        using _model = model;
        for (const checkpointLayers of [false, true]) {
          for (const loss of [groupedLoss, twoPartLoss]) {
            const packed = await readGradients(model, lengths, (suffix) =>
              loss(model, lengths, suffix, checkpointLayers),
            );
            const padded = await readGradients(model, lengths, (suffix) => {
              const filler = sumOf(lengths);
              const places = lengths.flatMap((length, row) =>
                Array.from({ length: longest }, (_, at) =>
                  at < length ? sumOf(lengths.slice(0, row)) + at : filler,
                ),
              );
              const rows = takeRows(backend.concat([suffix, embedIds(model, [3], [1])], 0), places);
              return loss(
                model,
                lengths.map(() => longest),
                rows,
                checkpointLayers,
                lengths,
              );
            });
            expectSameGradients(packed, padded, PADDED_TOLERANCE);
          }
        }
      });
    },
  );

  it("pass the layers alone: nothing but real tokens is multiplied by a weight", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      using suffix = embedSuffix(model, lengths);
      const input = { rowsPerPrompt: ROWS_PER_PROMPT, suffixLengths: lengths, suffix_MD: suffix };
      const promptTokens = sumOf(PROMPTS.map((ids) => ids.length));
      const rowsSeen = new Set<number>();
      const original = backend.matmul.bind(backend);
      const matmul = vi.spyOn(backend, "matmul").mockImplementation((a, b, options) => {
        if (b.shape.length === 2) rowsSeen.add(a.shape[0] as number);
        return original(a, b, options);
      });
      const seen = (run: () => readonly Disposable[]) => {
        rowsSeen.clear();
        for (const result of run()) result[Symbol.dispose]();
        return [...rowsSeen];
      };
      expect(seen(() => Object.values(model.forwardGrouped({ promptIds: PROMPTS, ...input })))).toEqual([
        promptTokens + sumOf(lengths),
      ]);
      expect(seen(() => [model.computePrompts(PROMPTS)])).toEqual([promptTokens]);
      using prompts = model.computePrompts(PROMPTS);
      expect(seen(() => [model.forwardSuffix({ prompts, ...input })])).toEqual([sumOf(lengths)]);
      matmul.mockRestore();
    });
  });

  it("are gathered only where lengths differ", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      const gathers = (promptIds: number[][], rowLengths: number[]) => {
        using suffix = embedSuffix(model, rowLengths);
        const taken = vi.spyOn(backend, "takeRows");
        const grouped = model.forwardGrouped({
          promptIds,
          rowsPerPrompt: promptIds.map(() => 1),
          suffixLengths: rowLengths,
          suffix_MD: suffix,
        });
        grouped.lastHidden_PD.dispose();
        grouped.suffix_MD.dispose();
        const count = taken.mock.calls.length;
        taken.mockRestore();
        return count - 2; // embeddings, and the last tokens of prompts
      };
      const { layers } = model.config;
      expect(gathers([[1, 2], [3, 4]], [2, 2])).toBe(0); // biome-ignore format: short
      expect(gathers([[1, 2], [3, 4]], [2, 1])).toBe(4 * layers); // biome-ignore format: short
      expect(gathers([[1, 2], [3]], [2, 2])).toBe(4 * layers); // biome-ignore format: short
    });
  });

  it("may have no token at all, or not be there", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      const D = model.config.hiddenSize;
      using suffix = backend.zeros([0, D]);
      for (const suffixLengths of [[0, 0, 0, 0, 0], []]) {
        const rowsPerPrompt = suffixLengths.length === 0 ? [0, 0, 0, 0] : ROWS_PER_PROMPT;
        const input = { rowsPerPrompt, suffixLengths, suffix_MD: suffix };
        const grouped = model.forwardGrouped({ promptIds: PROMPTS, ...input });
        using last_PD = grouped.lastHidden_PD;
        using suffix_MD = grouped.suffix_MD;
        expect(suffix_MD.shape).toEqual([0, D]);
        using last = backend.slice(last_PD, [1, 0], [1, D]);
        const whole = await readForward(model, PROMPTS[1] as number[]);
        expect(largestDifference(await backend.read(last), whole.subarray(D))).toBeLessThan(TOLERANCE);
        using prompts = model.computePrompts(PROMPTS);
        using behind_MD = model.forwardSuffix({ prompts, ...input });
        expect(behind_MD.shape).toEqual([0, D]);
      }
    });
  });
});

describe("grouped pass", () => {
  it("names what does not fit together", async () => {
    await withLeakCheck(backend, async () => {
      const { model } = await openFixture("qwen2", backend);
      using _model = model;
      using suffix = backend.zeros([3, model.config.hiddenSize]);
      const run = (promptIds: number[][], rowsPerPrompt: number[], suffixLengths = [1, 2]) => {
        return () => model.forwardGrouped({ promptIds, rowsPerPrompt, suffixLengths, suffix_MD: suffix });
      };
      expect(run([[1]], [3])).toThrowError(/sums to 3, suffixLengths has 2 rows/);
      expect(run([[1]], [1, 1])).toThrowError(/one count for each of 1 prompts/);
      expect(run([[1]], [2], [1, 1])).toThrowError(/suffixLengths \[1, 1\] want counts that sum to 3/);
      expect(run([[1]], [2], [-1, 4])).toThrowError(/suffixLengths \[-1, 4\] want counts that sum to 3/);
      expect(run([[1], []], [1, 1])).toThrowError(/prompt 1 has no token/);
      expect(run([[1], [272]], [1, 1])).toThrowError(/prompt 1 has id 272, the model has 272 embeddings/);
      for (const wrong of [272, -1, 0.5, Number.NaN, undefined as unknown as number]) {
        const refused = expect.objectContaining({ code: "INDEX_OUT_OF_RANGE" });
        expect(run([[1], [wrong]], [1, 1])).toThrowError(refused);
        expect(() => model.computePrompts([[wrong]])).toThrowError(refused);
        expect(() => model.prefill([[wrong]], { rowsPerPrompt: [1], maxLength: 2 })).toThrowError(refused);
      }
      expect(run([], [])).toThrowError(/there is no prompt/);
      const long = Array<number>(129).fill(1);
      expect(run([long, [1]], [1, 1])).toThrowError(expect.objectContaining({ code: "MODEL_CONTEXT_FULL" }));
      expect(() => model.computePrompts([[1], []])).toThrowError(/computePrompts: prompt 1 has no token/);
      using prompts = model.computePrompts([[1], [2, 3]]);
      const behind = (rowsPerPrompt: number[]) => () =>
        model.forwardSuffix({ prompts, rowsPerPrompt, suffixLengths: [1, 2], suffix_MD: suffix });
      expect(behind([3, 0])).toThrowError(/forwardSuffix: rowsPerPrompt sums to 3, suffixLengths has 2 rows/);
      expect(behind([2])).toThrowError(/one count for each of 2 prompts/);
    });
  });
});

async function readForward(model: LanguageModel, ids: readonly number[]): Promise<Float32Array> {
  using hidden = model.backend.tidy(() => model.forward(embedIds(model, ids, [1, ids.length])));
  return (await model.backend.read(hidden)) as Float32Array;
}

/** Any ids do: the suffix is given as embeddings. */
function suffixIds(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => (37 * (start + at) + 11) % 272);
}

function embedSuffix(model: LanguageModel, lengths: Lengths): Tensor {
  const M = sumOf(lengths);
  return embedIds(model, suffixIds(0, M), [M]);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

type Loss = (suffix_MD: Tensor) => Tensor;

/** Gradients of a loss by every parameter and by the suffix's embeddings, and its value. */
async function readGradients(
  model: LanguageModel,
  lengths: Lengths,
  loss: Loss,
): Promise<Map<string, Float32Array>> {
  using suffix = embedSuffix(model, lengths);
  const names = [...model.parameters.keys()];
  const { value, gradients } = backend.valueAndGrad(
    () => backend.tidy(() => loss(suffix)),
    [...model.parameters.values(), suffix],
  );
  const read = new Map([["value", (await backend.read(value)) as Float32Array]]);
  value.dispose();
  for (const [index, gradient] of gradients.entries()) {
    read.set(names[index] ?? "suffix", (await backend.read(gradient)) as Float32Array);
    gradient.dispose();
  }
  return read;
}

function expectSameGradients(
  got: ReadonlyMap<string, Float32Array>,
  wanted: ReadonlyMap<string, Float32Array>,
  tolerance: number,
): void {
  for (const [key, want] of wanted) {
    const scale = Math.max(1e-3, ...want.map(Math.abs));
    expect(largestDifference(got.get(key) as Float32Array, want) / scale, key).toBeLessThan(tolerance);
  }
}

/** Of each row its prompt's last position and its own, [T + 1, D]: every position is weighted differently. */
function weighted(rows: readonly Tensor[]): Tensor {
  const table = backend.concat(rows, 0);
  const weights = Float32Array.from({ length: table.size }, (_, index) => Math.sin(index * 1.7));
  return backend.sum(backend.multiply(table, backend.tensor(weights, table.shape)));
}

function groupedLoss(
  model: LanguageModel,
  lengths: Lengths,
  suffix: Tensor,
  checkpointLayers: boolean,
  scored = lengths,
): Tensor {
  const { lastHidden_PD, suffix_MD } = model.forwardGrouped({
    promptIds: PROMPTS,
    rowsPerPrompt: ROWS_PER_PROMPT,
    suffixLengths: lengths,
    suffix_MD: suffix,
    checkpointLayers,
  });
  return weighted(tableRows(lastHidden_PD, suffix_MD, lengths, scored));
}

/** Differentiated through the prompts' keys, values and last hidden states. */
function twoPartLoss(
  model: LanguageModel,
  lengths: Lengths,
  suffix: Tensor,
  checkpointLayers: boolean,
  scored = lengths,
): Tensor {
  const prompts = model.computePrompts(PROMPTS, { checkpointLayers });
  const suffix_MD = model.forwardSuffix({
    prompts,
    rowsPerPrompt: ROWS_PER_PROMPT,
    suffixLengths: lengths,
    suffix_MD: suffix,
    checkpointLayers,
  });
  return weighted(tableRows(prompts.lastHidden_PD, suffix_MD, lengths, scored));
}

/** The first `scored` positions of each row behind the last of its prompt. */
function tableRows(last_PD: Tensor, suffix_MD: Tensor, lengths: Lengths, scored: Lengths): Tensor[] {
  const P = last_PD.shape[0] as number;
  const table = backend.concat([last_PD, suffix_MD], 0);
  return ROW_PROMPTS.map((prompt, row) => {
    const first = P + sumOf(lengths.slice(0, row));
    return takeRows(table, [prompt, ...Array.from({ length: scored[row] as number }, (_, at) => first + at)]);
  });
}

function takeRows(table: Tensor, rows: readonly number[]): Tensor {
  return backend.takeRows(table, backend.tensor(Int32Array.from(rows), [rows.length], "int32"));
}
