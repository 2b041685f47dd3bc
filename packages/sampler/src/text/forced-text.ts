/**
 * What is written between a thought and its answer (method.md section 3).
 *
 * A stop string is often completed inside a token that goes further: Llama's and Qwen's vocabularies cut
 * `is: \boxed{` into `is`, `:`, ` \`, `boxed`, `{`, so the token ` \` ends the thought and already holds the first
 * character of the forced text. Then only the remainder is forced.
 */

export interface ForcedTextRules {
  /** `The final answer is: ` */
  readonly stopString: string;
  /** `\boxed{` */
  readonly answerPrefix: string;
}

/**
 * After a thought whose text contains the stop string: the answer prefix, less what the last token already wrote of it.
 * An overhang that is no prefix of it, or that ends inside a character, stays as it is and the whole prefix follows.
 */
export function forcedTextAfterStop(rules: ForcedTextRules, overhang: Uint8Array): string {
  const prefix = new TextEncoder().encode(rules.answerPrefix);
  if (overhang.length > prefix.length) return rules.answerPrefix;
  if (overhang.some((byte, at) => byte !== prefix[at])) return rules.answerPrefix;
  const next = prefix[overhang.length];
  const cutsCharacter = next !== undefined && (next & 0xc0) === 0x80;
  return cutsCharacter ? rules.answerPrefix : new TextDecoder().decode(prefix.subarray(overhang.length));
}

/**
 * After a thought that ended otherwise (limit, end of sequence): stop string and answer prefix, with a space between
 * where neither the thought's text nor the stop string brings one. A thought without text counts as needing the space,
 * since prompts end in `Assistant:`. A stop string that was begun is not continued but written again in full.
 */
export function forcedTextAfterLimit(rules: ForcedTextRules, lastByte: number | undefined): string {
  const hasSpace = isSpace(lastByte) || /^\s/.test(rules.stopString);
  return (hasSpace ? "" : " ") + rules.stopString + rules.answerPrefix;
}

/** ASCII white space; the rarer Unicode kinds get a space added, which does no harm. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}
