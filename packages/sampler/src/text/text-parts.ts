/**
 * A rollout's text in three parts, from the rollout's own pieces and never by searching the joined text: an answer may repeat
 * whatever ends a thought or opens a box, and is still one answer.
 *
 * Joined they are all of the text. The cut before the answer is where the answer prefix begins, which the last token of a thought
 * may already have written in part (` \` of `\boxed{`); see forced-text.ts.
 */

import type { Rollout } from "../contract.ts";

export interface TextParts {
  /** What was thought, less what its last token wrote of the answer prefix. */
  readonly thought: string;
  /** What was written between them: the stop string after a thought that ran into its limit, else nothing. */
  readonly forced: string;
  /** The answer prefix and the answer's tokens, `\boxed{42}`: what is graded. */
  readonly answer: string;
}

export function textParts(
  rollout: Pick<Rollout, "thoughtText" | "forcedText" | "answerPrefix" | "answerText">,
): TextParts {
  const { thoughtText, forcedText, answerPrefix = forcedText, answerText } = rollout;
  const before = thoughtText + forcedText;
  // Forced text ends with the prefix, whole or completed; text without it is no sampler's and is kept whole.
  const end = before.endsWith(answerPrefix) ? before.length - answerPrefix.length : before.length;
  const thoughtEnd = Math.min(thoughtText.length, end);
  return {
    thought: before.slice(0, thoughtEnd),
    forced: before.slice(thoughtEnd, end),
    answer: answerPrefix + answerText,
  };
}
