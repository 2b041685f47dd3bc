/**
 * A rollout file: safetensors, ragged by offsets, so that any program can recompute a run's log-probabilities.
 *
 *   prompt_ids, prompt_offsets      int32 [sum of lengths], int32 [B + 1]; the same for the other pairs
 *   shadow_ids, thought_offsets     for hard thoughts the shadow is the thought
 *   thoughts                        float32 [sum of T, D], the fed embeddings; absent for hard thoughts
 *   forced_ids, forced_offsets      between thought and answer, no log-probability
 *   answer_ids, answer_offsets
 *   metadata                        thought, tau, sigma; answer_tau (absent: 1); whatever the writer adds
 *
 * Axes: B samples, T thought steps of one sample, D hidden.
 */

/** Names of the ragged integer tensors and of their offsets. */
export const RAGGED = {
  promptIds: { ids: "prompt_ids", offsets: "prompt_offsets" },
  shadowIds: { ids: "shadow_ids", offsets: "thought_offsets" },
  forcedIds: { ids: "forced_ids", offsets: "forced_offsets" },
  answerIds: { ids: "answer_ids", offsets: "answer_offsets" },
} as const;
export type RaggedName = keyof typeof RAGGED;
export const RAGGED_NAMES = Object.keys(RAGGED) as RaggedName[];

export const THOUGHTS = "thoughts";

/** What a file holds of one sample. A `Rollout` has all of it. */
export interface StoredRollout {
  readonly promptIds: ArrayLike<number>;
  readonly shadowIds: ArrayLike<number>;
  /** [T, D], row-major; null for hard thoughts. */
  readonly thoughts: Float32Array | null;
  readonly forcedIds: ArrayLike<number>;
  readonly answerIds: ArrayLike<number>;
}

export interface StoredRollouts {
  /** Name of the policy: "hard", "soft", "fuzzy". */
  readonly thought: string;
  /** tau */
  readonly temperature: number;
  readonly sigma: number;
  /** Temperature of the answer tokens; 0 is greedy. */
  readonly answerTemperature: number;
  /** D; null where no thoughts are stored. */
  readonly hiddenSize: number | null;
  readonly rollouts: readonly StoredRollout[];
  /** All metadata strings of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}
