/**
 * Cuts a batch into micro-batches whose activations fit a memory budget. Gradients are summed over them, so the cut changes
 * speed and memory, not the loss (beyond rounding).
 *
 * A prompt's rows stay together, because its tokens pass the model once for all of them, and are sorted by length, because
 * attention pads them to the longest; nothing else does. The largest comes first: a budget that is too generous fails at once
 * and not after an hour.
 */

import { type ActivationKind, activationBytes } from "./activation-bytes.ts";
import { suffixLength, type TrainingRow } from "./training-row.ts";

/** A prompt, under the index by which rows name it. */
export type RowPrompt = Pick<TrainingRow, "promptIndex" | "promptIds">;

export interface MicroBatch {
  /** Rows of one prompt are consecutive. */
  readonly rows: readonly TrainingRow[];
  /** In the order of their rows; where they are given there may be some without a row here. */
  readonly prompts: readonly RowPrompt[];
  readonly shape: MicroBatchShape;
}

export interface PromptShape {
  readonly prompts: number;
  /** Of all prompts, without padding: what the layers compute. */
  readonly promptTokens: number;
  /** Tokens to which attention pads each of them. */
  readonly longestPrompt: number;
}

export interface MicroBatchShape extends PromptShape {
  readonly rows: number;
  /** Of all rows behind their prompts, without padding. */
  readonly suffixTokens: number;
  readonly longestSuffix: number;
  /** Keys and values of the prompts are there already: only suffix tokens are computed. */
  readonly arePromptsGiven: boolean;
}

export interface MicroBatchLimits {
  readonly memoryBudgetBytes: number;
  /** 0: as many as memory allows. */
  readonly maxRowsPerMicroBatch: number;
  readonly checkpointLayers: boolean;
  /** Most elements of one tile of the head; 0: the default of the head operations. */
  readonly headChunkElements: number;
}

/**
 * Order of execution. A row that alone exceeds the budget gets a micro-batch of its own. `givenPrompts`: all prompts of these
 * rows, computed before; by default each micro-batch computes its own.
 */
export function planMicroBatches(
  rows: readonly TrainingRow[],
  kind: ActivationKind,
  limits: MicroBatchLimits,
  givenPrompts: readonly RowPrompt[] | null = null,
): MicroBatch[] {
  const plan: MicroBatch[] = [];
  let open: TrainingRow[] = [];
  const microBatch = (own: readonly TrainingRow[]): MicroBatch => {
    const prompts = givenPrompts ?? promptsOf(own);
    return { rows: own, prompts, shape: shapeOf(own, prompts, givenPrompts !== null) };
  };
  const close = () => {
    if (open.length > 0) plan.push(microBatch(open));
    open = [];
  };
  const fits = (candidate: readonly TrainingRow[]) =>
    (limits.maxRowsPerMicroBatch === 0 || candidate.length <= limits.maxRowsPerMicroBatch) &&
    activationBytes(microBatch(candidate).shape, kind, limits) <= limits.memoryBudgetBytes;
  for (const row of sortedForPadding(rows)) {
    if (open.length > 0 && !fits([...open, row])) close();
    open.push(row);
  }
  close();
  return plan;
}

/** Tokens that go through the linear layers for a micro-batch. */
export function computedTokens(shape: MicroBatchShape): number {
  return (shape.arePromptsGiven ? 0 : shape.promptTokens) + shape.suffixTokens;
}

/** Prompts in order of their longest sequence, rows of a prompt by length, both descending; ties keep their order. */
export function sortedForPadding(rows: readonly TrainingRow[]): TrainingRow[] {
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

/** The prompts of these rows, once each, in the order of the rows. */
export function promptsOf(rows: readonly TrainingRow[]): RowPrompt[] {
  return [...new Map(rows.map((row) => [row.promptIndex, row])).values()];
}

export function promptShapeOf(prompts: readonly RowPrompt[]): PromptShape {
  const lengths = prompts.map(({ promptIds }) => promptIds.length);
  return { prompts: prompts.length, promptTokens: sumOf(lengths), longestPrompt: Math.max(...lengths) };
}

export function shapeOf(
  rows: readonly TrainingRow[],
  prompts: readonly RowPrompt[],
  arePromptsGiven: boolean,
): MicroBatchShape {
  const lengths = rows.map(suffixLength);
  return {
    ...promptShapeOf(prompts),
    rows: rows.length,
    suffixTokens: sumOf(lengths),
    longestSuffix: Math.max(...lengths),
    arePromptsGiven,
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
