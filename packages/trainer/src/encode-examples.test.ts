/** What is known of supervised examples before the first step, with a tokenizer of single letters. */

import type { LanguageModel, Tokenizer } from "@soft-tokens/model";
import { describe, expect, it } from "vitest";
import { encodeExamples } from "./encode-examples.ts";

/** Ids 0 to 25 for letters, 26 for the end, which texts write as $. */
const END = 26;

function modelOf(config: { vocabularySize?: number; maxPositions?: number }, ends = [END]): LanguageModel {
  const tokenizer: Pick<Tokenizer, "encode" | "decode" | "eosTokenIds"> = {
    encode: (text) => Array.from(text, (letter) => (letter === "$" ? END : letter.charCodeAt(0) - 97)),
    decode: (ids) => ids.map((id) => (id === END ? "$" : String.fromCharCode(97 + id))).join(""),
    eosTokenIds: ends,
  };
  return {
    tokenizer,
    config: { vocabularySize: 27, maxPositions: 10, ...config },
  } as unknown as LanguageModel;
}

function encode(
  examples: readonly (readonly [string, string])[],
  { model = modelOf({}), appendEndOfSequence = true } = {},
) {
  const texts = examples.map(([prompt, completion]) => ({ prompt, completion }));
  const source = { size: texts.length, get: (index: number) => texts[index] as (typeof texts)[number] };
  return encodeExamples(model, source, { appendEndOfSequence });
}

describe("examples that can be learned from", () => {
  it("end with the end token, once", () => {
    expect(encode([["ab", "c"]]).examples).toEqual([{ promptIds: [0, 1], completionIds: [2, END] }]);
    expect(encode([["ab", "c$"]]).examples).toEqual([{ promptIds: [0, 1], completionIds: [2, END] }]);
    expect(encode([["ab", "c"]], { appendEndOfSequence: false }).examples).toEqual([
      { promptIds: [0, 1], completionIds: [2] },
    ]);
  });

  it("may fill the model's positions to the last", () => {
    expect(encode([["abcde", "abcd"]])).toMatchObject({ examples: [{}], problems: [] });
    expect(encode([["abcde", "abcde"]]).problems).toEqual([
      {
        index: 0,
        part: null,
        message: expect.stringMatching(/^11 tokens \(prompt 5, completion 6\).* 10 positions$/),
      },
    ]);
  });
});

describe("examples that cannot be learned from", () => {
  const small = modelOf({ vocabularySize: 3 }, []);

  it.each([
    ["a prompt without tokens", ["", "a"], "prompt", "has no token"],
    ["a completion without tokens", ["a", ""], "completion", "has no token"],
    ["a completion of an end alone", ["a", "$"], "completion", "has no token"],
  ] as const)("%s", (_, example, part, message) => {
    expect(encode([["a", "b"], example]).problems).toEqual([{ index: 1, part, message }]);
  });

  it("a token without an embedding, in either part", () => {
    const { examples, problems } = encode(
      [
        ["abd", "a"],
        ["ab", "c"],
        ["ab", "ad"],
      ],
      { model: small, appendEndOfSequence: false },
    );
    expect(examples).toHaveLength(1);
    const message = expect.stringContaining("token d is id 3, the model has 3 embeddings");
    expect(problems).toEqual([
      { index: 0, part: "prompt", message },
      { index: 2, part: "completion", message },
    ]);
  });

  it("an end token that is missing or has no embedding stops all of them at once", () => {
    const code = "INVALID_END_TOKEN";
    expect(() => encode([["a", "b"]], { model: small })).toThrow(expect.objectContaining({ code }));
    const outside = modelOf({ vocabularySize: END });
    expect(() => encode([["a", "b"]], { model: outside })).toThrow(
      /eos_token \$ is id 26, the model has 26 embeddings/,
    );
    expect(encode([["a", "b"]], { model: outside, appendEndOfSequence: false }).problems).toEqual([]);
  });
});
