/**
 * Log-probabilities of choices by a language model: exact teacher forcing in batches, the context of a question through the
 * layers once for all its choices. Nothing of size [tokens, vocabulary] is made: only scored positions visit the head, in tiles.
 *
 * Axes: P questions, S context tokens, B choices that are fed, T tokens fed of a choice, N scored positions, D hidden.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { ScoredQuestion, ScoreFunction } from "@soft-tokens/evals";
import { type LanguageModel, lastOfPrompts } from "@soft-tokens/model";
import { type HeadChunk, type Tensor, tokenLogProb } from "@soft-tokens/tensor";
import { type EncodedQuestion, encodeChoices } from "./encode-choices.ts";
import { paddedTokens, planBatches } from "./plan-batches.ts";

export interface ScoreChoicesOptions {
  readonly model: LanguageModel;
  /** Most tokens of one batch, padding included. Defaults to 4096. */
  readonly maxTokens?: number;
  readonly chunk?: HeadChunk;
  /** Told once, before the first batch. */
  readonly onPlan?: (plan: ScorePlan) => void;
}

/** What scoring comes to. */
export interface ScorePlan {
  readonly batches: number;
  /** Of contexts once and of choices without their last token. */
  readonly tokens: number;
  /** The same with padding: what is computed. */
  readonly paddedTokens: number;
  /** What it would be if every choice were run with its context: what a harness without shared contexts feeds. */
  readonly unsharedTokens: number;
}

/** Log-softmax at temperature 1 over the whole vocabulary, float32, summed in float64. */
export function createScoreFunction(options: ScoreChoicesOptions): ScoreFunction {
  const { model, maxTokens = 4096 } = options;
  return async function* score(questions, { signal }) {
    const encoded = questions.map((question) =>
      encodeChoices(model.tokenizer, question, model.config.maxPositions),
    );
    const plan = planBatches(encoded, maxTokens);
    options.onPlan?.(describePlan(plan));
    for (const batch of plan) {
      await yieldToEventLoop(); // reads of a synchronous backend never let a signal handler run
      signal?.throwIfAborted();
      yield await scoreBatch(batch, options);
    }
  };
}

async function scoreBatch(
  batch: readonly EncodedQuestion[],
  { model, chunk }: ScoreChoicesOptions,
): Promise<ScoredQuestion[]> {
  const { backend } = model;
  const tensor = logProbs(batch, model, chunk);
  let values: ArrayLike<number>;
  try {
    values = await backend.read(tensor);
  } finally {
    tensor.dispose();
  }
  let at = 0;
  return batch.map(({ id, choiceIds, droppedTokens }) => ({
    id,
    droppedTokens,
    choices: choiceIds.map((ids) => {
      let logProb = 0;
      for (const end = at + ids.length; at < end; at++) logProb += values[at] as number;
      return { tokens: ids.length, logProb };
    }),
  }));
}

/** Of every token of every choice, in order: float32 [N]. The caller owns it. */
function logProbs(batch: readonly EncodedQuestion[], model: LanguageModel, chunk?: HeadChunk): Tensor {
  const ops = model.backend;
  const D = model.config.hiddenSize;
  const promptIds = batch.map(({ contextIds }) => contextIds);
  const P = promptIds.length;
  const fed = batch.map(({ choiceIds }) => choiceIds.filter((ids) => ids.length > 1));
  const rows = fed.flat();
  const B = rows.length;
  const T = rows.reduce((longest, ids) => Math.max(longest, ids.length - 1), 0);
  const ids_BT = new Int32Array(B * T); // what stands behind a choice is never seen by it
  rows.forEach((ids, row) => {
    ids_BT.set(ids.slice(0, -1), row * T);
  });
  const scored = scoredPositions(batch, P, T);
  const N = scored.ids.length;
  return ops.tidy(() => {
    const suffix_BTD =
      B === 0 ? ops.zeros([0, 0, D]) : ops.cast(model.embed(ops.tensor(ids_BT, [B, T], "int32")), "float32");
    const hidden = model.forwardGrouped({
      promptIds,
      rowsPerPrompt: fed.map((choices) => choices.length),
      suffix_BTD,
    });
    const last_PD = lastOfPrompts(ops, hidden.prompt_PSD, promptIds);
    const table_RD = B === 0 ? last_PD : ops.concat([last_PD, ops.reshape(hidden.suffix_BTD, [B * T, D])], 0);
    return tokenLogProb(ops, {
      hidden_RD: ops.takeRows(table_RD, ops.tensor(scored.rows, [N], "int32")),
      weight_VD: model.head.weight_VD,
      ids_R: ops.tensor(scored.ids, [N], "int32"),
      coefficient_R: ops.zeros([N]),
      temperature: 1,
      ...chunk,
    }).logProb_R;
  });
}

/** Row of the table that predicts each token: a context's last position for the first, then the tokens before. */
function scoredPositions(
  batch: readonly EncodedQuestion[],
  P: number,
  T: number,
): { readonly rows: Int32Array; readonly ids: Int32Array } {
  const rows: number[] = [];
  const ids: number[] = [];
  let fedRow = 0;
  batch.forEach(({ choiceIds }, question) => {
    for (const choice of choiceIds) {
      choice.forEach((id, index) => {
        rows.push(index === 0 ? question : P + fedRow * T + index - 1);
        ids.push(id);
      });
      if (choice.length > 1) fedRow++;
    }
  });
  return { rows: Int32Array.from(rows), ids: Int32Array.from(ids) };
}

function describePlan(plan: readonly (readonly EncodedQuestion[])[]): ScorePlan {
  let tokens = 0;
  let unsharedTokens = 0;
  for (const { contextIds, choiceIds } of plan.flat()) {
    const fed = choiceIds.reduce((sum, ids) => sum + ids.length - 1, 0);
    tokens += contextIds.length + fed;
    unsharedTokens += choiceIds.length * contextIds.length + fed;
  }
  const padded = plan.reduce((sum, batch) => sum + paddedTokens(batch), 0);
  return { batches: plan.length, tokens, paddedTokens: padded, unsharedTokens };
}
