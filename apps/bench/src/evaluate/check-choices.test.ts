/** Questions of a likelihood task before the first one is scored, with a tokenizer that makes one token of a letter. */

import type { ChoiceTask } from "@soft-tokens/evals";
import type { LanguageModel, Tokenizer } from "@soft-tokens/model";
import { describe, expect, test } from "vitest";
import { checkChoices } from "./check-choices.ts";

const tokenizer: Pick<Tokenizer, "encode" | "decode"> = {
  encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
};
const model = { tokenizer, config: { vocabularySize: 128, maxPositions: 20 } } as unknown as LanguageModel;

function taskOf(...rows: readonly (readonly [context: string, choices: readonly string[]])[]): ChoiceTask {
  return {
    name: "t",
    questions: rows.map(([context, choices], index) => ({
      ...{ id: `q${index}`, context, choices, gold: 0, text: context, line: index + 1 },
    })),
    source: { file: "t.jsonl", sha256: "abc", format: "arc", rows: rows.length, duplicates: 0, skipped: 0 },
  };
}

const check = (task: ChoiceTask, skipBad = false, limit?: number) =>
  checkChoices(model, task, { file: "t.jsonl", skipBad, limit });

describe("checkChoices", () => {
  const good = ["ab", [" c", " d"]] as const;

  test("gives the ids that are scored, of the first questions only", () => {
    const { task, encoded } = check(taskOf(good, good, ["ab", ["", "c"]]), false, 2);
    expect(task.questions.map(({ id }) => id)).toEqual(["q0", "q1"]);
    expect(task.source.unfit).toBe(0);
    expect(encoded.get("q1")).toMatchObject({
      contextIds: [97, 98],
      choiceIds: [
        [32, 99],
        [32, 100],
      ],
    });
  });

  test.each([
    [
      "a choice without tokens",
      ["ab", ["", "c"]],
      "QUESTION_NOT_SCORABLE",
      /t\.jsonl, line 2: .*adds no token/,
    ],
    ["a choice without room", ["ab", ["c".repeat(30), "c"]], "QUESTION_NOT_SCORABLE", /line 2: .*no room/],
    [
      "a context without an embedding",
      ["caf\u00e9", ["a", "b"]],
      "TASK_ROW_UNFIT",
      /\u00e9 is id 233, the model has 128/,
    ],
    ["a choice without an embedding", ["a", ["b", "\u00e9"]], "TASK_ROW_UNFIT", /line 2: .*233/],
  ] as const)("names %s with its line, or leaves it out and counts it", (_, bad, code, message) => {
    const task = taskOf(good, bad);
    expect(() => check(task)).toThrow(expect.objectContaining({ code, file: "t.jsonl", line: 2 }));
    expect(() => check(task)).toThrow(message);
    const left = check(task, true);
    expect(left.task.questions.map(({ id }) => id)).toEqual(["q0"]);
    expect(left.task.source).toMatchObject({ rows: 2, unfit: 1 });
    expect(() => check(taskOf(bad), true)).toThrow(expect.objectContaining({ code }));
  });
});
