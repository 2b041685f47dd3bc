/** The reference answer inside its field, by form. Only finds it: what it equals is the grader's business. */

import type { AnswerForm } from "./formats.ts";

/** The answer in `text`, or null when the form is not there. */
export function answerInForm(text: string, form: AnswerForm): string | null {
  switch (form) {
    case "plain":
      return nonEmpty(text);
    case "final-line":
      return afterHashes(text);
    case "boxed":
      return lastBox(text);
    case "any":
      return afterHashes(text) ?? lastBox(text) ?? nonEmpty(text);
    default:
      return form satisfies never;
  }
}

function afterHashes(text: string): string | null {
  const at = text.lastIndexOf("####");
  return at === -1 ? null : nonEmpty(text.slice(at + 4));
}

/** Content of the last `\boxed{...}` or `\fbox{...}` whose braces close; MATH also writes `\boxed 2`. */
function lastBox(text: string): string | null {
  let found: string | null = null;
  for (const match of text.matchAll(/\\(?:boxed|fbox)\s*(?:\{|(?<bare>[^\s${}\\]+))/gu)) {
    found = match.groups?.bare ?? untilClosingBrace(text, match.index + match[0].length) ?? found;
  }
  return found === null ? null : nonEmpty(found);
}

function untilClosingBrace(text: string, start: number): string | null {
  let depth = 1;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\")
      at += 1; // `\{` and `\}` are printed braces
    else if (text[at] === "{") depth += 1;
    else if (text[at] === "}" && --depth === 0) return text.slice(start, at);
  }
  return null;
}

function nonEmpty(text: string): string | null {
  return text.trim() === "" ? null : text.trim();
}
