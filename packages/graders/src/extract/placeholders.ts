/**
 * Boxes that say where an answer goes and hold none: the \boxed{} of an instruction that is repeated, \boxed{...},
 * \boxed{\text{your answer}}. They neither are an answer nor hide the one that is given.
 */
import type { Box } from "./boxes.ts";

/** The boxes that hold an answer; where there is none, all of them. */
export function answerBoxes(boxes: readonly Box[]): readonly Box[] {
  const answers = boxes.filter(({ content }) => !isPlaceholder(content));
  return answers.length > 0 ? answers : boxes;
}

/** Whether a box holds nothing, or only words for an answer to come. */
export function isPlaceholder(content: string): boolean {
  if (content.length > longest) return false;
  const words = content
    .replace(/\\[hv]?(?:phantom|space)\*?\{[^{}]*\}/g, " ")
    .replace(
      /\\(?:text\w*|mbox|math(?:rm|bf|it)|emph|dots|ldots|cdots|quad|qquad|square|Box|_|[ ,;:!])/g,
      " ",
    )
    .replace(/[\s$~{}[\]()<>_.…·?*"'“”‘’□-]+/gu, " ")
    .trim();
  return (
    words === "" ||
    /^(?:(?:insert|put|write) )?(?:the |your )?(?:final |numerical )?answer(?: here)?$/i.test(words)
  );
}

/** Characters of the longest content that is looked at: words that say nothing are few. */
const longest = 80;
