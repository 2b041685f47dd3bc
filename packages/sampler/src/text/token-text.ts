/**
 * Bytes and ids of text as the engine needs them: the bytes of a token, the text of a run of tokens, the ids of forced
 * text. Special tokens have no text, nor have the rows by which embedding matrices are padded beyond the vocabulary.
 */

import { encodeInside, type Tokenizer } from "@soft-tokens/model";

export class TokenText {
  readonly #forcedIds = new Map<string, readonly number[]>();

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The tokenizer's own cached array; not to be written to. */
  bytesOf(id: number): Uint8Array {
    return this.tokenizer.tokenBytes(id);
  }

  /** Text of the tokens' joined bytes: exactly what the stop test saw. Undecodable bytes become U+FFFD. */
  decode(ids: Iterable<number>): string {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    for (const id of ids) text += decoder.decode(this.bytesOf(id), { stream: true });
    return text + decoder.decode();
  }

  /** Ids of forced text, which continues a text: no begin-of-sequence token, no space that it does not have. Remembered. */
  idsOf(text: string): readonly number[] {
    let ids = this.#forcedIds.get(text);
    if (!ids) {
      ids = encodeInside(this.tokenizer, text);
      this.#forcedIds.set(text, ids);
    }
    return ids;
  }
}
