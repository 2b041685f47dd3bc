/** Small tokenizers in the styles of the supported families, with ids by Hugging Face's own library. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ModelWarning } from "../warnings.ts";
import { createTokenizer } from "./create-tokenizer.ts";

interface Vectors {
  readonly vectors: Readonly<
    Record<string, readonly { readonly text: string; readonly ids: number[]; readonly decoded: string }[]>
  >;
}

function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/tokenizers/${name}.json`, import.meta.url), "utf8"));
}
const { vectors } = readFixture("vectors") as Vectors;
const settings = {
  bos_token: "<|begin|>",
  eos_token: { content: "<|end|>" },
  clean_up_tokenization_spaces: true,
};
const open = (style: string, changes: object = {}) =>
  createTokenizer({
    definition: { ...(readFixture(style) as object), ...changes },
    settings,
    file: `${style}.json`,
  });

describe.each(Object.keys(vectors))("a tokenizer in the style of %s", (style) => {
  const tokenizer = open(style);
  const samples = vectors[style] ?? [];

  it("encodes as the reference does", () => {
    for (const { text, ids } of samples) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
  });

  it("decodes as the reference does", () => {
    for (const { ids, decoded } of samples) expect(tokenizer.decode(ids)).toBe(decoded);
  });

  it("gives the bytes of a text token by token", () => {
    for (const { ids, decoded } of samples) {
      const bytes = Buffer.concat(ids.map((id) => tokenizer.tokenBytes(id)));
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      expect(style === "llama2" ? text.replace(/^ /, "") : text).toBe(decoded);
    }
  });
});

describe("createTokenizer", () => {
  const tokenizer = open("llama3");
  const idOf = (token: string) => tokenizer.encode(token, { addSpecialTokens: false })[0] as number;

  it("knows its special tokens", () => {
    expect(tokenizer.bosTokenId).toBe(idOf("<|begin|>"));
    expect(tokenizer.eosTokenIds).toEqual([idOf("<|end|>")]);
    expect(tokenizer.vocabularySize).toBe(320);
    const withMore = createTokenizer({
      definition: readFixture("llama3"),
      settings,
      file: "f",
      eosTokenIds: [idOf("<|eot|>"), idOf("<|end|>")],
    });
    expect(withMore.eosTokenIds).toEqual([idOf("<|end|>"), idOf("<|eot|>")]);
    expect(createTokenizer({ definition: readFixture("llama3"), file: "f" })).toMatchObject({
      bosTokenId: null,
      eosTokenIds: [],
    });
  });

  it("adds special tokens as the post-processor says, unless told not to", () => {
    expect(tokenizer.encode("x")).toEqual([
      idOf("<|begin|>"),
      ...tokenizer.encode("x", { addSpecialTokens: false }),
    ]);
    expect(tokenizer.encode("")).toEqual([idOf("<|begin|>")]);
    expect(tokenizer.encode("", { addSpecialTokens: false })).toEqual([]);
  });

  it("leaves special tokens out of a text unless told to keep them", () => {
    const ids = tokenizer.encode("<|begin|>a <|think|> b<|eot|>", { addSpecialTokens: false });
    expect(tokenizer.decode(ids)).toBe("a <|think|> b");
    expect(tokenizer.decode(ids, { keepSpecialTokens: true })).toBe("<|begin|>a <|think|> b<|eot|>");
    expect(tokenizer.tokenBytes(idOf("<|eot|>"))).toEqual(new Uint8Array(0));
    expect(Buffer.from(tokenizer.tokenBytes(idOf("<|think|>"))).toString()).toBe("<|think|>");
  });

  it("keeps spaces before punctuation, whatever the old clean-up setting says", () => {
    expect(tokenizer.decode(tokenizer.encode("a , b . It 's"))).toBe("a , b . It 's");
  });

  it("decodes parts of a character as bytes and a cut one as U+FFFD", () => {
    const ids = tokenizer.encode("😀", { addSpecialTokens: false });
    expect(ids).toHaveLength(4);
    expect(Buffer.concat(ids.map((id) => tokenizer.tokenBytes(id)))).toEqual(Buffer.from("😀"));
    expect(tokenizer.decode(ids.slice(0, 3))).toBe("\ufffd");
    expect(tokenizer.decode(ids)).toBe("😀");
  });

  it("decodes nothing from ids between the vocabulary and a model's padded embedding", () => {
    expect(tokenizer.decode([100_000])).toBe("");
    expect(() => tokenizer.decode([-1])).toThrowError(RangeError);
    expect(() => tokenizer.tokenBytes(1.5)).toThrowError(RangeError);
  });

  it.each([
    ["model.type", { model: { type: "WordPiece", vocab: {} } }],
    ["model.type", { model: { type: "Unigram", vocab: [["<unk>", 0]] } }],
    ["model.type", { model: { vocab: [["<unk>", 0]] } }],
    ["model.type", { model: { type: "WordLevel", vocab: {}, unk_token: "" } }],
    ["model.merges", { model: { type: "BPE", vocab: {} } }],
    ["model.dropout", { model: { vocab: {}, merges: [], dropout: 0.1 } }],
    ["model.end_of_word_suffix", { model: { vocab: {}, merges: [], end_of_word_suffix: "</w>" } }],
    ["added_tokens.0.id", { added_tokens: [{ content: "x" }] }],
    [
      "added_tokens.single_word",
      {
        added_tokens: [
          { id: 1, content: "x", single_word: true, normalized: true },
          { id: 2, content: "<|end|>" },
        ],
        normalizer: { type: "NFC" },
      },
    ],
    ["normalizer.type", { normalizer: { type: "Precompiled", precompiled_charsmap: "" } }],
    ["normalizer.type", { normalizer: { type: "BertNormalizer" } }],
    ["pre_tokenizer.prepend_scheme", { pre_tokenizer: { type: "Metaspace", prepend_scheme: "last" } }],
    ["pre_tokenizer.add_prefix_space", { pre_tokenizer: { type: "Metaspace", add_prefix_space: false } }],
    [
      "pre_tokenizer.pattern",
      { pre_tokenizer: { type: "Split", pattern: { Regex: "(a)b" }, behavior: "Removed" } },
    ],
    ["post_processor.type", { post_processor: { type: "Unheard" } }],
    [
      "post_processor.special_tokens",
      {
        post_processor: {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }],
        },
      },
    ],
    ["post_processor.single", { post_processor: { type: "TemplateProcessing", single: [] } }],
    ["pre_tokenizer.type", { pre_tokenizer: { type: "UnicodeScripts" } }],
    [
      "pre_tokenizer.behavior",
      { pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "MergedWithNext" } },
    ],
    ["decoder", { decoder: null }],
    ["decoder", { decoder: { type: "WordPiece" } }],
  ])("names %s where the file asks for what is not supported", (key, changes) => {
    expect(() => open("llama3", changes)).toThrowError(
      expect.objectContaining({ code: "TOKENIZER_INVALID", key, file: "llama3.json" }),
    );
  });

  it("names the file where the library refuses it", () => {
    const pattern = { Regex: "(" };
    expect(() => open("llama3", { normalizer: { type: "Replace", pattern, content: "" } })).toThrowError(
      expect.objectContaining({ code: "TOKENIZER_INVALID", file: "llama3.json" }),
    );
  });

  it.each([
    [{ eos_token: "<|im_end|>" }, {}, "eos_token"],
    [{ eos_token: "<|end|>" }, { eos_token: "</s>" }, "eos_token"],
    [{ eos_token: ["<|end|>"] }, {}, "eos_token"],
    [{ pad_token: 7 }, {}, "pad_token"],
    [{ fast_tokenizer_files: ["tokenizer.json", "tokenizer.4.0.0.json"] }, {}, "fast_tokenizer_files"],
    [{ added_tokens_decoder: { x: { content: "y" } } }, {}, "added_tokens_decoder.x"],
  ])("refuses %j with the map %j", (given, specialTokensMap, key) => {
    const definition = readFixture("llama3");
    expect(() => createTokenizer({ definition, settings: given, specialTokensMap, file: "f" })).toThrowError(
      expect.objectContaining({ code: "TOKENIZER_INVALID", key, file: "f" }),
    );
  });

  it("says which tokens it added because other files name them", () => {
    const warnings: ModelWarning[] = [];
    createTokenizer({
      definition: readFixture("llama3"),
      settings: { pad_token: "[PAD]", bos_token: "<|begin|>" },
      file: "f",
      onWarning: (warning) => warnings.push(warning),
    });
    expect(warnings).toMatchObject([{ code: "TOKEN_ADDED", keys: ["[PAD]"], file: "f" }]);
    expect(warnings[0]?.message).toContain('"[PAD]" (now 320)');
  });
});
