/**
 * `tokenizer.json` checked and put into a form in which @huggingface/tokenizers 0.2.0 gives the same ids as the Rust
 * library that Hugging Face models were trained with. What it would silently do otherwise is rewritten or refused:
 *
 * - `ByteLevel` with its own regular expression uses JavaScript's `\s`, which has U+FEFF and lacks U+0085; a `Split` with
 *   the same expression is translated rightly.
 * - `Digits` takes ASCII digits alone; the Rust library takes every numeric character (`char::is_numeric`).
 * - `(?i:...)` folds ASCII letters alone; Oniguruma also takes U+017F, the long s, for an s.
 * - `Split` keeps matches as pieces of their own whatever its `behavior`.
 * - Model types, affixes and dropout that it ignores.
 */

import { z } from "zod";
import { ModelError } from "../errors.ts";

const addedTokenSchema = z.looseObject({
  id: z.number().int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  single_word: z.boolean().default(false),
});
export const partSchema = z.looseObject({ type: z.string() });
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(addedTokenSchema).nullish(),
  normalizer: partSchema.nullish(),
  pre_tokenizer: partSchema.nullish(),
  post_processor: partSchema.nullish(),
  decoder: partSchema.nullish(),
  model: z.looseObject({
    type: z.string().nullish(),
    vocab: z.record(z.string(), z.number().int().nonnegative()),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    dropout: z.number().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    end_of_word_suffix: z.string().nullish(),
  }),
});

export type TokenizerPart = z.infer<typeof partSchema>;
type AddedToken = z.infer<typeof addedTokenSchema>;

export interface PreparedTokenizer {
  /** What the library is given. */
  readonly definition: object;
  readonly addedTokens: readonly AddedToken[];
  readonly decoder: TokenizerPart | null;
}

/** @throws TOKENIZER_INVALID with the key */
export function prepareTokenizer(json: unknown, file: string): PreparedTokenizer {
  const parsed = tokenizerSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refusal(file, issue?.path.join(".") ?? "", issue?.message ?? "cannot be read");
  }
  const raw = parsed.data;
  const { model } = raw;
  if ((model.type ?? "BPE") !== "BPE") throw refusal(file, "model.type", `${model.type}: supported is BPE`);
  if (model.dropout) throw refusal(file, "model.dropout", "encoding at random is not supported");
  for (const affix of ["continuing_subword_prefix", "end_of_word_suffix"] as const) {
    if (model[affix])
      throw refusal(file, `model.${affix}`, `${JSON.stringify(model[affix])} is not supported`);
  }
  if (raw.post_processor?.type === "Sequence" && !Array.isArray(raw.post_processor.processors)) {
    throw refusal(file, "post_processor.processors", "wanted a list");
  }
  const addedTokens = raw.added_tokens ?? [];
  const lonely = addedTokens.find((token) => token.single_word);
  if (lonely) throw refusal(file, "added_tokens.single_word", `${lonely.content}: true is not supported`);
  return {
    definition: {
      ...raw,
      added_tokens: addedTokens,
      normalizer: raw.normalizer ?? null,
      pre_tokenizer: raw.pre_tokenizer ? repairPreTokenizer(raw.pre_tokenizer, file) : null,
      post_processor: raw.post_processor ?? null,
      decoder: raw.decoder ?? null,
      model: { ...model, type: "BPE" },
    },
    addedTokens,
    decoder: raw.decoder ?? null,
  };
}

/** The expression of GPT-2, which `ByteLevel` with `use_regex` stands for (tokenizers, pre_tokenizers/byte_level.rs). */
const BYTE_LEVEL_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

function repairPreTokenizer(part: TokenizerPart, file: string): TokenizerPart {
  switch (part.type) {
    case "Sequence": {
      const parts = z.array(partSchema).safeParse(part.pretokenizers);
      if (!parts.success) throw refusal(file, "pre_tokenizer.pretokenizers", "wanted a list");
      return { ...part, pretokenizers: parts.data.map((inner) => repairPreTokenizer(inner, file)) };
    }
    case "ByteLevel":
      // Absent `use_regex` means true. The prefix space comes before the split, so it keeps the library's own way.
      if (part.use_regex === false || part.add_prefix_space === true) return part;
      return sequence(split(BYTE_LEVEL_PATTERN), { ...part, use_regex: false });
    case "Digits":
      return split(part.individual_digits === true ? String.raw`\p{N}` : String.raw`\p{N}+`);
    case "Split":
      return repairSplit(part, file);
    case "Metaspace":
    case "Whitespace":
    case "WhitespaceSplit":
      return part;
    default:
      throw refusal(file, "pre_tokenizer.type", `${part.type} is not supported`);
  }
}

function repairSplit(part: TokenizerPart, file: string): TokenizerPart {
  const behavior = String(part.behavior ?? "").toLowerCase();
  const isKeptAsIs = part.invert === true ? behavior === "removed" : /^(removed|isolated)$/.test(behavior);
  if (!isKeptAsIs) {
    const setting = `behavior ${part.behavior} with invert ${part.invert ?? false}`;
    throw refusal(file, "pre_tokenizer.behavior", `${setting} is not supported`);
  }
  const pattern = part.pattern as { Regex?: unknown } | undefined;
  if (typeof pattern?.Regex !== "string") return part;
  const source = pattern.Regex.replace(/\(\?i:'s\|/g, "(?i:'[s\u017f]|");
  return { ...part, pattern: { Regex: source } };
}

function split(source: string): TokenizerPart {
  return { type: "Split", pattern: { Regex: source }, behavior: "Isolated", invert: false };
}

function sequence(...pretokenizers: TokenizerPart[]): TokenizerPart {
  return { type: "Sequence", pretokenizers };
}

function refusal(file: string, key: string, why: string): ModelError {
  return new ModelError("TOKENIZER_INVALID", `${key}: ${why}`, { file, key });
}
