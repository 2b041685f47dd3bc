/**
 * `tokenizer.json` checked and put into the form that @huggingface/tokenizers is given. Added tokens and the post-processor
 * are not the library's business here: texts are cut at added tokens before (`split-added-tokens.ts`), and special tokens are
 * put around ids after (`special-affixes.ts`).
 */

import { z } from "zod";
import type { AddedToken } from "./added-tokens.ts";
import { refusal } from "./refusal.ts";
import {
  dropUnknown,
  type PrefixScheme,
  partSchema,
  prefixScheme,
  repairNormalizer,
  repairPreTokenizer,
  type TokenizerPart,
} from "./repair-parts.ts";
import { type DeclaredToken, declare } from "./special-tokens.ts";

const addedTokenSchema = z.looseObject({
  id: z.number().int().nonnegative(),
  content: z.string().min(1),
  special: z.boolean().default(false),
  normalized: z.boolean().optional(),
  lstrip: z.boolean().optional(),
  rstrip: z.boolean().optional(),
  single_word: z.boolean().optional(),
});
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
    unk_token: z.string().nullish(),
    byte_fallback: z.boolean().nullish(),
    dropout: z.number().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    end_of_word_suffix: z.string().nullish(),
  }),
});

export interface PreparedTokenizer {
  readonly vocabulary: ReadonlyMap<string, number>;
  /** In the order of the file. */
  readonly addedTokens: readonly DeclaredToken[];
  readonly postProcessor: unknown;
  readonly decoder: TokenizerPart | null;
  readonly prefix: PrefixScheme;
  /** Tokens that are found in the text as it is; the library finds the others in the normalized text. */
  isFoundInRawText(token: DeclaredToken): boolean;
  /** What the library is given, with the tokens that it has to find. */
  definition(options: { readonly withPrefix: boolean; readonly tokens: readonly AddedToken[] }): object;
}

/** @throws TOKENIZER_INVALID with the key */
export function prepareTokenizer(json: unknown, file: string): PreparedTokenizer {
  refuseOtherModels(json, file);
  const parsed = tokenizerSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refusal(file, issue?.path.join(".") ?? "", issue?.message ?? "cannot be read");
  }
  const raw = parsed.data;
  const { model } = raw;
  if (model.dropout) throw refusal(file, "model.dropout", "encoding at random is not supported");
  for (const affix of ["continuing_subword_prefix", "end_of_word_suffix"] as const) {
    if (model[affix])
      throw refusal(file, `model.${affix}`, `${JSON.stringify(model[affix])} is not supported`);
  }
  const normalizer = raw.normalizer ?? null;
  const preTokenizer = raw.pre_tokenizer ?? null;
  const vocabulary = new Map(Object.entries(model.vocab));
  const lacksUnknown = model.unk_token == null && model.byte_fallback !== true;
  const repaired = (withPrefix: boolean) =>
    preTokenizer && repairPreTokenizer(preTokenizer, { file, withPrefix });
  const prefix = prefixScheme(normalizer, preTokenizer);
  return {
    vocabulary,
    addedTokens: (raw.added_tokens ?? []).map((token) => declare(token, { declaredId: token.id })),
    postProcessor: raw.post_processor ?? null,
    decoder: raw.decoder ?? null,
    prefix,
    // Where the first piece alone gets a space, the library must never be given more than one piece.
    isFoundInRawText: (token) => !token.normalized || normalizer === null || prefix === "first",
    definition: ({ withPrefix, tokens }) => ({
      ...raw,
      added_tokens: tokens,
      normalizer: normalizer && repairNormalizer(normalizer, { file, withPrefix }),
      pre_tokenizer: lacksUnknown ? dropUnknown(repaired(withPrefix), vocabulary) : repaired(withPrefix),
      post_processor: null,
      decoder: raw.decoder ?? null,
      model: { ...model, type: "BPE" },
    }),
  };
}

/** A model of another kind has a vocabulary of another shape: say so, before its keys are looked at. */
function refuseOtherModels(json: unknown, file: string): void {
  const model = (json as { readonly model?: { readonly type?: unknown; readonly vocab?: unknown } } | null)
    ?.model;
  if (model === null || typeof model !== "object") return;
  const type = model.type ?? (Array.isArray(model.vocab) ? "Unigram" : "BPE");
  if (type === "BPE") return;
  throw refusal(
    file,
    "model.type",
    `this is a ${type} tokenizer; supported is BPE, which models of the Llama and Qwen families have`,
  );
}
