/**
 * Cuts a batch into micro-batches whose activations fit a memory budget. Gradients are summed over them, so the cut changes
 * speed and memory, not the loss (beyond rounding).
 *
 * A prompt's rows stay together, because its tokens pass the model once for all of them, and are sorted by length, because
 * padding is waste. The largest comes first: a budget that is too generous fails at once and not after an hour.
 *
 * Axes: P prompts of a micro-batch padded to S tokens, R rows padded to T tokens after their prompts.
 */

import type { LanguageModel, ModelConfig } from "@soft-tokens/model";
import { suffixLength, type TrainingRow } from "./training-row.ts";

export interface MicroBatch {
  /** Rows of one prompt are consecutive. */
  readonly rows: readonly TrainingRow[];
  readonly shape: MicroBatchShape;
}

export interface MicroBatchShape {
  readonly prompts: number;
  readonly promptTokens: number;
  readonly rows: number;
  readonly suffixTokens: number;
}

export interface MicroBatchLimits {
  readonly memoryBudgetBytes: number;
  /** 0: as many as memory allows. */
  readonly maxRowsPerMicroBatch: number;
  readonly checkpointLayers: boolean;
  /** Most elements of one tile of the head; 0: the default of the head operations. */
  readonly headChunkElements: number;
}

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

/** Order of execution. A row that alone exceeds the budget gets a micro-batch of its own. */
export function planMicroBatches(
  rows: readonly TrainingRow[],
  kind: ActivationKind,
  limits: MicroBatchLimits,
): MicroBatch[] {
  const plan: MicroBatch[] = [];
  let open: TrainingRow[] = [];
  const close = () => {
    if (open.length > 0) plan.push({ rows: open, shape: shapeOf(open) });
    open = [];
  };
  const fits = (candidate: readonly TrainingRow[]) =>
    (limits.maxRowsPerMicroBatch === 0 || candidate.length <= limits.maxRowsPerMicroBatch) &&
    activationBytes(shapeOf(candidate), kind, limits) <= limits.memoryBudgetBytes;
  for (const row of sortedForPadding(rows)) {
    if (open.length > 0 && !fits([...open, row])) close();
    open.push(row);
  }
  close();
  return plan;
}

/**
 * Bytes that the backward pass of one micro-batch needs at once, from the model's sizes.
 * Kept per token and layer: the inputs of two norms, which are the float32 stream (2 D); two norms and their gradients (4 D),
 * queries before and after rotation, the attention's output (3 N H), keys and values (4 K H), the four vectors of the gated
 * MLP (4 F); and scores, masked scores and probabilities of attention (3 N times the visible positions, float32), by every
 * layer or, with flash attention, by the one at work. With `checkpointLayers` only each layer's input (D) is kept, and one
 * layer in full. One more layer stands for the gradients in flight, 4 D for the head's gathered rows, and `HEAD_TILES` tiles
 * for its visit of the vocabulary.
 * On the careful side: 1.3 to 2.4 times what was measured on the embedded backend (see the test).
 */
export function activationBytes(
  shape: MicroBatchShape,
  { config, bytesPerElement, keepsScores }: ActivationKind,
  options: Pick<MicroBatchLimits, "checkpointLayers" | "headChunkElements">,
): number {
  const { hiddenSize: D, ffnSize: F, queryHeads: N, kvHeads: K, headSize: H, layers } = config;
  const promptTokens = shape.prompts * shape.promptTokens;
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
  return kept + inFlight + 4 * (tokens * 4 * D + HEAD_TILES * tile);
}

/** Tokens that the model computes for a micro-batch, padding included. */
export function computedTokens(shape: MicroBatchShape): number {
  return shape.prompts * shape.promptTokens + shape.rows * shape.suffixTokens;
}

/** Prompts in order of their longest sequence, rows of a prompt by length, both descending; ties keep their order. */
function sortedForPadding(rows: readonly TrainingRow[]): TrainingRow[] {
  const groups = new Map<number, TrainingRow[]>();
  for (const row of rows) {
    const group = groups.get(row.promptIndex);
    if (group) group.push(row);
    else groups.set(row.promptIndex, [row]);
  }
  const sorted = [...groups.values()].map((group) =>
    group.toSorted((a, b) => suffixLength(b) - suffixLength(a)),
  );
  const longest = (group: readonly TrainingRow[]) =>
    group[0] ? group[0].promptIds.length + suffixLength(group[0]) : 0;
  return sorted.toSorted((a, b) => longest(b) - longest(a)).flat();
}

function shapeOf(rows: readonly TrainingRow[]): MicroBatchShape {
  return {
    prompts: new Set(rows.map((row) => row.promptIndex)).size,
    promptTokens: Math.max(...rows.map((row) => row.promptIds.length)),
    rows: rows.length,
    suffixTokens: Math.max(1, ...rows.map(suffixLength)),
  };
}
