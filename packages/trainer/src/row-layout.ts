/**
 * Where everything of a micro-batch lies, as host arrays: the inputs that follow each prompt, and for every scored position
 * the hidden state that predicts it. Integers and copies only; the arithmetic is in `loss.ts`.
 *
 * Hidden states are looked up in one table [P + B * T, D]: the last prompt position of each prompt, then all suffix positions.
 * Axes: P prompts, B rows, T inputs after the prompt (right-padded), N scored positions, D hidden.
 */

import type { MicroBatch } from "./microbatch.ts";
import type { TrainingRow } from "./training-row.ts";

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
  readonly rows: number;
  readonly length: number;
  /** Tokens to embed [B, T]; 0 where the input is a stored thought or padding. */
  readonly ids_BT: Int32Array;
  /** Stored thoughts in their places, zero elsewhere, and 1 where the input is an embedded token; null without stored thoughts. */
  readonly stored: { readonly thoughts_BTD: Float32Array; readonly isToken_BT: Float32Array } | null;
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
  const { rows, shape } = batch;
  const length = shape.suffixTokens;
  const { promptIds, rowsPerPrompt, promptOfRow } = countRows(batch);
  const hasStored = checkStored(rows, hiddenSize);
  const ids_BT = new Int32Array(rows.length * length);
  const isToken_BT = new Float32Array(hasStored ? rows.length * length : 0).fill(1);
  const thoughts_BTD = new Float32Array(hasStored ? rows.length * length * hiddenSize : 0);
  const thoughts = positionBuilder(rows.reduce((total, row) => total + row.thoughtIds.length, 0));
  const answers = positionBuilder(rows.reduce((total, row) => total + row.answerIds.length, 0));

  for (const [b, row] of rows.entries()) {
    const { thoughtIds, forcedIds, answerIds, coefficient } = row;
    const T = thoughtIds.length;
    const tableRow = (q: number) => (q < 0 ? (promptOfRow[b] as number) : promptIds.length + b * length + q);
    const input = (q: number, id: number) => {
      if (q < length) ids_BT[b * length + q] = id;
    };
    for (let t = 0; t < T; t++) {
      thoughts.push(tableRow(t - 1), thoughtIds[t] as number, coefficient);
      if (!hasStored) input(t, thoughtIds[t] as number);
    }
    // The last step of a thought without an answer is scored but not fed: it may lie one past the end.
    if (row.thoughts) {
      const fed = Math.min(T, length);
      isToken_BT.fill(0, b * length, b * length + fed);
      thoughts_BTD.set(row.thoughts.subarray(0, fed * hiddenSize), b * length * hiddenSize);
    }
    for (let f = 0; f < forcedIds.length; f++) input(T + f, forcedIds[f] as number);
    const start = T + forcedIds.length;
    for (let a = 0; a < answerIds.length; a++) {
      answers.push(tableRow(start + a - 1), answerIds[a] as number, coefficient);
      if (a + 1 < answerIds.length) input(start + a, answerIds[a] as number);
    }
  }
  return {
    inputs: {
      promptIds,
      rowsPerPrompt,
      rows: rows.length,
      length,
      ids_BT,
      stored: hasStored ? { thoughts_BTD, isToken_BT } : null,
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
