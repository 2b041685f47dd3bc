/**
 * Several boxes in one response. Boxes next to each other, joined by a comma, "and" or "or", are one answer in parts:
 * \boxed{1} and \boxed{2} answers 1, 2; so are boxes with a label each, (a) \boxed{1} (b) \boxed{2} and x = \boxed{1}, y = \boxed{2}.
 * A value that is said twice in different forms is said once. Boxes apart from each other are separate answers, of which the last
 * counts; whether the others contradict it is for the caller to judge.
 */
import { limits } from "../work.ts";
import type { Box } from "./boxes.ts";

export interface BoxRun {
  /** The boxes of the last answer, in order; at least one. */
  readonly parts: readonly Box[];
  /** Boxes before it. */
  readonly earlier: readonly Box[];
  /** The parts as one list, each value once. */
  readonly content: string;
  /** The parts with their labels, "(a) 1, (b) 2" or "x = 1, y = 2"; null where not every part has one. */
  readonly labelled: string | null;
  /** All parts say the same. */
  readonly isOneValue: boolean;
}

/** Whether two contents are the same value; `isRounded` where the second is given as an approximation of the first. */
export type SameValue = (first: string, second: string, isRounded: boolean) => boolean;

/** The last answer in boxes, or null where there is no box. `isSame` defaults to texts that are equal. */
export function lastBoxRun(
  text: string,
  boxes: readonly Box[],
  isSame: SameValue = () => false,
): BoxRun | null {
  let first = boxes.length - 1;
  if (first < 0) return null;
  const joiners: Joiner[] = [];
  let roundings = 0;
  while (first > 0) {
    const [before, after] = [boxes[first - 1] as Box, boxes[first] as Box];
    const joiner = joinerIn(text.slice(before.end, after.start));
    const isRounding = joiner === "approximately" && isSame(before.content, after.content, true);
    if (joiner === null || (joiner === "approximately" && (!isRounding || ++roundings > limits.boxes))) break;
    joiners.unshift(joiner);
    first--;
  }
  const parts = boxes.slice(first);
  const labels = parts.map((part, index) =>
    labelAtEnd(
      text.slice(
        index === 0 ? Math.max(0, part.start - longestGap) : (parts[index - 1] as Box).end,
        part.start,
      ),
    ),
  );
  return {
    parts,
    earlier: boxes.slice(0, first),
    ...joinParts(parts, joiners, isSame),
    labelled: joinLabelled(parts, labels),
  };
}

/** Equal values next to each other are one answer said twice; what is only near the value before it is left out. */
function joinParts(
  parts: readonly Box[],
  joiners: readonly Joiner[],
  isSame: SameValue,
): Pick<BoxRun, "content" | "isOneValue"> {
  const kept = new Set<string>();
  const isFew = parts.length <= limits.boxes;
  let content = "";
  for (const [index, part] of parts.entries()) {
    const own = part.content.trim();
    const joiner = joiners[index - 1];
    const isSaid = kept.has(own) || (isFew && [...kept].some((other) => isSame(other, own, false)));
    if (joiner === "approximately" || isSaid) continue;
    content += kept.size === 0 ? own : joiner === "=" ? ` = ${own}` : `, ${own}`;
    kept.add(own);
  }
  return { content, isOneValue: kept.size === 1 };
}

/** The parts after their labels; null where one has none, or two have the same. */
function joinLabelled(parts: readonly Box[], labels: readonly (string | null)[]): string | null {
  const isLabelled = parts.length > 1 && !labels.includes(null) && new Set(labels).size === labels.length;
  return isLabelled ? parts.map((part, index) => `${labels[index]} ${part.content.trim()}`).join(", ") : null;
}

type Joiner = "," | "=" | "approximately";

const layoutWords = new Set([
  ...["quad", "qquad", "text", "textbf", "mbox", "textrm", "left", "right", "mathrm", "hspace", "newline"],
  ...["item", "begin", "end", "enumerate", "itemize", "align", "aligned", "cases"],
]);

/** Characters between two boxes of one answer, and before the first of them where its label is looked for. */
const longestGap = 60;

/** How what is between two boxes joins them; null where it does not. */
function joinerIn(gap: string): Joiner | null {
  if (gap.length > longestGap) return null;
  const plain = withoutLayout(gap);
  if (/^(?:=|≡|\\equiv)$/.test(plain)) return "=";
  if (/^(?:≈|\\approx|\\simeq)$/.test(plain)) return "approximately";
  const label = labelAtEnd(gap);
  const words = (plain.match(/[A-Za-z]+/g) ?? []).filter((word) => !layoutWords.has(word));
  // (b), "Part b:", y = : the words of the label say nothing about the parts before it.
  const others =
    label === null ? words : words.slice(0, -(label.match(/[A-Za-z]+/g)?.length ?? 0) || undefined);
  if (others.every((word) => partWords.has(word.toLowerCase()))) return ",";
  // ", width = ": what the next value is of.
  if (/^[,;]?\s*(?:and\s+)?(?:[A-Za-z]+\s+){1,3}[=:]$/.test(plain)) return ",";
  const hasJoiner = others.includes("and") || others.includes("or");
  return hasJoiner && others.length <= 8 && !/[.!?]\s/.test(gap) ? "," : null;
}

/** Words before a label that are a part of it. */
const partWords: ReadonlySet<string> = new Set(["part", "parts", "question", "problem", "case"]);

/** (a), a), "Part a:", (ii), x = , f(2) = at the end of what is before a box, in one spelling; null where there is none. */
function labelAtEnd(before: string): string | null {
  const plain = withoutLayout(before);
  const [, letter, name] =
    /(?:^|[\s,;:.])(?:\(?([a-h]|[ivx]{1,4}|[1-9])\)\s*:?|([A-Za-z]\w{0,2}(?:\([^()]{1,8}\))?)\s*=)$/i.exec(
      plain,
    ) ?? [];
  if (letter !== undefined) return `(${letter})`;
  return name === undefined ? null : `${name} =`;
}

/** Without dollars, stars, line breaks and commands that arrange. */
function withoutLayout(text: string): string {
  return text
    .replace(
      /\\(?:q?quad|newline|item|left|right|text\w*|mbox|mathrm|begin|end|hspace)\b\*?|\\\\|\\[,;:! ()[\]]/g,
      " ",
    )
    .replace(/[\s$*{}~`&]+/g, " ")
    .trim();
}
