/**
 * A {@link Tokenizer} from the contents of a folder's tokenizer files. What is between added tokens is encoded by the
 * library; decoding is the concatenation of token bytes, so that a text read token by token equals a text read at once. (The
 * library's own decoding also moves punctuation, `clean_up_tokenization_spaces`, which transformers 5 no longer does for BPE.)
 */

import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { ModelError } from "../errors.ts";
import type { WarningSink } from "../warnings.ts";
import { type AddedToken, resolveAddedTokens } from "./added-tokens.ts";
import { createGuardedEncoder } from "./guarded-encoder.ts";
import { type PreparedTokenizer, prepareTokenizer } from "./prepare-tokenizer.ts";
import { refusal } from "./refusal.ts";
import { specialAffixes } from "./special-affixes.ts";
import { readSpecialTokens, type SpecialTokens } from "./special-tokens.ts";
import { createSectionSplitter } from "./split-added-tokens.ts";
import { createByteDecoder } from "./token-bytes.ts";
import type { TextPart, Tokenizer } from "./tokenizer.ts";
import { warnOfMissingRows } from "./warn-of-missing-rows.ts";

export interface TokenizerFiles {
  /** Parsed `tokenizer.json`. */
  readonly definition: unknown;
  /** Parsed `tokenizer_config.json`, where there is one. */
  readonly settings?: unknown;
  /** Parsed `special_tokens_map.json`, where there is one. */
  readonly specialTokensMap?: unknown;
  /** Parsed `added_tokens.json`, where there is one. */
  readonly addedTokens?: unknown;
  /** Name of `tokenizer.json` in messages. */
  readonly file: string;
  /** Ids that end a sequence beside the tokenizer's own, as `config.json` and `generation_config.json` say. */
  readonly eosTokenIds?: readonly number[];
  /** Rows of the model's embeddings, to say which tokens have none. */
  readonly embeddingRows?: number;
  readonly onWarning?: WarningSink;
  /** What encoding may take in milliseconds, plus one per character. Defaults to 1,500; tried twice. */
  readonly timeLimitMs?: number;
}

/** @throws TOKENIZER_INVALID; its `encode` also TOKENIZER_STALLED */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { file, settings, onWarning = () => {} } = files;
  const prepared = prepareTokenizer(files.definition, file);
  const byteDecoder = createByteDecoder(prepared.decoder, file);
  const affixes = specialAffixes(prepared.postProcessor, file);
  const specials = readSpecialTokens(
    {
      settings,
      specialTokensMap: files.specialTokensMap,
      addedTokens: files.addedTokens,
      own: prepared.addedTokens,
    },
    file,
  );
  refuseUnknownEnd(specials, prepared, file);
  refuseOtherFiles(settings, file);
  const { vocabulary } = prepared;
  const addedTokens = resolveAddedTokens(
    { own: prepared.addedTokens, others: specials, vocabulary },
    file,
    onWarning,
  );
  const encodeText = createEncoder(prepared, addedTokens, files);
  const addedById = new Map(addedTokens.map((token) => [token.id, token.content]));
  const idByContent = new Map(addedTokens.map((token) => [token.content, token.id]));
  const tokenById = new Map([...vocabulary].map(([token, id]) => [id, token]));
  const idOf = (role: string) => {
    const content = specials.named.get(role)?.content;
    return content === undefined ? null : (idByContent.get(content) ?? null);
  };
  const ownEos = idOf("eos_token");
  const eosTokenIds = [...new Set([...(ownEos === null ? [] : [ownEos]), ...(files.eosTokenIds ?? [])])];
  const rows = files.embeddingRows ?? Number.POSITIVE_INFINITY;
  warnOfMissingRows({ vocabulary, addedTokens, eosTokenIds, rows }, file, onWarning);
  const specialIds = new Set(
    [
      ...addedTokens.filter((token) => token.special).map((token) => token.id),
      ...[...specials.named.keys()].map(idOf),
    ].filter((id) => id !== null),
  );
  const largestId = [...tokenById.keys(), ...addedById.keys()].reduce((a, b) => Math.max(a, b), -1);
  const cache: Uint8Array[] = [];
  const nothing = new Uint8Array(0);
  const encoder = new TextEncoder();

  const textBytes = (id: number): Uint8Array => {
    const cached = cache[id];
    if (cached) return cached;
    if (!Number.isInteger(id) || id < 0) throw new RangeError(`tokenizer: ${id} is not a token id`);
    const added = addedById.get(id);
    // Ids between the last token and the padded vocabulary of a model stand for nothing.
    const token = added ?? tokenById.get(id) ?? "";
    const bytes = added === undefined ? byteDecoder.bytes(token) : encoder.encode(added);
    cache[id] = bytes;
    return bytes;
  };

  return {
    vocabularySize: largestId + 1,
    bosTokenId: idOf("bos_token"),
    eosTokenIds,
    encode(text, { addSpecialTokens = true, part = "whole" } = {}) {
      const ids = encodeText(text, part);
      if (!addSpecialTokens || part === "inside") return ids;
      return [...affixes.before, ...ids, ...(part === "whole" ? affixes.after : [])];
    },
    decode(ids, options = {}) {
      const kept = options.keepSpecialTokens ? ids : ids.filter((id) => !specialIds.has(id));
      const text = decodeUtf8(kept.map(textBytes));
      return byteDecoder.stripsLeadingSpace && text.startsWith(" ") ? text.slice(1) : text;
    },
    tokenBytes: (id) => (specialIds.has(id) ? nothing : textBytes(id)),
  };
}

