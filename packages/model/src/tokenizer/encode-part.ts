/** Ids of the parts of one text. Their ids, joined, are what a model sees. */

import type { Tokenizer } from "./tokenizer.ts";

/** A text that goes on: with the tokens that open a text, without those that close it. */
export function encodePrompt(tokenizer: Pick<Tokenizer, "encode">, text: string): number[] {
  return tokenizer.encode(text, { part: "start" });
}

/**
 * A prompt and a text that follows it. The text has the ids that it has in the whole text, after those of the prompt. Where
 * the whole text is cut into tokens across the border, the ids of the prompt stay as they are, and the text is encoded as the
 * inside of a text.
 */
export function encodePair(
  tokenizer: Pick<Tokenizer, "encode">,
  prompt: string,
  text: string,
): { readonly promptIds: number[]; readonly textIds: number[] } {
  const promptIds = encodePrompt(tokenizer, prompt);
  const wholeIds = encodePrompt(tokenizer, prompt + text);
  const isKept = promptIds.every((id, index) => id === wholeIds[index]);
  return { promptIds, textIds: isKept ? wholeIds.slice(promptIds.length) : encodeInside(tokenizer, text) };
}

/** A text that follows a text which is not known: nothing is added on either side. */
export function encodeInside(tokenizer: Pick<Tokenizer, "encode">, text: string): number[] {
  return text === "" ? [] : tokenizer.encode(text, { addSpecialTokens: false, part: "inside" });
}
