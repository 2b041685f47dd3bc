import { describe, expect, it } from "vitest";
import { type MicroBatch, promptsOf, shapeOf } from "./microbatch.ts";
import { layOut } from "./row-layout.ts";
import type { TrainingRow } from "./training-row.ts";

const D = 2;
const row = (change: Partial<TrainingRow>): TrainingRow => ({
  promptIndex: 0,
  promptIds: [1, 2],
  thoughtIds: [11, 12],
  thoughts: null,
  forcedIds: [21],
  answerIds: [31, 32],
  coefficient: 0.5,
  ...change,
});
const batch = (rows: TrainingRow[]): MicroBatch => {
  const prompts = promptsOf(rows);
  return { rows, prompts, shape: shapeOf(rows, prompts, false) };
};

describe("layOut", () => {
  it("predicts the first step from the prompt, each next from the one before, and answers after the forced tokens", () => {
    const { inputs, thoughts, answers, stored_ND } = layOut(batch([row({})]), D);
    expect([...inputs.ids_M]).toEqual([11, 12, 21, 31]); // the last answer token is predicted, not fed
    // table: row 0 is the prompt's last position, 1.. are suffix positions
    expect([...thoughts.tableRows]).toEqual([0, 1]);
    expect([...thoughts.ids]).toEqual([11, 12]);
    expect([...answers.tableRows]).toEqual([3, 4]);
    expect([...answers.ids]).toEqual([31, 32]);
    expect([...answers.coefficients]).toEqual([0.5, 0.5]);
    expect(stored_ND).toBeNull();
  });

  it("offsets rows by prompts and by the inputs of the rows before", () => {
    const rows = [
      row({}),
      row({ thoughtIds: [] }),
      row({ promptIndex: 1, thoughtIds: [13], answerIds: [33] }),
    ];
    const { inputs, thoughts, answers } = layOut(batch(rows), D);
    expect(inputs.rowsPerPrompt).toEqual([2, 1]);
    expect([...inputs.ids_M]).toEqual([11, 12, 21, 31, 21, 31, 13, 21]);
    expect(inputs.lengths).toEqual([4, 2, 2]);
    expect([...thoughts.tableRows]).toEqual([0, 2, 1]);
    expect([...answers.tableRows]).toEqual([2 + 2, 2 + 3, 2 + 4, 2 + 5, 2 + 7]);
  });

  it("puts stored thoughts in the place of tokens", () => {
    const rows = [
      row({ thoughts: Float32Array.of(1, 2, 3, 4) }),
      row({ thoughtIds: [], thoughts: new Float32Array(0) }),
    ];
    const { inputs, stored_ND } = layOut(batch(rows), D);
    expect([...inputs.ids_M]).toEqual([0, 0, 21, 31, 21, 31]);
    expect([...(inputs.stored?.isToken_M ?? [])]).toEqual([0, 0, 1, 1, 1, 1]);
    expect([...(inputs.stored?.thoughts_MD.subarray(0, 6) ?? [])]).toEqual([1, 2, 3, 4, 0, 0]);
    expect([...(stored_ND ?? [])]).toEqual([1, 2, 3, 4]);
  });

  it("scores but does not feed the last step of a thought without an answer", () => {
    const rows = [row({ forcedIds: [], answerIds: [], thoughts: Float32Array.of(1, 2, 3, 4) })];
    const { inputs, thoughts, answers } = layOut(batch(rows), D);
    expect([...(inputs.stored?.thoughts_MD ?? [])]).toEqual([1, 2]);
    expect([...thoughts.tableRows]).toEqual([0, 1]);
    expect(answers.count).toBe(0);
  });

  it("leaves a row without inputs out of the way", () => {
    const thoughtAlone = { forcedIds: [], answerIds: [], thoughts: Float32Array.of(1, 2, 3, 4) };
    const answerAlone = { thoughtIds: [], forcedIds: [], thoughts: new Float32Array(0) };
    const { inputs } = layOut(batch([row(thoughtAlone), row(answerAlone)]), D);
    expect([...inputs.ids_M]).toEqual([0, 31]);
    expect([...(inputs.stored?.isToken_M ?? [])]).toEqual([0, 1]);
  });

  it("refuses stored thoughts that do not fit their ids", () => {
    expect(() => layOut(batch([row({ thoughts: new Float32Array(3) })]), D)).toThrow(/need 4 numbers, got 3/);
    expect(() => layOut(batch([row({ thoughts: new Float32Array(4) }), row({})]), D)).toThrow(/some rows/);
  });
});
