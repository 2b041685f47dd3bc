/** The letter that a response takes of a multiple choice, for the mode `choice`; see reward/choice.ts for a whole grading. */
import { isLetter } from "../parse/characters.ts";
import { isInFormula } from "./choice-letters.ts";
import type { Extraction } from "./extract-answer.ts";
import { lowerCase, markerEnd } from "./markers.ts";

/** The letter after "answer is", else the first that is alone. */
export function fromChoice(text: string, choices: readonly string[]): Extraction | null {
  const lower = lowerCase(text);
  const marker = lower.lastIndexOf("answer");
  const start = marker < 0 ? 0 : markerEnd(lower, marker + "answer".length);
  for (const from of start > 0 ? [start, 0] : [0]) {
    for (let index = from; index < text.length; index++) {
      const letter = text.charAt(index);
      const isAlone = !isLetter(text.charAt(index - 1)) && !isLetter(text.charAt(index + 1));
      if (!isAlone || !choices.includes(letter) || isArticle(letter, text.slice(index + 1, index + 12)))
        continue;
      if (isInFormula(text, index)) continue;
      // "A or B" has not chosen.
      const other = /^[)\]*."'\s]*(?:,|\/|or|and)[\s(["'*]+([A-Za-z])(?![A-Za-z])/.exec(
        text.slice(index + 1, index + 24),
      );
      if (other?.[1] !== undefined && choices.includes(other[1]) && other[1] !== letter) return null;
      return { answer: letter, method: "choice", reason: "a letter" };
    }
  }
  return null;
}

/** "A cat", but not "A because", "A is right", "A or B". */
function isArticle(letter: string, behind: string): boolean {
  return letter === "A" && /^ (?!(?:or|and|is|because|since|as|for|with|which)\b)[a-z]/.test(behind);
}
