/**
 * Text to ids and back, as the folder's tokenizer files say. The model of the tokenizer is run by @huggingface/tokenizers.
 */
export interface Tokenizer {
  readonly vocabularySize: number;
  readonly bosTokenId: number | null;
  readonly eosTokenIds: readonly number[];
  encode(text: string, options?: EncodeOptions): number[];
  /** Special tokens are left out unless `keepSpecialTokens`. Undecodable bytes become U+FFFD. */
  decode(ids: readonly number[], options?: { readonly keepSpecialTokens?: boolean }): string;
  /** Raw bytes of one token as it stands inside a text (special tokens: none), for incremental decoding. Cached. */
  tokenBytes(id: number): Uint8Array;
}

export interface EncodeOptions {
  /** The tokens that the tokenizer itself puts around a text (a begin-of-sequence token, say). Defaults to `true`. */
  readonly addSpecialTokens?: boolean;
  /** What the text is a part of. Defaults to `whole`. */
  readonly part?: TextPart;
}

/**
 * - `whole`: the text is all there is.
 * - `start`: more will follow, so nothing is added after it (some tokenizers close a text with an end token).
 * - `inside`: it continues an unknown text, so nothing is added before it either: no special token, and none of the spaces
 *   that SentencePiece-style tokenizers put in front of a text.
 */
export type TextPart = "whole" | "start" | "inside";
