/** The reference answer inside its field, by form. Only finds it: what it equals is the grader's business. */

import { type ExtractMode, extractAnswer } from "@soft-tokens/graders";
import type { AnswerForm } from "./formats.ts";

/** The answer in `text`, or null when the form is not there. */
export function answerInForm(text: string, form: AnswerForm): string | null {
  switch (form) {
    case "plain":
      return nonEmpty(text);
    case "final-line":
      return extract(text, "gsm8k");
    case "boxed":
      return extract(text, "boxed");
    case "any":
      return extract(text, "gsm8k") ?? extract(text, "boxed") ?? nonEmpty(text);
    default:
      return form satisfies never;
  }
}

function extract(text: string, mode: ExtractMode): string | null {
  // A reference has no reasoning to be skipped: a mark in it is part of it.
  const { answer } = extractAnswer(text, { mode, reasoningEnds: [] });
  return answer === null ? null : nonEmpty(answer);
}

function nonEmpty(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}
