/**
 * Rewards for the form of a response, as used beside the reward for its answer. Pure functions of the text; linear.
 */

/** 1 for <think>…</think> at the very beginning, each tag once, with an answer behind it; else 0. (TRL's rule.) */
export function thinkFormatReward(text: string): number {
  const isOnce = count(text, "<think>") === 1 && count(text, "</think>") === 1;
  return isOnce && text.startsWith("<think>") && text.includes("</think>") ? 1 : 0;
}

/** 1 for exactly <think>\n…\n</think>\n<answer>\n…\n</answer>; else 0. (open-r1's rule.) */
export function answerTagReward(text: string): number {
  const opening = "<think>\n";
  const middle = "\n</think>\n<answer>\n";
  const closing = "\n</answer>";
  const middleStart = text.indexOf(middle, opening.length);
  const isComplete =
    text.startsWith(opening) &&
    text.endsWith(closing) &&
    middleStart >= 0 &&
    middleStart + middle.length <= text.length - closing.length;
  return isComplete ? 1 : 0;
}

/** A quarter for each of the four tags that stands once, with its line breaks. (open-r1's rule.) */
export function tagCountReward(text: string): number {
  const tags = ["<think>\n", "\n</think>\n", "\n<answer>\n", "\n</answer>"];
  return tags.filter((tag) => count(text, tag) === 1).length / tags.length;
}

/** The number of visible steps ("Step 1:", "1.", "-", "First," ...) over three, at most 1. (open-r1's rule.) */
export function reasoningStepsReward(text: string): number {
  const steps = text.match(/Step \d+:|^\d+\.|\n-|\n\*|First,|Second,|Next,|Finally,/gm);
  return Math.min(1, (steps?.length ?? 0) / 3);
}

function count(text: string, part: string): number {
  let total = 0;
  for (let index = text.indexOf(part); index >= 0; index = text.indexOf(part, index + part.length)) total++;
  return total;
}
