/**
 * The demo's tokenizer as a Hugging Face `tokenizer.json`: one token per word and per number, with its leading space, so that
 * texts decode exactly. BPE without merges: a word of the vocabulary is one token, anything else is unknown.
 */

import { LARGEST_NUMBER, vocabularyWords } from "./word-problems.ts";

/** Written for a regular expression, in the order in which they are tried. */
const SPECIAL_PIECES = ["\\\\boxed\\{", " is: ", "User:", " Assistant:"];

const SPECIAL_TOKENS = ["<pad>", "<eos>", "<unk>"] as const;

export function demoTokenizer(): {
  tokenizer: object;
  settings: object;
  vocabularySize: number;
  eosTokenId: number;
} {
  const numbers = Array.from({ length: LARGEST_NUMBER + 1 }, (_, number) => ` ${number}`);
  const words = vocabularyWords().map((word) => ` ${word}`);
  const pieces = [
    "\\boxed{",
    "}",
    " is: ",
    "User:",
    " Assistant:",
    " The",
    " final",
    " answer",
    ...numbers,
    ...words,
  ];
  const tokens = [...SPECIAL_TOKENS, ...new Set(pieces)].map((token) => token.replaceAll(" ", "Ġ"));
  return {
    vocabularySize: tokens.length,
    eosTokenId: 1,
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: SPECIAL_TOKENS.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          {
            type: "Split",
            pattern: { Regex: `${SPECIAL_PIECES.join("|")}| ?[A-Za-z]+| ?[0-9]+| ?[^\\sA-Za-z0-9]|\\s+` },
            behavior: "Isolated",
            invert: false,
          },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: "<unk>",
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: false,
        ignore_merges: true,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: [],
      },
    },
    settings: {
      tokenizer_class: "PreTrainedTokenizerFast",
      eos_token: "<eos>",
      pad_token: "<pad>",
      unk_token: "<unk>",
      clean_up_tokenization_spaces: false,
      model_max_length: 128,
    },
  };
}
