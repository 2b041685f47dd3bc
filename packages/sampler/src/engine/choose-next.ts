/**
 * One step for rows in any phase: thinking rows think, answering rows draw a token, forced and finished rows are fed a
 * token that the host knows. All advance by one token, so all rows share the cache's length.
 *
 * Axes: R rows of the batch, N rows of one phase, D hidden.
 */

import type { LanguageModel } from "@soft-tokens/model";
import { type Tensor, tokenChoice } from "@soft-tokens/tensor";
import type { GenerateRequest } from "../contract.ts";
import type { RecordedAnswer, RecordedThought } from "./recorder.ts";
import type { Sample } from "./sample.ts";

/** Rows by phase, each list ascending. */
export interface Groups {
  readonly thinking: readonly number[];
  readonly answering: readonly number[];
  /** Forced and finished rows. */
  readonly fixed: readonly number[];
}

export interface NextInputs {
  /** In row order, in the embeddings' dtype. */
  readonly next_RD: Tensor;
  /** Chosen ids of thinking rows, then of answering rows; null where there are neither. */
  readonly ids_N: Tensor | null;
  readonly thought: RecordedThought | null;
  readonly answer: RecordedAnswer | null;
}

/** Fed to finished rows that are still in the batch; their hidden states are never used. */
const FILLER_ID = 0;

export function groupRows(samples: readonly Sample[]): Groups {
  const groups = { thinking: [] as number[], answering: [] as number[], fixed: [] as number[] };
  samples.forEach(({ text: { phase } }, row) => {
    if (phase === "thinking") groups.thinking.push(row);
    else if (phase === "answering") groups.answering.push(row);
    else groups.fixed.push(row);
  });
  return groups;
}

/** The caller owns the tensors. Takes the forced tokens of forced rows. */
export function chooseNext(
  model: LanguageModel,
  request: GenerateRequest,
  samples: readonly Sample[],
  groups: Groups,
  hidden_RD: Tensor,
): NextInputs {
  const { backend: ops, head } = model;
  const { policy, settings, chunk } = request;
  const at = (rows: readonly number[]) => rows.map((row) => samples[row] as Sample);
  return ops.tidy(() => {
    const ids: Tensor[] = [];
    const inputs: Tensor[] = [];
    let thought: RecordedThought | null = null;
    let answer: RecordedAnswer | null = null;
    if (groups.thinking.length > 0) {
      const keys = at(groups.thinking).map(({ identity, text }) =>
        identity.key.fold("thought", text.shadowIds.length),
      );
      const { next_RD, shadow_R, ...step } = policy.think(rowsOf(model, hidden_RD, groups.thinking), {
        backend: ops,
        head,
        keys,
        topK: settings.recordTopK,
        ...(chunk && { chunk }),
      });
      ids.push(shadow_R);
      inputs.push(ops.cast(next_RD, "float32"));
      thought = { ...step, thought_RD: policy.storesThoughts ? ops.cast(next_RD, "float32") : null };
    }
    if (groups.answering.length > 0) {
      const keys = at(groups.answering).map(({ identity, text }) =>
        identity.key.fold("answer", text.answerIds.length),
      );
      const choice = tokenChoice(ops, {
        hidden_RD: rowsOf(model, hidden_RD, groups.answering),
        weight_VD: head.weight_VD,
        temperature: settings.answerTemperature,
        keys,
        ...chunk,
      });
      ids.push(choice.ids_R);
      inputs.push(ops.cast(model.embed(choice.ids_R), "float32"));
      answer = { logProb_N: choice.logProb_R, entropy_N: choice.entropy_R };
    }
    if (groups.fixed.length > 0) {
      const fixedIds = at(groups.fixed).map(({ text }) =>
        text.phase === "forced" ? text.takeForced() : FILLER_ID,
      );
      inputs.push(ops.cast(model.embed(ops.tensor(fixedIds, [fixedIds.length], "int32")), "float32"));
    }
    return { next_RD: inRowOrder(model, inputs, groups), ids_N: join(model, ids), thought, answer };
  });
}

function rowsOf(model: LanguageModel, hidden_RD: Tensor, rows: readonly number[]): Tensor {
  if (rows.length === hidden_RD.shape[0]) return hidden_RD;
  const ops = model.backend;
  return ops.takeRows(hidden_RD, ops.tensor(rows, [rows.length], "int32"));
}

/** Rows come as thinking, answering, fixed; back to where they stand in the batch. */
function inRowOrder(model: LanguageModel, inputs: readonly Tensor[], groups: Groups): Tensor {
  const joined = join(model, inputs) as Tensor;
  const order = [...groups.thinking, ...groups.answering, ...groups.fixed];
  if (order.every((row, place) => row === place)) return joined;
  const places = new Array<number>(order.length);
  order.forEach((row, place) => {
    places[row] = place;
  });
  const ops = model.backend;
  return ops.takeRows(joined, ops.tensor(places, [places.length], "int32"));
}

function join(model: LanguageModel, parts: readonly Tensor[]): Tensor | null {
  if (parts.length === 0) return null;
  return parts.length === 1 ? (parts[0] as Tensor) : model.backend.concat(parts, 0);
}
