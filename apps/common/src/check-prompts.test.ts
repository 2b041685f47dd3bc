/** Prompts before the first step, with a tokenizer that makes one token of a letter. */

import type { LanguageModel, Tokenizer } from "@soft-tokens/model";
import { describe, expect, it } from "vitest";
import { checkPrompts } from "./check-prompts.ts";

const tokenizer: Pick<Tokenizer, "encode" | "decode" | "eosTokenIds" | "bosTokenId"> = {
  encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0)),
  decode: (ids) => String.fromCharCode(...ids),
  eosTokenIds: [],
  bosTokenId: null,
};
const model = { tokenizer, config: { vocabularySize: 128, maxPositions: 40 } } as unknown as LanguageModel;
const limits = {
  template: "?QUESTION",
  maxThoughtSteps: 10,
  maxAnswerTokens: 5,
  stopString: "=",
  answerPrefix: "{",
};
const forced = 4; // " ={" and what else can be forced, in letters

const question = (text: string, line: number) => ({ id: `q${line}`, question: text, answer: "1", line });

function check(questions: Parameters<typeof checkPrompts>[1], skipBad = false, changes = {}) {
  return checkPrompts(model, questions, { ...limits, ...changes }, { file: "rows.jsonl", skipBad });
}

describe("checkPrompts", () => {
  it("says how long a thought the longest prompt leaves room for, and that is exact", async () => {
    const { room } = await check([question("a".repeat(9), 1), question("b", 2)]);
    expect(room).toBeGreaterThanOrEqual(40 - 10 - forced - 5 - 2);
    await expect(
      check([question("a".repeat(9), 1)], false, { maxThoughtSteps: room }),
    ).resolves.toMatchObject({
      unfit: 0,
      room,
    });
    await expect(
      check([question("a".repeat(9), 1)], false, { maxThoughtSteps: room + 1 }),
    ).rejects.toMatchObject({
      code: "TASK_ROW_UNFIT",
      message: expect.stringContaining(`Use --max-thought-steps ${room} or less`),
    });
  });

  it("finds the one long prompt among many, whatever its place", async () => {
    const many = Array.from({ length: 200 }, (_, index) =>
      question(index === 150 ? "x".repeat(35) : "x", index + 1),
    );
    await expect(check(many)).rejects.toMatchObject({ file: "rows.jsonl", line: 151 });
    const { questions, unfit } = await check(many, true);
    expect([questions.length, unfit, questions.some(({ line }) => line === 151)]).toEqual([199, 1, false]);
  });

  it("names a token that has no embedding", async () => {
    await expect(check([question("ok", 1), question("caf\u00e9", 2)])).rejects.toMatchObject({
      code: "TASK_ROW_UNFIT",
      line: 2,
      message: expect.stringContaining("token \u00e9 is id 233, the model has 128 embeddings"),
    });
  });

  it("stops where no question would be left, and sums up many bad ones", async () => {
    const all = Array.from({ length: 5 }, (_, index) => question("x".repeat(39), index + 1));
    await expect(check(all, true)).rejects.toThrow(
      /line 1 .*\n.*line 2 .*\n.*line 3 .*\nand 2 more rows\nUse shorter/,
    );
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(
      checkPrompts(model, [question("a", 1)], limits, { file: "f", skipBad: false, signal }),
    ).rejects.toThrow("enough");
  });
});
