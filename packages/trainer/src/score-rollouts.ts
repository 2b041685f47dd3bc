/** Log-probabilities of stored rollouts, recomputed by the trainer's teacher-forced pass: an audit of a run. */

import type { LanguageModel } from "@soft-tokens/model";
import { checkRollouts, type StoredRollout, type ThoughtPolicy } from "@soft-tokens/sampler";
import type { HeadChunk } from "@soft-tokens/tensor";
import { passWithoutGradients } from "./pass.ts";
import { DEFAULT_MEMORY_BUDGET_BYTES } from "./settings.ts";
import { rowOfRollout } from "./training-row.ts";

export interface ScoreRolloutsOptions {
  readonly model: LanguageModel;
  readonly policy: ThoughtPolicy;
  readonly rollouts: readonly StoredRollout[];
  /** Defaults to `1`, as in training. */
  readonly answerTemperature?: number;
  readonly chunk?: HeadChunk;
  /** Activations of one micro-batch. Defaults to 768 MiB. */
  readonly memoryBudgetBytes?: number;
  readonly signal?: AbortSignal;
  /** What a rollout is called where its log-probabilities are not finite. Defaults to `sample` and its place. */
  readonly nameOf?: (index: number) => string;
}

/** Sums over a sample's thought steps and over its answer tokens. */
export interface ScoredRollout {
  readonly thoughtLogProb: number;
  readonly answerLogProb: number;
  /** Of each thought step. */
  readonly thoughtLogProbs: Float32Array;
}

/**
 * One result per rollout, in their order. Neighbours with the same prompt share its computation.
 * @throws INVALID_ROLLOUTS (of the sampler) where they do not fit the model, LOGITS_NOT_FINITE naming the sample by its place
 */
export async function scoreRollouts(options: ScoreRolloutsOptions): Promise<ScoredRollout[]> {
  const { model, policy, rollouts, answerTemperature = 1, chunk, nameOf = (at) => `sample ${at}` } = options;
  const { memoryBudgetBytes = DEFAULT_MEMORY_BUDGET_BYTES } = options;
  checkRollouts(model.config, rollouts);
  let promptIndex = -1;
  const rows = rollouts.map((rollout, index) => {
    const before = rollouts[index - 1];
    if (!before || !sameIds(before.promptIds, rollout.promptIds)) promptIndex++;
    return rowOfRollout(rollout, promptIndex, 1);
  });
  const { logProbs } = await passWithoutGradients(rows, {
    model,
    policy,
    answerTemperature,
    embeddingGradient: false,
    checkpointLayers: false,
    limits: { memoryBudgetBytes, maxRowsPerMicroBatch: 0, checkpointLayers: false, headChunkElements: 0 },
    signal: options.signal,
    nameOf: (row) => nameOf(rows.indexOf(row)),
    ...(chunk && { chunk }),
  });
  return rows.map((row) => {
    const scored = logProbs.get(row);
    return {
      thoughtLogProb: scored?.thought ?? 0,
      answerLogProb: scored?.answer ?? 0,
      thoughtLogProbs: scored?.thoughtSteps ?? new Float32Array(0),
    };
  });
}

function sameIds(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a === b || (a.length === b.length && Array.from(a).every((id, at) => id === b[at]));
}
