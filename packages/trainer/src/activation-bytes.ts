/**
 * Bytes that a pass is expected to need at once, from the model's sizes: of a micro-batch, of prompts that were computed for
 * several of them, and of the pass that gives those prompts' gradient to the parameters.
 *
 * Axes: D hidden, F ffn, N query heads, K kv heads, H head size.
 */

import type { LanguageModel, ModelConfig } from "@soft-tokens/model";
import type { MicroBatchLimits, MicroBatchShape, PromptShape } from "./microbatch.ts";

/** What is known of a model's activations beside their number. */
export interface ActivationKind {
  readonly config: ModelConfig;
  /** Of an activation other than the residual stream, which is float32: 4, or 2 for bfloat16. */
  readonly bytesPerElement: number;
  /** Attention keeps its scores for the backward pass: it has no `flashAttention`. */
  readonly keepsScores: boolean;
}

export function activationKind({ backend, config, parameters }: LanguageModel): ActivationKind {
  const [parameter] = parameters.values();
  return {
    config,
    bytesPerElement: parameter?.dtype === "bfloat16" ? 2 : 4,
    keepsScores: !backend.capabilities.flashAttention,
  };
}

/** Tile of the head operations where nothing is said (`HeadChunk` of the tensor package). */
const DEFAULT_HEAD_TILE = 2 ** 22;
/** Tiles alive at once in the head's visit: logits, probabilities, their gradient and its two factors. */
const HEAD_TILES = 5;

type ActivationOptions = Pick<MicroBatchLimits, "checkpointLayers" | "headChunkElements">;

/**
 * Bytes that the backward pass of one micro-batch needs at once.
 * Kept per token and layer: the inputs of two norms, which are the float32 stream (2 D); two norms and their gradients (4 D),
 * queries before and after rotation, the attention's output (3 N H), keys and values (4 K H), the four vectors of the gated
 * MLP (4 F); and scores, masked scores and probabilities of attention (3 N times the visible positions, float32), by every
 * layer or, with flash attention, by the one at work. Where lengths differ, attention keeps queries, keys, values and its
 * result once more, padded (2 N H + 2 K H for each place). With `checkpointLayers` only each layer's input (D) is kept, and one
 * layer in full. One more layer stands for the gradients in flight, 4 D for the head's gathered rows, and `HEAD_TILES` tiles
 * for its visit of the vocabulary. Given prompts have no activations but states.
 * On the careful side: 1.3 to 2.4 times what was measured on the embedded backend (see the test).
 */
export function activationBytes(
  shape: MicroBatchShape,
  kind: ActivationKind,
  options: ActivationOptions,
): number {
  const { config, bytesPerElement, keepsScores } = kind;
  const { hiddenSize: D, ffnSize: F, queryHeads: N, kvHeads: K, headSize: H, layers } = config;
  const { prompts, promptTokens, longestPrompt, rows, suffixTokens, longestSuffix, arePromptsGiven } = shape;
  const promptPlaces = arePromptsGiven ? 0 : prompts * longestPrompt;
  const suffixPlaces = rows * longestSuffix;
  const places = promptPlaces + suffixPlaces;
  const tokens = (arePromptsGiven ? 0 : promptTokens) + suffixTokens;
  const visible = promptPlaces * longestPrompt + suffixPlaces * (longestPrompt + longestSuffix);
  const scores = 4 * 3 * N * visible;
  const narrow = 4 * D + 3 * N * H + 4 * K * H + 4 * F;
  const padded = places > tokens ? places * bytesPerElement * (2 * N * H + 2 * K * H) : 0;
  const layer = tokens * (4 * 2 * D + bytesPerElement * narrow) + padded + (keepsScores ? scores : 0);
  const kept = options.checkpointLayers ? layers * tokens * 4 * D + layer : layers * layer;
  const inFlight = layer + (keepsScores ? 0 : scores);
  const scored = rows + suffixTokens; // at most: a row's first token is predicted by its prompt
  const tile = Math.min(options.headChunkElements || DEFAULT_HEAD_TILE, scored * config.vocabularySize);
  const given = arePromptsGiven ? promptStateBytes(shape, kind) : 0;
  return kept + inFlight + 4 * (tokens * 4 * D + HEAD_TILES * tile) + given;
}

/**
 * Keys and values of all layers (2 K H a token of padded prompts), the float32 sums of their gradients, and the gradients of one
 * micro-batch.
 */
export function promptStateBytes(
  { prompts, longestPrompt }: PromptShape,
  { config, bytesPerElement }: ActivationKind,
): number {
  const { kvHeads: K, headSize: H, layers } = config;
  return prompts * longestPrompt * layers * 2 * K * H * (4 + 2 * bytesPerElement);
}

/**
 * Bytes of the backward pass through prompts: their activations, the sums of their states' gradients, and the states in float32
 * that these are multiplied by. A checkpoint gives the states joined to its stream.
 */
export function promptPassBytes(
  prompts: PromptShape,
  kind: ActivationKind,
  options: ActivationOptions,
): number {
  const { hiddenSize: D, kvHeads: K, headSize: H, layers } = kind.config;
  const shape = { ...prompts, rows: 0, suffixTokens: 0, longestSuffix: 0, arePromptsGiven: false };
  const state = 2 * K * H;
  const perPlace = 4 * (2 * state + (options.checkpointLayers ? D + 2 * state : 0));
  const places = prompts.prompts * prompts.longestPrompt;
  return activationBytes(shape, kind, options) + places * layers * perPlace;
}
