/**
 * All micro-batches of a batch through the model, teacher-forced: with gradients for training, without for an audit of
 * stored rollouts. Log-probabilities of a row are summed in float64.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { LanguageModel } from "@soft-tokens/model";
import type { Tensor } from "@soft-tokens/tensor";
import { activationKind } from "./activation-bytes.ts";
import type { Metrics } from "./contract.ts";
import { assertFiniteLogProbs } from "./finite.ts";
import type { GradientSum } from "./gradient-sum.ts";
import { type LossContext, type MicroBatchLoss, microBatchLoss } from "./loss.ts";
import type { MicroBatch, MicroBatchLimits } from "./microbatch.ts";
import { planPass } from "./pass-plan.ts";
import { SharedPrompts } from "./shared-prompts.ts";
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
  /** Tokens that went through the linear layers, a prompt as often as it did. */
  readonly tokens: number;
  readonly microBatches: number;
  /** By how much the largest micro-batch, a single row, or pass over a prompt exceeds the budget; 0 where all fit. */
  readonly bytesOverBudget: number;
}

export interface PassOptions extends LossContext {
  readonly limits: MicroBatchLimits;
  readonly signal?: AbortSignal | undefined;
  /** What a row is called where its log-probabilities are not finite. Defaults to its prompt's number. */
  readonly nameOf?: (row: TrainingRow) => string;
}

/**
 * Loss and log-probabilities of a batch; its gradient by every parameter of the model is added to `gradients`.
 * @throws LOGITS_NOT_FINITE
 */
export async function passWithGradients(
  rows: readonly TrainingRow[],
  gradients: GradientSum,
  options: PassOptions,
): Promise<PassResult> {
  return runPass(rows, options, {
    promptPasses: 2,
    compute(batch, prompts) {
      const loss = () => microBatchLoss(batch, options, prompts?.states ?? null);
      const { value, aux } = gradients.add(loss, prompts?.leaves);
      return { value, aux: aux as unknown as MicroBatchLoss["aux"] };
    },
    finish: (prompts) => prompts.passGradientOn(gradients, options),
  });
}

/** The same without gradients. @throws LOGITS_NOT_FINITE */
export async function passWithoutGradients(
  rows: readonly TrainingRow[],
  options: PassOptions,
): Promise<PassResult> {
  return runPass(rows, options, {
    promptPasses: 1,
    compute: (batch, prompts) => microBatchLoss(batch, options, prompts?.states ?? null),
    finish: () => {},
  });
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

/** What is done with gradients and what without. */
interface PassWay {
  readonly promptPasses: 1 | 2;
  readonly compute: (batch: MicroBatch, prompts: SharedPrompts | null) => MicroBatchLoss;
  /** After the last micro-batch that has rows of these prompts. */
  readonly finish: (prompts: SharedPrompts) => void;
}

async function runPass(
  rows: readonly TrainingRow[],
  options: PassOptions,
  way: PassWay,
): Promise<PassResult> {
  const { model, limits, signal } = options;
  const scored = rows.filter((row) => scoredTokens(row) > 0);
  const plan = planPass(scored, activationKind(model), limits, way);
  const logProbs = new Map<TrainingRow, RowLogProb>();
  const breathe = async () => {
    await yieldToEventLoop(); // reads of a synchronous backend never let a signal handler run
    signal?.throwIfAborted();
  };
  let loss = 0;
  for (const part of plan.parts) {
    if (part.prompts) await breathe();
    using prompts =
      part.prompts &&
      new SharedPrompts(
        model,
        part.prompts.map(({ promptIds }) => promptIds),
      );
    for (const batch of part.microBatches) {
      await breathe();
      loss += await takeMicroBatch(batch, way.compute(batch, prompts), logProbs, options);
    }
    if (!prompts) continue;
    await breathe();
    way.finish(prompts);
  }
  return {
    loss,
    logProbs,
    tokens: plan.tokens,
    microBatches: plan.parts.reduce((total, { microBatches }) => total + microBatches.length, 0),
    bytesOverBudget: Math.max(0, plan.largestBytes - limits.memoryBudgetBytes),
  };
}

/** Notes the rows' log-probabilities, disposes the tensors and gives the loss. */
async function takeMicroBatch(
  batch: MicroBatch,
  { value, aux }: MicroBatchLoss,
  logProbs: Map<TrainingRow, RowLogProb>,
  { model, nameOf = ({ promptIndex }) => `prompt ${promptIndex}` }: PassOptions,
): Promise<number> {
  const [valueData, thoughtData, answerData] = await readAndDispose(model, [value, ...aux]);
  const takeThought = sequentialParts(thoughtData as Float32Array);
  const takeAnswer = sequentialParts(answerData as Float32Array);
  for (const row of batch.rows) {
    const thoughtSteps = takeThought(row.thoughtIds.length);
    const answerSteps = takeAnswer(row.answerIds.length);
    assertFiniteLogProbs(row, { thoughtSteps, answerSteps }, nameOf);
    logProbs.set(row, { thought: sumOf(thoughtSteps), answer: sumOf(answerSteps), thoughtSteps });
  }
  return valueData?.[0] as number;
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
