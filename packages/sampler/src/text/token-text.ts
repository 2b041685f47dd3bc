/**
 * Bytes and ids of text as the engine needs them: the text of a token on its own, the text of a run of tokens, the ids
 * of forced text. One place for what has no text: special tokens, and rows of the embedding matrix beyond the
 * tokenizer's vocabulary (matrices are padded to round sizes).
 */

import type { Tokenizer } from "@soft-tokens/model";

const NO_TEXT = new Uint8Array(0);

export class TokenText {
  readonly #forcedIds = new Map<string, readonly number[]>();

  constructor(private readonly tokenizer: Tokenizer) {}

  /** The tokenizer's own cached array; not to be written to. */
  bytesOf(id: number): Uint8Array {
    return id < this.tokenizer.vocabularySize ? this.tokenizer.tokenBytes(id) : NO_TEXT;
  }

  /** Text of the tokens' joined bytes: exactly what the stop test saw. Undecodable bytes become U+FFFD. */
  decode(ids: Iterable<number>): string {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    for (const id of ids) text += decoder.decode(this.bytesOf(id), { stream: true });
    return text + decoder.decode();
  }

  /** Ids of forced text, which stands inside a text: no begin-of-sequence token. Remembered. */
  idsOf(text: string): readonly number[] {
    let ids = this.#forcedIds.get(text);
    if (!ids) {
      ids = text === "" ? [] : this.tokenizer.encode(text, { addSpecialTokens: false });
      this.#forcedIds.set(text, ids);
    }
    return ids;
  }
}
