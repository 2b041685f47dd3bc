/**
 * Log-probabilities of choices by a language model: exact teacher forcing in batches, the context of a question through the
 * layers once for all its choices. Nothing of size [tokens, vocabulary] is made: only scored positions visit the head, in tiles.
 *
 * Axes: P questions, M tokens fed of all choices, one choice behind the other, N scored positions, D hidden.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { ScoredQuestion, ScoreFunction } from "@soft-tokens/evals";
import type { LanguageModel } from "@soft-tokens/model";
import { type HeadChunk, type Tensor, tokenLogProb } from "@soft-tokens/tensor";
import { type EncodedQuestion, encodeChoices } from "./encode-choices.ts";
import { batchTokens, planBatches } from "./plan-batches.ts";

export interface ScoreChoicesOptions {
  readonly model: LanguageModel;
  /** Most tokens of one batch; padding, which only attention sees, counts an eighth. Defaults to 4096. */
  readonly maxTokens?: number;
  readonly chunk?: HeadChunk;
  /** Questions that are encoded already, by id. Defaults to none. */
  readonly encoded?: ReadonlyMap<string, EncodedQuestion>;
  /** Told once, before the first batch. */
  readonly onPlan?: (plan: ScorePlan) => void;
}

/** What scoring comes to. */
export interface ScorePlan {
  readonly batches: number;
  /** Of contexts once and of choices without their last token: what the layers compute. */
  readonly tokens: number;
  /** The same with padding: what attention sees. */
  readonly places: number;
  /** What it would be if every choice were run with its context: what a harness without shared contexts feeds. */
  readonly unsharedTokens: number;
}

/** Log-softmax at temperature 1 over the whole vocabulary, float32, summed in float64. */
export function createScoreFunction(options: ScoreChoicesOptions): ScoreFunction {
  const { model, maxTokens = 4096 } = options;
  return async function* score(questions, { signal }) {
    const encoded = questions.map(
      (question) =>
        options.encoded?.get(question.id) ??
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
  const promptIds = batch.map(({ contextIds }) => contextIds);
  const fed = batch.flatMap(({ choiceIds }) => choiceIds.map((ids) => ids.slice(0, -1)));
  const ids_M = Int32Array.from(fed.flat());
  const scored = scoredPositions(batch);
  const N = scored.ids.length;
  return ops.tidy(() => {
    const hidden = model.forwardGrouped({
      promptIds,
      rowsPerPrompt: batch.map(({ choiceIds }) => choiceIds.length),
      suffixLengths: fed.map((ids) => ids.length),
      suffix_MD: ops.cast(model.embed(ops.tensor(ids_M, [ids_M.length], "int32")), "float32"),
    });
    const table_RD = ops.concat([hidden.lastHidden_PD, hidden.suffix_MD], 0);
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
function scoredPositions(batch: readonly EncodedQuestion[]): {
  readonly rows: Int32Array;
  readonly ids: Int32Array;
} {
  const rows: number[] = [];
  const ids: number[] = [];
  let first = batch.length;
  batch.forEach(({ choiceIds }, question) => {
    for (const choice of choiceIds) {
      choice.forEach((id, index) => {
        rows.push(index === 0 ? question : first + index - 1);
        ids.push(id);
      });
      first += choice.length - 1;
    }
  });
  return { rows: Int32Array.from(rows), ids: Int32Array.from(ids) };
}

function describePlan(plan: readonly (readonly EncodedQuestion[])[]): ScorePlan {
  let [tokens, places, unsharedTokens] = [0, 0, 0];
  for (const batch of plan) {
    const sizes = batchTokens(batch);
    tokens += sizes.tokens;
    places += sizes.places;
    for (const { contextIds, choiceIds } of batch) {
      unsharedTokens += choiceIds.reduce((sum, ids) => sum + contextIds.length + ids.length - 1, 0);
    }
  }
  return { batches: plan.length, tokens, places, unsharedTokens };
}
