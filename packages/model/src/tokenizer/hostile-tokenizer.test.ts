/** Tokenizer files of strangers: none of them hangs a program, ends it without a code, or gives ids that are none. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTokenizer } from "./create-tokenizer.ts";
import { TimeLimitExceeded, withTimeLimit } from "./time-limit.ts";

const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/tokenizers/llama3.json", import.meta.url), "utf8"),
) as Record<string, unknown>;
const open = (changes: object, timeLimitMs = 200) =>
  createTokenizer({ definition: { ...fixture, ...changes }, settings: {}, file: "t.json", timeLimitMs });

const split = (Regex: string) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false },
    { type: "ByteLevel", add_prefix_space: false, use_regex: false },
  ],
});

describe("a regular expression that backtracks without end", () => {
  it.each([
    [
      "normalizer.pattern",
      { normalizer: { type: "Replace", pattern: { Regex: "(\\w+\\s?)*$" }, content: "x" } },
    ],
    ["pre_tokenizer.pretokenizers.0.pattern", { pre_tokenizer: split("(a+)+$") }],
    ["pre_tokenizer.pretokenizers.0.pattern", { pre_tokenizer: split("(?:a|a)*b") }],
  ])("in %s is ended, and named", (key, changes) => {
    const tokenizer = open(changes);
    const stalled = expect.objectContaining({
      code: "TOKENIZER_STALLED",
      key,
      message: expect.stringContaining(`${key} "`),
    });
    expect(() => tokenizer.encode(`${"a".repeat(60)}!`)).toThrowError(stalled);
    // and the tokenizer can be used after it
    expect(tokenizer.encode("b").length).toBeGreaterThan(0);
  });
});

describe("a post-processor", () => {
  const template = (...single: unknown[]) => ({
    post_processor: { type: "TemplateProcessing", single, pair: [], special_tokens: {} },
  });
  const text = { Sequence: { id: "A", type_id: 0 } };

  it("with a token that the vocabulary lacks is refused when the file is read", () => {
    expect(() => open(template({ SpecialToken: { id: "<nope>", type_id: 0 } }, text))).toThrowError(
      expect.objectContaining({
        code: "TOKENIZER_INVALID",
        file: "t.json",
        message: expect.stringContaining('"<nope>"'),
      }),
    );
  });

  it.each([
    ["no list", { post_processor: { type: "TemplateProcessing", single: null } }],
    ["a number in its list", template(text, 3)],
    ["no processors", { post_processor: { type: "Sequence", processors: null } }],
    ["no tokens", { post_processor: { type: "RobertaProcessing" } }],
  ])("with %s is refused when the file is read", (_, changes) => {
    expect(() => open(changes)).toThrowError(expect.objectContaining({ code: "TOKENIZER_INVALID" }));
  });
});

it.each([null, 3, {}, "ByteLevel", [null], { length: 3 }])(
  "a decoder sequence of %j is refused",
  (decoders) => {
    expect(() => open({ decoder: { type: "Sequence", decoders } })).toThrowError(
      expect.objectContaining({ code: "TOKENIZER_INVALID", key: expect.stringMatching(/^decoder/) }),
    );
  },
);

describe("withTimeLimit", () => {
  it("gives results and errors on", () => {
    expect(withTimeLimit(1000, () => [1])).toEqual([1]);
    expect(withTimeLimit(1000, () => withTimeLimit(1000, () => 2) + withTimeLimit(1000, () => 3))).toBe(5);
    expect(() => withTimeLimit(1000, () => JSON.parse("{"))).toThrow(SyntaxError);
  });

  it("ends what takes longer", () => {
    expect(() =>
      withTimeLimit(20, () => {
        for (;;);
      }),
    ).toThrow(TimeLimitExceeded);
    expect(withTimeLimit(1000, () => 1)).toBe(1);
  });
});
