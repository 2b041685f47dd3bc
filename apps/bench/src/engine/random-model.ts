/** A random Llama of a given shape with a byte tokenizer: for measuring an engine, not for reading its texts. */

import { initializeModel, type LanguageModel } from "@soft-tokens/model";
import { type Backend, RandomKey } from "@soft-tokens/tensor";
import { z } from "zod";

export const ModelShape = z.object({
  layers: z.int(),
  hidden: z.int(),
  ffn: z.int(),
  heads: z.int(),
  vocabulary: z.int(),
});
export type ModelShape = z.infer<typeof ModelShape>;

export function randomModel(backend: Backend, shape: ModelShape): LanguageModel {
  return initializeModel({
    backend,
    key: RandomKey.fromSeed(0).fold("bench"),
    standardDeviation: 0.1,
    files: {
      "config.json": {
        architectures: ["LlamaForCausalLM"],
        model_type: "llama",
        hidden_act: "silu",
        vocab_size: shape.vocabulary,
        hidden_size: shape.hidden,
        intermediate_size: shape.ffn,
        num_hidden_layers: shape.layers,
        num_attention_heads: shape.heads,
        num_key_value_heads: shape.heads,
        max_position_embeddings: 1024,
        rms_norm_eps: 1e-5,
        rope_theta: 10000,
        tie_word_embeddings: true,
        bos_token_id: null,
        eos_token_id: null,
      },
      "tokenizer.json": byteTokenizer(),
      "tokenizer_config.json": {},
    },
  });
}

/** Byte-level BPE without merges: one token per byte, in GPT-2's table of printable stand-ins. */
export function byteTokenizer(): object {
  const isPrintable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  const characters = Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(isPrintable(byte) ? byte : next++),
  );
  const level = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: level,
    post_processor: null,
    decoder: level,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(characters.map((character, byte) => [character, byte])),
      merges: [],
    },
  };
}
