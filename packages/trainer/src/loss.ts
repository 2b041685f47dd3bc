/**
 * One micro-batch's teacher-forced pass (method.md section 2): sum over rows of coefficient_i * l_i, where l_i sums the
 * log-probabilities of all thought steps and answer tokens. With coefficients -A_i / B these sums over the micro-batches of a
 * batch are the RLOO loss; with -1 / (completion tokens of the batch) they are the supervised loss.
 *
 * The stored thoughts are constants: one forward pass, no back-propagation through time.
 *
 * Axes: P prompts, B rows, T inputs of the longest after its prompt, M inputs of all rows without padding, N scored positions,
 * D hidden.
 */

import type { LanguageModel, PromptStates } from "@soft-tokens/model";
import type { ThoughtPolicy } from "@soft-tokens/sampler";
import {
  type HeadChunk,
  type LogProbResult,
  type RandomKey,
  type Tensor,
  tokenLogProb,
} from "@soft-tokens/tensor";
import type { MicroBatch } from "./microbatch.ts";
import { layOut, type PositionList, type SuffixInputs } from "./row-layout.ts";
import type { TrainingRow } from "./training-row.ts";

export interface LossContext {
  readonly model: LanguageModel;
  /** Null where no row has a thought: supervised training. */
  readonly policy: ThoughtPolicy | null;
  readonly answerTemperature: number;
  readonly embeddingGradient: boolean;
  readonly checkpointLayers: boolean;
  readonly chunk?: HeadChunk;
  /** Gaussian noise on the embeddings that follow the prompt, by row; for supervised training. Defaults to none. */
  readonly inputNoise?: { readonly sigma: number; readonly keyOf: (row: TrainingRow) => RandomKey };
  /** Leave the answer's term out of the value, to measure the thought's gradient alone. Defaults to `false`. */
  readonly thoughtTermOnly?: boolean;
}

/** The caller owns the tensors. */
export interface MicroBatchLoss {
  /** Scalar, differentiable. */
  readonly value: Tensor;
  /** Per scored position in row order, no gradient: thoughts, then answers. */
  readonly aux: readonly [thoughtLogProb_N: Tensor, answerLogProb_N: Tensor];
}

/** Call inside `valueAndGrad`. `given`: states of the micro-batch's prompts, where they have been computed. */
export function microBatchLoss(
  batch: MicroBatch,
  context: LossContext,
  given: PromptStates | null,
): MicroBatchLoss {
  const { model, policy, chunk } = context;
  const ops = model.backend;
  const layout = layOut(batch, model.config.hiddenSize);
  return ops.tidy(() => {
    const table_RD = hiddenTable(batch.rows, layout.inputs, context, given);
    const scorable = (positions: PositionList) => ({
      hidden_ND: ops.takeRows(table_RD, ops.tensor(positions.tableRows, [positions.count], "int32")),
      ids_N: ops.tensor(positions.ids, [positions.count], "int32"),
      coefficient_N: ops.tensor(positions.coefficients, [positions.count]),
    });

    const none = (): LogProbResult => ({
      value: ops.zeros([]),
      logProb_R: ops.zeros([0]),
      entropy_R: ops.zeros([0]),
    });
    const thought = () => {
      if (layout.thoughts.count === 0) return none();
      if (!policy) throw new TypeError("microBatchLoss: rows with thoughts need a policy");
      const { hidden_ND, ids_N, coefficient_N } = scorable(layout.thoughts);
      const stored = layout.stored_ND
        ? {
            ids_N,
            thought_ND: ops.tensor(layout.stored_ND, [layout.thoughts.count, model.config.hiddenSize]),
          }
        : { ids_N };
      return policy.score(hidden_ND, stored, coefficient_N, {
        backend: ops,
        head: model.head,
        embeddingGradient: context.embeddingGradient,
        ...(chunk && { chunk }),
      });
    };
    // A term that is left out of the value is a constant: its gradient is not even made.
    const constantIfLeftOut = (x: Tensor) => (context.thoughtTermOnly ? ops.stopGradient(x) : x);
    const answer = () => {
      if (layout.answers.count === 0) return none();
      const { hidden_ND, ids_N, coefficient_N } = scorable(layout.answers);
      return tokenLogProb(ops, {
        hidden_RD: constantIfLeftOut(hidden_ND),
        weight_VD: constantIfLeftOut(model.head.weight_VD),
        ids_R: ids_N,
        coefficient_R: coefficient_N,
        temperature: context.answerTemperature,
        ...chunk,
      });
    };

    const thoughtTerm = thought();
    const answerTerm = answer();
    const value = context.thoughtTermOnly ? thoughtTerm.value : ops.add(thoughtTerm.value, answerTerm.value);
    return { value, aux: [thoughtTerm.logProb_R, answerTerm.logProb_R] as const };
  });
}

/** Hidden states of each prompt's last position, then of all suffix positions: [P + M, D]. */
function hiddenTable(
  rows: readonly TrainingRow[],
  inputs: SuffixInputs,
  { model, checkpointLayers, inputNoise }: LossContext,
  given: PromptStates | null,
): Tensor {
  const ops = model.backend;
  const { promptIds, rowsPerPrompt, lengths } = inputs;
  // float32, as the stream through the layers is: a stored thought is not rounded to the weights' dtype.
  const ids_M = ops.tensor(inputs.ids_M, [inputs.ids_M.length], "int32");
  let suffix_MD = ops.cast(model.embed(ids_M), "float32");
  if (inputNoise) {
    const noise_MD = packedNoise(model, rows.map(inputNoise.keyOf), lengths);
    suffix_MD = ops.add(suffix_MD, ops.affine(noise_MD, { scale: inputNoise.sigma }));
  }
  if (inputs.stored) suffix_MD = withStoredThoughts(suffix_MD, inputs.stored, model);
  const input = { rowsPerPrompt, suffixLengths: lengths, suffix_MD, checkpointLayers };
  if (given) {
    const hidden_MD = model.forwardSuffix({ ...input, prompts: given });
    return ops.concat([given.lastHidden_PD, hidden_MD], 0);
  }
  const hidden = model.forwardGrouped({ ...input, promptIds });
  return ops.concat([hidden.lastHidden_PD, hidden.suffix_MD], 0);
}

/** Normal noise [M, D]. A row's own is the same whatever stands beside it. */
function packedNoise(model: LanguageModel, keys: readonly RandomKey[], lengths: readonly number[]): Tensor {
  const ops = model.backend;
  const D = model.config.hiddenSize;
  const T = Math.max(...lengths);
  const noise_BTD = ops.randomNormal([lengths.length, T, D], { key: keys });
  const places = lengths.flatMap((length, row) => Array.from({ length }, (_, at) => row * T + at));
  const places_M = ops.tensor(Int32Array.from(places), [places.length], "int32");
  return ops.takeRows(ops.reshape(noise_BTD, [lengths.length * T, D]), places_M);
}

/** Embedded tokens where there are tokens, the stored constants elsewhere: one factor of each sum is 0, so no rounding. */
function withStoredThoughts(
  embedded_MD: Tensor,
  stored: NonNullable<SuffixInputs["stored"]>,
  model: LanguageModel,
): Tensor {
  const ops = model.backend;
  const [M = 0] = embedded_MD.shape;
  const isToken_M1 = ops.tensor(stored.isToken_M, [M, 1]);
  const thoughts_MD = ops.tensor(stored.thoughts_MD, embedded_MD.shape);
  return ops.add(ops.multiply(embedded_MD, isToken_M1), thoughts_MD);
}
