/**
 * Text to ids and back, as the folder's `tokenizer.json` says. A thin wrapper of @huggingface/tokenizers.
 */
export interface Tokenizer {
  readonly vocabularySize: number;
  readonly bosTokenId: number | null;
  readonly eosTokenIds: readonly number[];
  /** `addSpecialTokens`: as the tokenizer's own configuration says (a begin-of-sequence token, say). Defaults to `true`. */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** Special tokens are left out unless `keepSpecialTokens`. Undecodable bytes become U+FFFD. */
  decode(ids: readonly number[], options?: { readonly keepSpecialTokens?: boolean }): string;
  /** Raw bytes of one token as it stands inside a text (special tokens: none), for incremental decoding. Cached. */
  tokenBytes(id: number): Uint8Array;
}
