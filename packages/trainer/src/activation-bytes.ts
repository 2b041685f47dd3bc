/**
 * Bytes that a pass is expected to need at once, from the model's sizes: of a micro-batch, of prompts that were computed for
 * several of them, and of the pass that gives those prompts' gradient to the parameters.
 *
 * Axes: D hidden, F ffn, N query heads, K kv heads, H head size.
 */

import type { LanguageModel, ModelConfig } from "@soft-tokens/model";
import type { MicroBatchLimits, MicroBatchShape } from "./microbatch.ts";

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
 * layer or, with flash attention, by the one at work. With `checkpointLayers` only each layer's input (D) is kept, and one
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
  const allPromptTokens = shape.prompts * shape.promptTokens;
  const promptTokens = shape.arePromptsGiven ? 0 : allPromptTokens;
  const suffixTokens = shape.rows * shape.suffixTokens;
  const tokens = promptTokens + suffixTokens;
  const visible =
    promptTokens * shape.promptTokens + suffixTokens * (shape.promptTokens + shape.suffixTokens);
  const scores = 4 * 3 * N * visible;
  const narrow = 4 * D + 3 * N * H + 4 * K * H + 4 * F;
  const layer = tokens * (4 * 2 * D + bytesPerElement * narrow) + (keepsScores ? scores : 0);
  const kept = options.checkpointLayers ? layers * tokens * 4 * D + layer : layers * layer;
  const inFlight = layer + (keepsScores ? 0 : scores);
  const tile = Math.min(options.headChunkElements || DEFAULT_HEAD_TILE, suffixTokens * config.vocabularySize);
  const given = shape.arePromptsGiven ? promptStateBytes(allPromptTokens, kind) : 0;
  return kept + inFlight + 4 * (tokens * 4 * D + HEAD_TILES * tile) + given;
}

/** Keys and values of all layers (2 K H a token), the float32 sums of their gradients, and the gradients of one micro-batch. */
export function promptStateBytes(promptTokens: number, { config, bytesPerElement }: ActivationKind): number {
  const { kvHeads: K, headSize: H, layers } = config;
  return promptTokens * layers * 2 * K * H * (4 + 2 * bytesPerElement);
}

/**
 * Bytes of the backward pass through P prompts of S tokens: their activations, the sums of their states' gradients, and the
 * states in float32 that these are multiplied by. A checkpoint gives the states joined to its stream.
 */
export function promptPassBytes(
  { prompts, promptTokens }: Pick<MicroBatchShape, "prompts" | "promptTokens">,
  kind: ActivationKind,
  options: ActivationOptions,
): number {
  const { hiddenSize: D, kvHeads: K, headSize: H, layers } = kind.config;
  const shape = { prompts, promptTokens, rows: 0, suffixTokens: 0, arePromptsGiven: false };
  const state = 2 * K * H;
  const perToken = 4 * (2 * state + (options.checkpointLayers ? D + 2 * state : 0));
  return activationBytes(shape, kind, options) + prompts * promptTokens * layers * perToken;
}