/** A text without special tokens around it. */
function createEncoder(
  prepared: PreparedTokenizer,
  addedTokens: readonly AddedToken[],
  files: TokenizerFiles,
): (text: string, part: TextPart) => number[] {
  const { file, timeLimitMs } = files;
  const splitsSpecials = splitsSpecialTokens(files.settings);
  const findable = addedTokens.filter((token) => !splitsSpecials || !token.special);
  const normalized = findable.filter((token) => !prepared.isFoundInRawText(token));
  const lonely = normalized.find((token) => token.singleWord);
  if (lonely) {
    throw refusal(
      file,
      "added_tokens.single_word",
      `${lonely.content}: true is not supported where normalized is true`,
    );
  }
  const split = createSectionSplitter(findable.filter((token) => prepared.isFoundInRawText(token)));
  const open = (withPrefix: boolean) =>
    createGuardedEncoder(buildLibrary(prepared.definition({ withPrefix, tokens: normalized }), file), {
      definition: files.definition as object,
      file,
      ...(timeLimitMs !== undefined && { timeLimitMs }),
    });
  const plain = open(prepared.prefix !== "none");
  /** Adds no space in front. Made when it is first needed, since it takes as much memory again. */
  let bare = prepared.prefix === "none" ? plain : null;
  return (text, part) =>
    split(text).flatMap((section) => {
      if ("id" in section) return [section.id];
      const isOpening = section.start === 0 && part !== "inside";
      const isPrefixed = prepared.prefix === "every" ? section.start > 0 || isOpening : isOpening;
      bare ??= isPrefixed ? null : open(false);
      const encode = isPrefixed ? plain : (bare ?? plain);
      return encode(section.text);
    });
}

/** A model that is told to end with a token which it has never seen does not end, or ends at random. */
function refuseUnknownEnd(specials: SpecialTokens, prepared: PreparedTokenizer, file: string): void {
  const content = specials.named.get("eos_token")?.content;
  if (content === undefined) return;
  const isDeclared = [...prepared.addedTokens, ...specials.declared].some(
    (token) => token.content === content,
  );
  if (isDeclared || prepared.vocabulary.has(content)) return;
  throw refusal(
    file,
    "eos_token",
    `${JSON.stringify(content)}, which tokenizer_config.json or special_tokens_map.json names, is no token of tokenizer.json, nor has it an id in added_tokens_decoder or added_tokens.json`,
  );
}

/** transformers would read one of these files in place of `tokenizer.json`, by its own version. */
function refuseOtherFiles(settings: unknown, file: string): void {
  const names = (settings as { readonly fast_tokenizer_files?: unknown } | undefined)?.fast_tokenizer_files;
  if (names == null || (Array.isArray(names) && names.every((name) => name === "tokenizer.json"))) return;
  throw refusal(
    file,
    "fast_tokenizer_files",
    `tokenizer_config.json names ${JSON.stringify(names)}; only tokenizer.json is read`,
  );
}

/** Special tokens written in a text are then ordinary text. */
function splitsSpecialTokens(settings: unknown): boolean {
  return (settings as { readonly split_special_tokens?: unknown } | undefined)?.split_special_tokens === true;
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
