/** A model that overflows, in both engines: generation ends with the sample and the step, and frees what it holds. */

import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import type { LanguageModel } from "@soft-tokens/model";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeRequest } from "../fixtures/requests.ts";
import { loadTinyLlama } from "../fixtures/tiny-model.ts";
import { INFERENCE_MODES } from "../policies/create-policy.ts";
import { generate, generateStream } from "./generate.ts";
import { generateNaive } from "./naive.ts";

let ops: TfjsBackend;
let model: LanguageModel;
beforeEach(async () => {
  ops = await createTfjsBackend({ variant: "wasm" });
  model = await loadTinyLlama(ops);
});
afterEach(() => {
  model.dispose();
  ops[Symbol.dispose]();
});

/** Finite weights whose products are not. */
async function scaleWeights(name: string, scale: number): Promise<void> {
  const parameter = model.parameters.get(name);
  if (!parameter) throw new Error(`no parameter ${name}`);
  const values = (await ops.read(parameter)) as Float32Array;
  using scaled = ops.tensor(
    values.map((value) => Math.max(-3e38, Math.min(3e38, value * scale))),
    parameter.shape,
  );
  ops.assign(parameter, scaled);
}

const brokenWeights = async () => {
  await scaleWeights("model.norm.weight", 1e38);
  await scaleWeights("model.embed_tokens.weight", 1e3);
};

describe("logits that are not finite", () => {
  it.each(INFERENCE_MODES)("end a generation in mode %s, by step and sample", async (mode) => {
    await brokenWeights();
    for (const engine of [generate, generateNaive]) {
      await withLeakCheck(ops, async () => {
        await expect(engine(model, makeRequest(model, mode))).rejects.toMatchObject({
          code: "LOGITS_NOT_FINITE",
          promptIndex: 0,
          sampleIndex: 0,
          message: expect.stringMatching(
            /prompt 0, sample 0: the logits of thought step 1 are NaN or infinite/u,
          ),
        });
      });
    }
  });

  it("are seen in answers too, which have no entropy of their own in a rollout", async () => {
    await brokenWeights();
    for (const answerTemperature of [0, 1]) {
      for (const engine of [generate, generateNaive]) {
        const request = makeRequest(model, "hard-greedy", { maxThoughtSteps: 0, answerTemperature });
        await expect(engine(model, request)).rejects.toMatchObject({
          code: "LOGITS_NOT_FINITE",
          message: expect.stringContaining("answer token 1"),
        });
      }
    }
  });

  it("are seen before any rollout is given, also of samples that ended at once", async () => {
    await brokenWeights();
    const request = makeRequest(model, "soft-greedy", { maxThoughtSteps: 1, maxAnswerTokens: 1 });
    const given: unknown[] = [];
    const reading = async () => {
      for await (const rollout of generateStream(model, { ...request, maxRows: 1 })) given.push(rollout);
    };
    await expect(reading()).rejects.toMatchObject({ code: "LOGITS_NOT_FINITE" });
    expect(given).toEqual([]);
  });

  it("are told apart from large ones", async () => {
    await scaleWeights("model.norm.weight", 1e20);
    const { rollouts } = await generate(model, makeRequest(model, "hard-sample"));
    for (const { entropies } of rollouts) expect(entropies.every(Number.isFinite)).toBe(true);
  });
});
