/**
 * Several boxes in one response. Boxes side by side, joined by a comma, "and" or "or", are one answer in parts:
 * \boxed{1} and \boxed{2} answers 1, 2. Boxes apart from each other are separate answers, of which the last counts;
 * whether the others contradict it is for the caller to judge.
 */
import type { Box } from "./boxes.ts";

export interface BoxRun {
  /** The boxes of the last answer, in order; at least one. */
  readonly parts: readonly Box[];
  /** Boxes before it. */
  readonly earlier: readonly Box[];
  /** The parts as one list. */
  readonly content: string;
}

/** The last answer in boxes, or null where there is no box. */
export function lastBoxRun(text: string, boxes: readonly Box[]): BoxRun | null {
  let first = boxes.length - 1;
  if (first < 0) return null;
  while (first > 0) {
    const gap = text.slice((boxes[first - 1] as Box).end, (boxes[first] as Box).start);
    if (!isJoining(gap)) break;
    first--;
  }
  const parts = boxes.slice(first);
  return { parts, earlier: boxes.slice(0, first), content: joinParts(parts) };
}

/** Equal boxes beside each other are one answer said twice. */
function joinParts(parts: readonly Box[]): string {
  const contents = new Set(parts.map((part) => part.content.trim()));
  return [...contents].join(", ");
}

const layoutWords = new Set(["quad", "qquad", "text", "mbox", "textrm", "left", "right", "mathrm", "hspace"]);

/** A short gap without words, or with a joiner among at most eight words and no end of a sentence. */
function isJoining(gap: string): boolean {
  if (gap.length > 60) return false;
  const words = (gap.match(/[A-Za-z]+/g) ?? []).filter((word) => !layoutWords.has(word));
  if (words.length === 0) return true;
  const hasJoiner = words.includes("and") || words.includes("or");
  return hasJoiner && words.length <= 8 && !/[.!?]\s/.test(gap);
}
