/**
 * Accuracy on held-out problems, one sample each, greedy in the variant's own mode: the policy that is passed in decides how
 * (method.md section 6). Answers are greedy. The same keys every time, should a policy sample after all.
 */

import { encodePrompt, type LanguageModel } from "@soft-tokens/model";
import { type GenerationSettings, generate, sampleKeys, type ThoughtPolicy } from "@soft-tokens/sampler";
import type { HeadChunk, RandomKey } from "@soft-tokens/tensor";
import type { Problem, ProblemSource, RewardFunction } from "./contract.ts";
import { gradeAll } from "./grade.ts";
import { finiteOnly, rewardMetrics, type TrainingSample, thoughtMetrics } from "./metrics.ts";
import { stopwatch } from "./stopwatch.ts";
import type { ValidationOutcome } from "./training-loop.ts";

export interface ValidationOptions {
  readonly model: LanguageModel;
  readonly policy: ThoughtPolicy;
  readonly problems: ProblemSource;
  readonly reward: RewardFunction;
  readonly key: RandomKey;
  readonly generation: GenerationSettings;
  /** Problems decoded at once. */
  readonly batchSize: number;
  readonly chunk?: HeadChunk | undefined;
  readonly signal?: AbortSignal | undefined;
}

export async function validate(options: ValidationOptions): Promise<ValidationOutcome<TrainingSample>> {
  const { model, policy, problems, reward, key, generation, batchSize, chunk, signal } = options;
  const seconds = stopwatch();
  const all = Array.from({ length: problems.size }, (_, index) => problems.get(index));
  const { rollouts } = await generate(model, {
    policy,
    settings: generation,
    maxRows: batchSize,
    prompts: all.map(({ prompt }, promptIndex) => ({
      ids: encodePrompt(model.tokenizer, prompt),
      sampleKeys: sampleKeys(key, { step: 0, promptIndex }, 1),
    })),
    ...(chunk && { chunk }),
    ...(signal && { signal }),
  });
  const problemOf = ({ promptIndex }: { promptIndex: number }) => all[promptIndex] as Problem;
  const results = await gradeAll(rollouts, problemOf, reward);
  const samples = rollouts.map((rollout, index): TrainingSample => {
    const result = results[index] as (typeof results)[number];
    return { problem: problemOf(rollout), rollout, result, advantage: 0, trainerLogProb: null };
  });
  const rewards = rewardMetrics(samples.map(({ result }) => result));
  const thoughts = thoughtMetrics(samples.map(({ rollout }) => rollout));
  const accuracy = rewards["reward/correct"] ?? 0;
  return {
    score: accuracy,
    samples,
    metrics: finiteOnly({
      "validation/accuracy": accuracy,
      "validation/boxed": rewards["reward/boxed"] ?? 0,
      "validation/reward": rewards["reward/mean"] ?? 0,
      "validation/thoughtLength": thoughts["thought/length"] ?? 0,
      "validation/limitRate": thoughts["thought/limitRate"] ?? 0,
      "validation/entropy": thoughts["thought/entropy"] ?? Number.NaN,
      "validation/problems": samples.length,
      "time/validation": seconds(),
    }),
  };
}
