/**
 * A {@link Tokenizer} from the texts of `tokenizer.json` and `tokenizer_config.json`. Encoding is the library's; decoding
 * is the concatenation of token bytes, so that a text read token by token equals a text read at once. (The library's own
 * decoding also moves punctuation, `clean_up_tokenization_spaces`, which transformers 5 no longer does for BPE.)
 */

import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { ModelError } from "../errors.ts";
import { createGuardedEncoder } from "./guarded-encoder.ts";
import { prepareTokenizer } from "./prepare-tokenizer.ts";
import { createByteDecoder } from "./token-bytes.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A token by its text, or as the object that older versions wrote. */
const tokenText = z
  .union([z.string(), z.looseObject({ content: z.string() })])
  .nullish()
  .transform((token) => (token == null ? null : typeof token === "string" ? token : token.content));
const settingsSchema = z.looseObject({
  bos_token: tokenText,
  eos_token: tokenText,
  pad_token: tokenText,
  unk_token: tokenText,
  additional_special_tokens: z.array(tokenText).nullish(),
});

export interface TokenizerFiles {
  /** Parsed `tokenizer.json`. */
  readonly definition: unknown;
  /** Parsed `tokenizer_config.json`, where there is one. */
  readonly settings?: unknown;
  /** Name of `tokenizer.json` in messages. */
  readonly file: string;
  /** Ids that end a sequence beside the tokenizer's own, as `config.json` and `generation_config.json` say. */
  readonly eosTokenIds?: readonly number[];
  /** What encoding may take in milliseconds, plus one per character. Defaults to 1,500; tried twice. */
  readonly timeLimitMs?: number;
}

/** @throws TOKENIZER_INVALID; its `encode` also TOKENIZER_STALLED */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { file } = files;
  const { definition, addedTokens, decoder } = prepareTokenizer(files.definition, file);
  const parsed = settingsSchema.safeParse(files.settings ?? {});
  if (!parsed.success) {
    const key = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new ModelError("TOKENIZER_INVALID", `tokenizer_config.json: ${key} is not a token`, { file, key });
  }
  const settings = parsed.data;
  const byteDecoder = createByteDecoder(decoder, file);
  const library = buildLibrary(definition, file);
  const encode = createGuardedEncoder(library, {
    definition,
    file,
    ...(files.timeLimitMs !== undefined && { timeLimitMs: files.timeLimitMs }),
  });
  const idOf = (token: string | null) => (token === null ? null : (library.token_to_id(token) ?? null));
  const ownEos = idOf(settings.eos_token);
  const specialTexts = [
    settings.bos_token,
    settings.eos_token,
    settings.pad_token,
    settings.unk_token,
    ...(settings.additional_special_tokens ?? []),
  ];
  const specialIds = new Set([
    ...addedTokens.filter((token) => token.special).map((token) => token.id),
    ...specialTexts.map(idOf).filter((id) => id !== null),
  ]);
  const addedById = new Map(addedTokens.map((token) => [token.id, token.content]));
  const vocabularySize = library.model?.vocab.length ?? 0;
  const cache: Uint8Array[] = [];
  const nothing = new Uint8Array(0);
  const encoder = new TextEncoder();

  const textBytes = (id: number): Uint8Array => {
    const cached = cache[id];
    if (cached) return cached;
    if (!Number.isInteger(id) || id < 0) throw new RangeError(`tokenizer: ${id} is not a token id`);
    const added = addedById.get(id);
    // Ids between the last token and the padded vocabulary of a model stand for nothing.
    const token = added ?? library.id_to_token(id) ?? "";
    const bytes = added === undefined ? byteDecoder.bytes(token) : encoder.encode(added);
    cache[id] = bytes;
    return bytes;
  };

  return {
    vocabularySize,
    bosTokenId: idOf(settings.bos_token),
    eosTokenIds: [...new Set([...(ownEos === null ? [] : [ownEos]), ...(files.eosTokenIds ?? [])])],
    encode(text, options = {}) {
      return encode(text, options.addSpecialTokens ?? true);
    },
    decode(ids, options = {}) {
      const kept = options.keepSpecialTokens ? ids : ids.filter((id) => !specialIds.has(id));
      const text = decodeUtf8(kept.map(textBytes));
      return byteDecoder.stripsLeadingSpace && text.startsWith(" ") ? text.slice(1) : text;
    },
    tokenBytes: (id) => (specialIds.has(id) ? nothing : textBytes(id)),
  };
}

function buildLibrary(definition: object, file: string): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(definition, {});
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError("TOKENIZER_INVALID", why, { file, cause });
  }
}

function decodeUtf8(parts: readonly Uint8Array[]): string {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
