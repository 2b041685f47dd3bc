/** Prompts once for all micro-batches against the pass of one micro-batch, in which they are packed with their rows. */

import type { LanguageModel } from "@soft-tokens/model";
import { createThoughtPolicy, type ThoughtName, type ThoughtPolicy } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "./test-support/close-to-relative.ts";
import { GradientSum } from "./gradient-sum.ts";
import { type PassOptions, type PassResult, passWithGradients, passWithoutGradients } from "./pass.ts";
import { modelKinds, openModelOfKind, PROMPT_LENGTHS, variedRows } from "./test-support/varied-rows.ts";
import type { TrainingRow } from "./training-row.ts";

const TOLERANCE = 1e-5;
const THOUGHTS = ["hard", "soft", "fuzzy"] as const;
const ROWS_PER_MICRO_BATCH = 2;
const PROMPT_TOKENS = PROMPT_LENGTHS.reduce((sum, length) => sum + length, 0);
const KEY = RandomKey.fromSeed(3);

/** Fuzzy thoughts are sharper than soft ones, but not as in training: 1 / tau magnifies how logits are rounded. */
function policyOf(thought: ThoughtName): ThoughtPolicy {
  if (thought === "hard") return createThoughtPolicy("hard", { temperature: 0.7, rms: 1 });
  return createThoughtPolicy(thought, { temperature: thought === "fuzzy" ? 0.25 : 0.7, sigma: 0.4 });
}

function optionsOf(model: LanguageModel, policy: ThoughtPolicy, change: Partial<PassOptions>): PassOptions {
  return {
    model,
    policy,
    answerTemperature: 1,
    embeddingGradient: true,
    checkpointLayers: false,
    limits: {
      memoryBudgetBytes: 2 ** 40,
      maxRowsPerMicroBatch: 0,
      checkpointLayers: false,
      headChunkElements: 0,
    },
    ...change,
  };
}

function inMicroBatches(options: PassOptions): PassOptions {
  return { ...options, limits: { ...options.limits, maxRowsPerMicroBatch: ROWS_PER_MICRO_BATCH } };
}

