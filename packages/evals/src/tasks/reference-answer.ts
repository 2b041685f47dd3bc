/** The reference answer inside its field, by form. Only finds it: what it equals is the grader's business. */

import { readReference } from "@soft-tokens/graders";
import type { AnswerForm } from "./formats.ts";

export interface ReferenceAnswer {
  readonly answer: string;
  /** The field is the answer; else it is a worked solution that the answer was taken from. */
  readonly isWhole: boolean;
}

/** The answer in `text`, or null when the form is not there. */
export function answerInForm(text: string, form: AnswerForm): ReferenceAnswer | null {
  const found = form === "plain" ? readReference(text, "any-text") : readReference(text);
  if (!found || (found.form === "plain" && !allowsWhole(found.answer, form))) return null;
  return { answer: found.answer, isWhole: found.form === "plain" };
}

function allowsWhole(answer: string, form: AnswerForm): boolean {
  switch (form) {
    case "plain":
    case "any":
      return true;
    case "solution":
      return readReference(answer, "values") !== null;
    case "final-line":
    case "boxed":
      return false;
    default:
      return form satisfies never;
  }
}
