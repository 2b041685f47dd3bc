/**
 * How much memory a run will need, from a model's sizes alone, before anything is loaded. Rough and on the careful side in
 * activations, exact in weights and optimizer state. Axes: L layers, K kv heads, H head size.
 */

import type { ModelConfig, ModelInspection } from "@soft-tokens/model";
import { bytesPerElement, type FloatDType } from "@soft-tokens/tensor";

/** What a command does with the model. */
export interface MemoryNeeds {
  /** Rows that are decoded or scored at once. */
  readonly rows: number;
  /** Most tokens of a row beside its prompt; a row is never longer than the model's positions. */
  readonly tokensPerRow: number;
  /** Most float32 elements of a [tokens, vocabulary] tile of the head. */
  readonly headElements: number;
  /** Absent: no weights are trained. */
  readonly training?: {
    readonly optimizerMoments: FloatDType;
    /** Activations of one micro-batch, to which the trainer cuts its batches. */
    readonly activationBytes: number;
  };
}

export interface MemoryEstimate {
  readonly weights: number;
  readonly gradients: number;
  /** float32 copy of bfloat16 weights. */
  readonly master: number;
  readonly moments: number;
  /** Caches and activations, whichever phase needs more. */
  readonly activations: number;
  readonly total: number;
}

/** Prompts are not tokenized yet: few problems are longer. */
const PROMPT_TOKENS = 256;

/** Tiles alive at once in the head's visit of the vocabulary: logits, probabilities, their gradient and its two factors. */
const HEAD_TILES = 5;

/**
 * With n numbers in the model, b bytes each in `dtype`:
 *
 *   weights      b n          and while they are read, one tensor more in float32, as in the file and turned
 *   gradients    4 n + b n    their float32 sum over micro-batches, and those of the micro-batch that is added
 *   master       4 n          where b is 2
 *   moments      2 m n        m bytes per moment
 *   activations  the larger of two phases that never overlap: decoding, whose caches are 2 L K H b per token of every row
 *                (with `PROMPT_TOKENS` for its prompt, though rows share them), and the budget of a micro-batch; and in either
 *                `HEAD_TILES` float32 tiles of the head
 */
export function estimateMemory(
  model: Pick<ModelInspection, "config" | "parameters" | "largestParameter">,
  dtype: FloatDType,
  needs: MemoryNeeds,
): MemoryEstimate {
  const { parameters, largestParameter } = model;
  const { training } = needs;
  const bytes = bytesPerElement(dtype);
  const weights = bytes * parameters;
  const gradients = training ? (4 + bytes) * parameters : 0;
  const master = training && dtype === "bfloat16" ? 4 * parameters : 0;
  const moments = training ? 2 * bytesPerElement(training.optimizerMoments) * parameters : 0;
  const tiles = HEAD_TILES * 4 * needs.headElements;
  const tokens = Math.min(PROMPT_TOKENS + needs.tokensPerRow, model.config.maxPositions);
  const caches = needs.rows * tokens * cacheBytesPerToken(model.config, dtype);
  const running = Math.max(caches, training?.activationBytes ?? 0) + tiles;
  // Only reading needs these, and neither caches nor gradients are there yet.
  const reading = 2 * 4 * largestParameter;
  const activations = Math.max(running, reading - gradients);
  return {
    weights,
    gradients,
    master,
    moments,
    activations,
    total: weights + gradients + master + moments + activations,
  };
}

function cacheBytesPerToken({ layers, kvHeads, headSize }: ModelConfig, dtype: FloatDType): number {
  return 2 * layers * kvHeads * headSize * bytesPerElement(dtype);
}