interface Read extends PassResult {
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

async function readPass(rows: readonly TrainingRow[], options: PassOptions): Promise<Read> {
  const { model } = options;
  using sums = new GradientSum(model.backend, [...model.parameters.values()]);
  const pass = await passWithGradients(rows, sums, options);
  const gradients = new Map<string, Float32Array>();
  for (const [at, name] of [...model.parameters.keys()].entries()) {
    const tensor = sums.tensors[at];
    if (tensor) gradients.set(name, (await model.backend.read(tensor)) as Float32Array);
  }
  return { ...pass, gradients };
}

function expectSameLogProbs(got: PassResult, wanted: PassResult): void {
  expect(got.logProbs.size).toBe(wanted.logProbs.size);
  for (const [row, { thought, answer, thoughtSteps }] of wanted.logProbs) {
    const own = got.logProbs.get(row);
    expect(own?.thought).toBeCloseToRelative(thought, TOLERANCE);
    expect(own?.answer).toBeCloseToRelative(answer, TOLERANCE);
    thoughtSteps.forEach((value, step) => {
      expect(own?.thoughtSteps[step]).toBeCloseToRelative(value, TOLERANCE);
    });
  }
}

function expectSameGradients(got: Read, wanted: Read): void {
  for (const [name, values] of wanted.gradients) {
    const own = got.gradients.get(name) as Float32Array;
    const gap = values.reduce((most, x, i) => Math.max(most, Math.abs(x - (own[i] as number))), 0);
    expect(gap / largest(values), name).toBeLessThanOrEqual(TOLERANCE);
  }
}

/** Of the loss before its terms, which have both signs, cancel. */
function sizeOfTerms({ logProbs }: PassResult): number {
  return [...logProbs].reduce(
    (sum, [{ coefficient }, { thought, answer }]) => sum + Math.abs(coefficient * (thought + answer)),
    0,
  );
}

function largest(values: Float32Array): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

describe.each(modelKinds)("prompts once for all micro-batches of %s", (kind) => {
  let opened: Awaited<ReturnType<typeof openModelOfKind>>;
  beforeAll(async () => {
    opened = await openModelOfKind(kind);
  });
  afterAll(() => opened[Symbol.dispose]());

  it.each(THOUGHTS)(
    "%s thoughts have the loss, log-probabilities and gradients of one micro-batch",
    async (thought) => {
      const { backend, model } = opened;
      const rows = variedRows(model.config.hiddenSize, thought !== "hard");
      const variants: Partial<PassOptions>[] = [
        {},
        { checkpointLayers: true },
        { embeddingGradient: false },
        { thoughtTermOnly: true },
        { inputNoise: { sigma: 0.1, keyOf: (row) => KEY.fold(rows.indexOf(row)) } },
      ];
      await withLeakCheck(backend, async () => {
        for (const variant of variants) {
          const options = optionsOf(model, policyOf(thought), variant);
          const wanted = await readPass(rows, options);
          const got = await readPass(rows, inMicroBatches(options));
          expect([wanted.microBatches, got.microBatches]).toEqual([1, 10]);
          expect(Math.abs(got.loss - wanted.loss)).toBeLessThanOrEqual(TOLERANCE * sizeOfTerms(wanted));
          expectSameLogProbs(got, wanted);
          expectSameGradients(got, wanted);
        }
      });
    },
  );

  it("scores rows that feed nothing behind their prompts, alone and beside others", async () => {
    const { backend, model } = opened;
    const silent = { thoughts: null, thoughtIds: [], forcedIds: [], coefficient: 0.1 };
    const prompts = variedRows(model.config.hiddenSize, false).slice(0, 8);
    const rows = prompts.map((row, at) => ({ ...row, ...silent, answerIds: at % 4 === 3 ? [5, 6, 7] : [5] }));
    const inputNoise = { sigma: 0.1, keyOf: (row: TrainingRow) => KEY.fold(rows.indexOf(row as never)) };
    await withLeakCheck(backend, async () => {
      const options = { ...optionsOf(model, policyOf("hard"), { inputNoise }), policy: null };
      const wanted = await readPass(rows, options);
      const got = await readPass(rows, inMicroBatches(options));
      expect(got.tokens).toBe(2 * (9 + 4) + 2 * 2);
      expectSameLogProbs(got, wanted);
      expectSameGradients(got, wanted);
    });
  });

  it("has no gradient at all where every coefficient is 0", async () => {
    const { backend, model } = opened;
    const rows = variedRows(model.config.hiddenSize, true).map((row) => ({ ...row, coefficient: 0 }));
    await withLeakCheck(backend, async () => {
      using sums = new GradientSum(backend, [...model.parameters.values()]);
      await passWithGradients(rows, sums, inMicroBatches(optionsOf(model, policyOf("soft"), {})));
      expect(await sums.norm()).toBe(0);
    });
  });

  it("scores without gradients in the same way, and then a prompt passes only once", async () => {
    const { backend, model } = opened;
    const rows = variedRows(model.config.hiddenSize, true);
    const options = optionsOf(model, policyOf("soft"), {});
    await withLeakCheck(backend, async () => {
      const wanted = await passWithoutGradients(rows, options);
      const scored = await passWithoutGradients(rows, inMicroBatches(options));
      const trained = await readPass(rows, inMicroBatches(options));
      expectSameLogProbs(scored, wanted);
      expect(trained.tokens - scored.tokens).toBe(PROMPT_TOKENS);
    });
  });
});

describe("an interrupted pass", () => {
  let opened: Awaited<ReturnType<typeof openModelOfKind>>;
  beforeAll(async () => {
    opened = await openModelOfKind("llama, tied head");
  });
  afterAll(() => opened[Symbol.dispose]());

  /** Does something when the n-th micro-batch is scored. */
  const interrupted = (n: number, act: () => void): ThoughtPolicy => {
    const policy = policyOf("soft");
    let calls = 0;
    return {
      ...policy,
      think: (...args) => policy.think(...args),
      score(...args) {
        if (++calls === n) act();
        return policy.score(...args);
      },
    };
  };

  it.each([1, 4])("leaves no tensor behind when micro-batch %i throws", async (n) => {
    const { backend, model } = opened;
    const rows = variedRows(model.config.hiddenSize, true);
    await withLeakCheck(backend, async () => {
      for (const pass of [readPass, passWithoutGradients]) {
        const policy = interrupted(n, () => {
          throw new Error("out of luck");
        });
        const options = inMicroBatches(optionsOf(model, policy, { checkpointLayers: true }));
        await expect(pass(rows, options)).rejects.toThrow("out of luck");
      }
    });
  });

  it.each([3, 10])("leaves no tensor behind when it is aborted in micro-batch %i", async (n) => {
    const { backend, model } = opened;
    const rows = variedRows(model.config.hiddenSize, true);
    const controller = new AbortController();
    const { signal } = controller;
    const policy = interrupted(n, () => controller.abort());
    await withLeakCheck(backend, async () => {
      const options = inMicroBatches(optionsOf(model, policy, { signal }));
      await expect(readPass(rows, options)).rejects.toThrow(/abort/i);
    });
  });
});
