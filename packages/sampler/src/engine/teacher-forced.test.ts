/**
 * One teacher-forced pass over what a rollout stored must give every step of it again: the trainer's view of a sample
 * (method.md section 2, architecture decision 4). Each step is compared given its own past, so tolerances are tight.
 *
 * Axes: N tokens of the sample, S prompt, T thought, F forced, A answer, D hidden.
 */

import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import type { LanguageModel } from "@soft-tokens/model";
import { RandomKey, type Tensor, TensorScope } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GenerateRequest, Rollout } from "../contract.ts";
import { loadTinyLlama, readReference } from "../fixtures/tiny-model.ts";
import {
  createThoughtPolicy,
  INFERENCE_MODES,
  type InferenceMode,
  inferencePolicy,
} from "../policies/create-policy.ts";
import { sampleKeys } from "../sample-keys.ts";
import { defaultGenerationSettings } from "../settings.ts";
import { generate } from "./generate.ts";

const reference = readReference();
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

function requestOf(mode: InferenceMode): GenerateRequest {
  return {
    prompts: reference.prompts.map(({ ids }, promptIndex) => ({
      ids,
      sampleKeys: sampleKeys(
        RandomKey.fromSeed(2),
        { step: 0, promptIndex },
        mode.endsWith("greedy") ? 1 : 3,
      ),
    })),
    policy: inferencePolicy(mode, { rms: reference.rms }),
    settings: { ...defaultGenerationSettings, maxThoughtSteps: 30, answerTemperature: 1 },
  };
}

/** Hidden states that chose the thought's steps and the answer's tokens. The scope owns them. */
function recompute(rollout: Rollout, scope: TensorScope): { thought_TD: Tensor; answer_AD: Tensor } {
  const { promptIds, shadowIds, thoughts, forcedIds, answerIds } = rollout;
  const D = model.config.hiddenSize;
  const [S, T, F, A] = [promptIds.length, shadowIds.length, forcedIds.length, answerIds.length];
  const hidden = ops.tidy(() => {
    const embed = (ids: ArrayLike<number>) => model.embed(idsTensor(ids));
    const fed_TD = thoughts ? ops.tensor(thoughts, [T, D]) : embed(shadowIds);
    const input_ND = ops.concat([embed(promptIds), fed_TD, embed(forcedIds), embed(answerIds)], 0);
    const hidden_1ND = model.forward(ops.reshape(input_ND, [1, S + T + F + A, D]));
    const hidden_ND = ops.reshape(hidden_1ND, [S + T + F + A, D]);
    return {
      thought_TD: ops.slice(hidden_ND, [S - 1, 0], [T, D]),
      answer_AD: ops.slice(hidden_ND, [S + T + F - 1, 0], [A, D]),
    };
  });
  scope.track(hidden.thought_TD);
  scope.track(hidden.answer_AD);
  return hidden;
}

function idsTensor(ids: ArrayLike<number>): Tensor {
  return ops.tensor(Int32Array.from(ids), [ids.length], "int32");
}

async function readAndDispose(x: Tensor): Promise<number[]> {
  using own = x;
  return Array.from(await ops.read(own));
}

/** Differences relative to the largest value. */
function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  const scale = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-2);
  const worst = Array.from(got).reduce(
    (most, x, at) => Math.max(most, Math.abs(x - (wanted[at] as number))),
    0,
  );
  expect(worst / scale).toBeLessThan(tolerance);
}

describe("a teacher-forced pass", () => {
  it.each(INFERENCE_MODES)("thinks the same thoughts in %s mode", async (mode) => {
    const request = requestOf(mode);
    const { policy } = request;
    const { rollouts } = await generate(model, request);
    await withLeakCheck(ops, async () => {
      for (const rollout of rollouts) {
        using scope = new TensorScope();
        const { thought_TD } = recompute(rollout, scope);
        const key = request.prompts[rollout.promptIndex]?.sampleKeys[rollout.sampleIndex] as RandomKey;
        const step = policy.think(thought_TD, {
          backend: ops,
          head: model.head,
          keys: Array.from(rollout.shadowIds, (_, t) => key.fold("thought", t)),
        });
        expect(await readAndDispose(step.shadow_R)).toEqual(Array.from(rollout.shadowIds));
        // At tau = 1e-4 a difference of 1e-6 between two nearly equal logits is a difference of 1e-2 between their p.
        const tolerance = policy.name === "fuzzy" ? 1e-3 : 1e-4;
        expectClose(await readAndDispose(step.entropy_R), rollout.entropies, tolerance);
        const next = await readAndDispose(step.next_RD);
        if (rollout.thoughts) expectClose(next, rollout.thoughts, tolerance);
        const logProbs = step.logProb_R && (await readAndDispose(step.logProb_R));
        if (logProbs) expectClose([logProbs.reduce((a, b) => a + b, 0)], [rollout.thoughtLogProb ?? 0], 1e-4);
        else expect(rollout.thoughtLogProb).toBeNull();
      }
    });
  });

  it.each(["hard-sample", "soft-sample", "fuzzy-sample"] as const)(
    "scores thought and answer as the sampler did in %s mode, within 1e-4",
    async (mode) => {
      const request = requestOf(mode);
      const { rollouts } = await generate(model, request);
      const answerPolicy = createThoughtPolicy("hard", { rms: reference.rms });
      const context = { backend: ops, head: model.head };
      await withLeakCheck(ops, async () => {
        for (const rollout of rollouts) {
          using scope = new TensorScope();
          const { thought_TD, answer_AD } = recompute(rollout, scope);
          const [thought, answer] = ops.tidy(() => {
            const stored = rollout.thoughts && ops.tensor(rollout.thoughts, thought_TD.shape);
            const ids_N = idsTensor(rollout.shadowIds);
            return [
              request.policy.score(
                thought_TD,
                stored ? { thought_ND: stored, ids_N } : { ids_N },
                ops.ones([rollout.shadowIds.length]),
                context,
              ).value,
              answerPolicy.score(
                answer_AD,
                { ids_N: idsTensor(rollout.answerIds) },
                ops.ones([rollout.answerIds.length]),
                context,
              ).value,
            ] as const;
          });
          expectClose(await readAndDispose(thought), [rollout.thoughtLogProb as number], 1e-4);
          expectClose(await readAndDispose(answer), [rollout.answerLogProb as number], 1e-4);
        }
      });
    },
  );
});
