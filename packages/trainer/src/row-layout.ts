/**
 * Where everything of a micro-batch lies, as host arrays: the inputs that follow each prompt, and for every scored position
 * the hidden state that predicts it. Integers and copies only; the arithmetic is in `loss.ts`.
 *
 * Hidden states are looked up in one table [P + M, D]: the last prompt position of each prompt, then all suffix positions.
 * Axes: P prompts, B rows, M inputs after the prompts, row after row without padding, N scored positions, D hidden.
 */

import type { MicroBatch } from "./microbatch.ts";
import { suffixLength, type TrainingRow } from "./training-row.ts";

/** Scored positions in row order. */
export interface PositionList {
  readonly count: number;
  /** Row of the hidden-state table that predicts the position. */
  readonly tableRows: Int32Array;
  /** What stands there. */
  readonly ids: Int32Array;
  readonly coefficients: Float32Array;
}

export interface SuffixInputs {
  readonly promptIds: readonly (readonly number[])[];
  readonly rowsPerPrompt: readonly number[];
  /** Of each row, [B]; they sum to M. */
  readonly lengths: readonly number[];
  /** Tokens to embed [M]; 0 where the input is a stored thought. */
  readonly ids_M: Int32Array;
  /** Stored thoughts in their places, zero elsewhere, and 1 where the input is an embedded token; null without stored thoughts. */
  readonly stored: { readonly thoughts_MD: Float32Array; readonly isToken_M: Float32Array } | null;
}

export interface RowLayout {
  readonly inputs: SuffixInputs;
  readonly thoughts: PositionList;
  readonly answers: PositionList;
  /** Stored thoughts one after the other, [N, D]; null where ids are the thoughts. */
  readonly stored_ND: Float32Array | null;
}

/** @throws RangeError when a row's stored thoughts are not [T, D], or only some rows have them. */
export function layOut(batch: MicroBatch, hiddenSize: number): RowLayout {
  const { rows } = batch;
  const { promptIds, rowsPerPrompt, promptOfRow } = countRows(batch);
  const hasStored = checkStored(rows, hiddenSize);
  const lengths = rows.map(suffixLength);
  const M = lengths.reduce((sum, length) => sum + length, 0);
  const ids_M = new Int32Array(M);
  const isToken_M = new Float32Array(hasStored ? M : 0).fill(1);
  const thoughts_MD = new Float32Array(hasStored ? M * hiddenSize : 0);
  const thoughts = positionBuilder(rows.reduce((total, row) => total + row.thoughtIds.length, 0));
  const answers = positionBuilder(rows.reduce((total, row) => total + row.answerIds.length, 0));

  let first = 0;
  for (const [b, row] of rows.entries()) {
    const { thoughtIds, forcedIds, answerIds, coefficient } = row;
    const T = thoughtIds.length;
    const length = lengths[b] as number;
    const start = first;
    const tableRow = (q: number) => (q < 0 ? (promptOfRow[b] as number) : promptIds.length + start + q);
    const input = (q: number, id: number) => {
      if (q < length) ids_M[start + q] = id;
    };
    for (let t = 0; t < T; t++) {
      thoughts.push(tableRow(t - 1), thoughtIds[t] as number, coefficient);
      if (!hasStored) input(t, thoughtIds[t] as number);
    }
    // The last step of a thought without an answer is scored but not fed: it lies one past the end.
    if (row.thoughts) {
      const fed = Math.min(T, length);
      isToken_M.fill(0, start, start + fed);
      thoughts_MD.set(row.thoughts.subarray(0, fed * hiddenSize), start * hiddenSize);
    }
    for (let f = 0; f < forcedIds.length; f++) input(T + f, forcedIds[f] as number);
    const answer = T + forcedIds.length;
    for (let a = 0; a < answerIds.length; a++) {
      answers.push(tableRow(answer + a - 1), answerIds[a] as number, coefficient);
      if (a + 1 < answerIds.length) input(answer + a, answerIds[a] as number);
    }
    first += length;
  }
  return {
    inputs: {
      promptIds,
      rowsPerPrompt,
      lengths,
      ids_M,
      stored: hasStored ? { thoughts_MD, isToken_M } : null,
    },
    thoughts: thoughts.list,
    answers: answers.list,
    stored_ND: hasStored ? joinThoughts(rows) : null,
  };
}

function countRows({ rows, prompts }: MicroBatch) {
  const placeOf = new Map(prompts.map(({ promptIndex }, place) => [promptIndex, place]));
  const promptOfRow = rows.map(({ promptIndex }) => placeOf.get(promptIndex) as number);
  const rowsPerPrompt = Array<number>(prompts.length).fill(0);
  for (const prompt of promptOfRow) rowsPerPrompt[prompt] = (rowsPerPrompt[prompt] as number) + 1;
  return { promptIds: prompts.map(({ promptIds }) => promptIds), rowsPerPrompt, promptOfRow };
}

function checkStored(rows: readonly TrainingRow[], hiddenSize: number): boolean {
  const thinking = rows.filter((row) => row.thoughtIds.length > 0);
  const stored = thinking.filter((row) => row.thoughts !== null);
  if (stored.length !== 0 && stored.length !== thinking.length) {
    throw new RangeError("layOut: some rows have stored thoughts and others have not");
  }
  for (const row of stored) {
    const wanted = row.thoughtIds.length * hiddenSize;
    if (row.thoughts?.length !== wanted) {
      throw new RangeError(
        `layOut: ${row.thoughtIds.length} thought steps of size ${hiddenSize} need ${wanted} numbers, got ${row.thoughts?.length}`,
      );
    }
  }
  return stored.length > 0;
}

function joinThoughts(rows: readonly TrainingRow[]): Float32Array {
  const total = rows.reduce((sum, row) => sum + (row.thoughts?.length ?? 0), 0);
  const joined = new Float32Array(total);
  let at = 0;
  for (const { thoughts } of rows) {
    if (!thoughts) continue;
    joined.set(thoughts, at);
    at += thoughts.length;
  }
  return joined;
}

function positionBuilder(count: number) {
  const list = {
    count,
    tableRows: new Int32Array(count),
    ids: new Int32Array(count),
    coefficients: new Float32Array(count),
  };
  let at = 0;
  return {
    list: list as PositionList,
    push(tableRow: number, id: number, coefficient: number) {
      list.tableRows[at] = tableRow;
      list.ids[at] = id;
      list.coefficients[at] = coefficient;
      at++;
    },
  };
}
