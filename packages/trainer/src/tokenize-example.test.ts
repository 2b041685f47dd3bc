/** A completion has the ids that it has in the whole text, whatever the tokenizer puts around a text of its own. */

import { createTokenizer, type LanguageModel } from "@soft-tokens/model";
import { describe, expect, it } from "vitest";
import { tokenizeExample } from "./encode-examples.ts";

const BEGIN = 0;
const END = 1;
const LETTERS = [..."▁abcdefghijklmnopqrstuvwxyzTA0123456789+=:\n\\{}"];
const vocab = Object.fromEntries(["<s>", "</s>", ...LETTERS, "▁T", "=4"].map((token, id) => [token, id]));
const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const opening = [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
const special_tokens = { "<s>": { ids: [BEGIN] }, "</s>": { ids: [END] } };

function modelWith(changes: object): LanguageModel {
  const tokenizer = createTokenizer({
    definition: {
      added_tokens: [
        { id: BEGIN, content: "<s>", ...special },
        { id: END, content: "</s>", ...special },
      ],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: { type: "TemplateProcessing", single: opening, special_tokens },
      decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "first" },
      model: { type: "BPE", vocab, merges: [["▁", "T"]] },
      ...changes,
    },
    settings: { bos_token: "<s>", eos_token: "</s>" },
    file: "tokenizer.json",
  });
  return { tokenizer, config: { maxPositions: 100 } } as unknown as LanguageModel;
}

const spaces = { type: "Replace", pattern: { String: " " }, content: "▁" };
const prepend = { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, spaces] };
const metaspace = (settings: object) => ({
  pre_tokenizer: { type: "Metaspace", replacement: "▁", ...settings },
});
const closing = [...opening, { SpecialToken: { id: "</s>", type_id: 0 } }];
const KINDS: [string, object][] = [
  ["Prepend", { normalizer: prepend }],
  ["Metaspace first", metaspace({ prepend_scheme: "first", split: false })],
  ["Metaspace always", metaspace({ prepend_scheme: "always" })],
  [
    "Prepend and an end token of its own",
    {
      normalizer: prepend,
      post_processor: { type: "TemplateProcessing", single: closing, special_tokens },
    },
  ],
];

describe.each(KINDS)("with %s", (_, changes) => {
  const model = modelWith(changes);
  const example = (prompt: string, completion: string, appendEndOfSequence = true) =>
    tokenizeExample(model, { prompt, completion }, { appendEndOfSequence });

  it.each([
    ["2+2=", "4"],
    ["A:", " The 4"],
    ["A: ", "4"],
    ["a\n", "b"],
    ["a", "  b"],
  ])("%j and %j have one begin, one end, and no space of their own", (prompt, completion) => {
    const { promptIds, completionIds } = example(prompt, completion);
    expect(promptIds.indexOf(BEGIN)).toBe(0);
    expect(promptIds).not.toContain(END);
    expect(completionIds).not.toContain(BEGIN);
    expect(completionIds.indexOf(END)).toBe(completionIds.length - 1);
    const text = model.tokenizer.decode([...promptIds, ...completionIds]);
    expect(text).toBe(prompt + completion);
    const whole = model.tokenizer.encode(prompt + completion, { part: "start" });
    expect([...promptIds, ...completionIds.slice(0, -1)]).toEqual(whole);
  });
});

it("keeps the prompt's tokens where the whole text would join across the border", () => {
  const model = modelWith({ model: { type: "BPE", vocab, merges: [["=", "4"]] } });
  const options = { appendEndOfSequence: false };
  const joined = model.tokenizer.encode("2=4");
  expect(joined).toContain(vocab["=4"]);
  const { promptIds, completionIds } = tokenizeExample(model, { prompt: "2=", completion: "4" }, options);
  expect(promptIds).toEqual([BEGIN, vocab["2"], vocab["="]]);
  expect(completionIds).toEqual([vocab["4"]]);
});
