/**
 * One stored sequence with what the loss needs of it: which positions are scored, and by which factor their
 * log-probabilities enter the loss. A rollout and a supervised example both become one.
 *
 * The sequence is prompt, thought (T steps), forced tokens (F), answer (A tokens). Prompt and forced tokens carry no term.
 * The hidden state at suffix position q predicts position q + 1; q = -1 is the last prompt token.
 */

import type { StoredRollout } from "@soft-tokens/sampler";

export interface TrainingRow {
  /** Rows of the same prompt share its computation. */
  readonly promptIndex: number;
  readonly promptIds: readonly number[];
  /** Length T. The thought itself for hard thoughts, else its shadow. */
  readonly thoughtIds: ArrayLike<number>;
  /** Fed embeddings [T, D], row-major; null where the ids are the thought. */
  readonly thoughts: Float32Array | null;
  readonly forcedIds: ArrayLike<number>;
  readonly answerIds: ArrayLike<number>;
  /** Factor of every log-probability of this row in the loss. */
  readonly coefficient: number;
}

export function rowOfRollout(rollout: StoredRollout, promptIndex: number, coefficient: number): TrainingRow {
  const { shadowIds, thoughts, forcedIds, answerIds } = rollout;
  const promptIds = Array.from(rollout.promptIds);
  return { promptIndex, promptIds, thoughtIds: shadowIds, thoughts, forcedIds, answerIds, coefficient };
}

/** Inputs that have to follow the prompt: up to the position that predicts the last scored token. */
export function suffixLength(row: TrainingRow): number {
  const { thoughtIds, forcedIds, answerIds } = row;
  if (answerIds.length > 0) return thoughtIds.length + forcedIds.length + answerIds.length - 1;
  return Math.max(0, thoughtIds.length - 1);
}

/** Tokens that carry a term of the loss. */
export function scoredTokens(row: TrainingRow): number {
  return row.thoughtIds.length + row.answerIds.length;
}
