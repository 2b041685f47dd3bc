/**
 * All micro-batches of a batch through the model, teacher-forced: with gradients for training, without for an audit of
 * stored rollouts. Log-probabilities of a row are summed in float64.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { LanguageModel } from "@soft-tokens/model";
import type { Tensor } from "@soft-tokens/tensor";
import type { Metrics } from "./contract.ts";
import type { GradientSum } from "./gradient-sum.ts";
import { type LossContext, type MicroBatchLoss, microBatchLoss } from "./loss.ts";
import {
  activationBytes,
  activationKind,
  computedTokens,
  type MicroBatch,
  type MicroBatchLimits,
  planMicroBatches,
} from "./microbatch.ts";
import { scoredTokens, type TrainingRow } from "./training-row.ts";

/** Sums of log pi under the trainer's pass. */
export interface RowLogProb {
  readonly thought: number;
  readonly answer: number;
  /** Of each thought step. */
  readonly thoughtSteps: Float32Array;
}

export interface PassResult {
  /** Sum of coefficient times log-probability over all rows. */
  readonly loss: number;
  /** Only rows with a scored token are in it. */
  readonly logProbs: ReadonlyMap<TrainingRow, RowLogProb>;
  /** Tokens computed, padding included, prompts once per micro-batch. */
  readonly tokens: number;
  readonly microBatches: number;
  /** By how much the largest micro-batch, a single row, exceeds the budget; 0 where all fit. */
  readonly bytesOverBudget: number;
}

export interface PassOptions extends LossContext {
  readonly limits: MicroBatchLimits;
  readonly signal?: AbortSignal | undefined;
}

/** Loss and log-probabilities of a batch; its gradient by every parameter of the model is added to `gradients`. */
export async function passWithGradients(
  rows: readonly TrainingRow[],
  gradients: GradientSum,
  options: PassOptions,
): Promise<PassResult> {
  return runPass(rows, options, (batch) => {
    const { value, aux } = gradients.add(() => microBatchLoss(batch, options));
    return { value, aux: aux as unknown as MicroBatchLoss["aux"] };
  });
}

/** The same without gradients. */
export async function passWithoutGradients(
  rows: readonly TrainingRow[],
  options: PassOptions,
): Promise<PassResult> {
  return runPass(rows, options, (batch) => microBatchLoss(batch, options));
}

/** `memory/overBudgetBytes` only where a sequence alone is estimated above the budget. */
export function passMetrics(pass: PassResult, seconds: number): Metrics {
  return {
    "loss/total": pass.loss,
    "speed/trainTokensPerSecond": pass.tokens / seconds,
    "speed/microBatches": pass.microBatches,
    ...(pass.bytesOverBudget > 0 && { "memory/overBudgetBytes": pass.bytesOverBudget }),
  };
}

async function runPass(
  rows: readonly TrainingRow[],
  options: PassOptions,
  compute: (batch: MicroBatch) => MicroBatchLoss,
): Promise<PassResult> {
  const { model, limits, signal } = options;
  const scored = rows.filter((row) => scoredTokens(row) > 0);
  const kind = activationKind(model);
  const plan = planMicroBatches(scored, kind, limits);
  const logProbs = new Map<TrainingRow, RowLogProb>();
  let loss = 0;
  for (const batch of plan) {
    await yieldToEventLoop(); // reads of a synchronous backend never let a signal handler run
    signal?.throwIfAborted();
    const { value, aux } = compute(batch);
    const [valueData, thoughtData, answerData] = await readAndDispose(model, [value, ...aux]);
    loss += valueData?.[0] as number;
    const takeThought = sequentialParts(thoughtData as Float32Array);
    const takeAnswer = sequentialParts(answerData as Float32Array);
    for (const row of batch.rows) {
      const thoughtSteps = takeThought(row.thoughtIds.length);
      const answerSteps = takeAnswer(row.answerIds.length);
      logProbs.set(row, { thought: sumOf(thoughtSteps), answer: sumOf(answerSteps), thoughtSteps });
    }
  }
  const largest = Math.max(0, ...plan.map((batch) => activationBytes(batch.shape, kind, limits)));
  return {
    loss,
    logProbs,
    tokens: plan.reduce((total, batch) => total + computedTokens(batch.shape), 0),
    microBatches: plan.length,
    bytesOverBudget: Math.max(0, largest - limits.memoryBudgetBytes),
  };
}

async function readAndDispose(model: LanguageModel, tensors: readonly Tensor[]): Promise<Float32Array[]> {
  try {
    return (await Promise.all(tensors.map((tensor) => model.backend.read(tensor)))) as Float32Array[];
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

/** Each call gives the next `count` values. */
function sequentialParts(values: Float32Array): (count: number) => Float32Array {
  let at = 0;
  return (count) => {
    at += count;
    return values.subarray(at - count, at);
  };
}

function sumOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
