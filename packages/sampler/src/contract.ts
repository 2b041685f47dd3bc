/**
 * Thought policies and rollouts. A policy holds both `think` (the sampler's step) and `score` (the trainer's
 * log-probability of a stored thought), so that the two cannot drift apart; a new kind of thought is one file.
 *
 * Axes: R rows now in the batch, N scored positions, T thought steps of one sample, A answer tokens, D hidden, V vocabulary.
 */

import type { LanguageHead } from "@soft-tokens/model";
import type { Backend, HeadChunk, LogProbResult, RandomKey, Tensor } from "@soft-tokens/tensor";

/** Temperature and noise of a policy, resolved for the model of the run. Written to its config and rollout files. */
export interface ThoughtSettings {
  /** tau; 0 means greedy (hard thoughts only). */
  readonly temperature: number;
  /** Noise per embedding component as a multiple of rms(E). 0: none. */
  readonly noiseScale: number;
  /** noiseScale * rms(E), measured on the model given to the run and kept for the run. */
  readonly sigma: number;
}

export interface ThinkContext {
  readonly backend: Backend;
  readonly head: LanguageHead;
  /** One key per row, already folded with the step. */
  readonly keys: readonly RandomKey[];
  readonly chunk?: HeadChunk;
  /** How many alternatives of each step to report. Defaults to 0. */
  readonly topK?: number;
}

/** One thought step. The caller owns the tensors. */
export interface ThoughtStep {
  /** What the model is fed next. */
  readonly next_RD: Tensor;
  /** int32: the token itself for hard thoughts, the argmax for the others. Its text decides where the thought ends. */
  readonly shadow_R: Tensor;
  /** log pi of this step under the sampler, float32; null where the step is deterministic. */
  readonly logProb_R: Tensor | null;
  readonly entropy_R: Tensor;
  readonly topIds_RK?: Tensor;
  readonly topProbabilities_RK?: Tensor;
}

export interface ScoreContext {
  readonly backend: Backend;
  readonly head: LanguageHead;
  readonly chunk?: HeadChunk;
  /** Let the gradient flow through E in mu = p E. Defaults to `true`. */
  readonly embeddingGradient?: boolean;
}

export interface ThoughtPolicy {
  /** "hard", "soft", "fuzzy", ... */
  readonly name: string;
  readonly settings: ThoughtSettings;
  /** True where the fed embeddings must be stored to score the thought; false where the shadow ids are the thought. */
  readonly storesThoughts: boolean;
  think(hidden_RD: Tensor, context: ThinkContext): ThoughtStep;
  /** sum of coefficient * log pi over stored steps, with gradient. `stored` is thought_RD where `storesThoughts`, else ids. */
  score(
    hidden_ND: Tensor,
    stored: { readonly thought_ND?: Tensor; readonly ids_N: Tensor },
    coefficient_N: Tensor,
    context: ScoreContext,
  ): LogProbResult;
}

/** Why a thought or an answer ended. */
export type ThoughtStop = "stop-string" | "limit" | "end-of-sequence";
export type AnswerStop = "closed-box" | "end-of-sequence" | "limit";

export interface GenerationSettings {
  readonly maxThoughtSteps: number;
  /** Defaults to 32. */
  readonly maxAnswerTokens: number;
  /** Ends a thought when its shadow text contains it. Defaults to `The final answer is: `. */
  readonly stopString: string;
  /** Appended after the stop string. Defaults to `\boxed{`. */
  readonly answerPrefix: string;
  /** 1 in training; 0 (greedy) in evaluation. */
  readonly answerTemperature: number;
  /** Alternatives of each thought step to record, for reports. Defaults to 0. */
  readonly recordTopK: number;
}

/** One sample: everything the trainer scores and a reader wants to see. Plain host data, nothing of size V. */
export interface Rollout {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly promptIds: readonly number[];
  /** Length T. */
  readonly shadowIds: Int32Array;
  /** The fed embeddings h~, row-major [T, D]; null for hard thoughts. */
  readonly thoughts: Float32Array | null;
  readonly forcedIds: readonly number[];
  readonly answerIds: Int32Array;
  readonly thoughtStop: ThoughtStop;
  readonly answerStop: AnswerStop;
  /** Shadow text, forced text and answer text as decoded. */
  readonly thoughtText: string;
  readonly forcedText: string;
  readonly answerText: string;
  /**
   * Of the settings: what opens the box before `answerText`. The thought's last token may have written the first part of it.
   * Defaults to the forced text.
   */
  readonly answerPrefix?: string;
  /** Sums under the sampler; null where the mode is deterministic. */
  readonly thoughtLogProb: number | null;
  readonly answerLogProb: number | null;
  /** log pi per thought step, length T; null where the mode is deterministic. */
  readonly thoughtLogProbs: Float32Array | null;
  /** Per thought step, nats; length T. */
  readonly entropies: Float32Array;
  /** Per thought step when recorded, [T, K]. */
  readonly top?: { readonly k: number; readonly ids: Int32Array; readonly probabilities: Float32Array };
}

export interface GenerationTimings {
  /** Of the prompts that the batch begins with. */
  readonly prefillMs: number;
  /** Of all steps, and of prompts that come later. */
  readonly decodeMs: number;
  readonly steps: number;
  /** Rows that had a token to come, summed over steps: tokens processed. */
  readonly tokens: number;
}

export interface GenerateRequest {
  readonly prompts: readonly {
    readonly ids: readonly number[];
    /** One key per sample: noise belongs to a sample, not to its place in the batch. */
    readonly sampleKeys: readonly RandomKey[];
  }[];
  readonly policy: ThoughtPolicy;
  readonly settings: GenerationSettings;
  /** Most samples decoded at once; the others take the places of those that end. Defaults to all. */
  readonly maxRows?: number;
  readonly chunk?: HeadChunk;
  readonly signal?: AbortSignal;
}

export interface GenerateResult {
  /** Ordered by prompt, then sample. */
  readonly rollouts: readonly Rollout[];
  readonly timings: GenerationTimings;
}
