/**
 * Where the answer is in a response: the last closed box, GSM8K's "####", "the answer is", or the whole text.
 * Linear scanners; the answer is given back as it was written, only trimmed.
 */
import { withoutStrikes } from "../compare/struck-out.ts";
import { asciiDigits, isDigit, isSpace } from "../parse/characters.ts";
import { limits } from "../work.ts";
import { type Box, findBoxes, firstBox, outsideUnclosed } from "./boxes.ts";
import { hasValue } from "./closing-remarks.ts";
import { fromChoice } from "./letters.ts";
import { fromLineMark, fromMarker, fromTag } from "./markers.ts";
import { answerBoxes, isPlaceholder } from "./placeholders.ts";

/**
 * - `auto`: a "final answer" after the last box, the box if there is one, an <answer>, `####` or "answer is", else the
 *   whole text.
 * - `boxed`: the last closed box only.
 * - `first-box`: the box that the text opens first, with all that is in it, or nothing where it is not closed. For an answer
 *   that begins with a box that was opened for it, as in training: what it repeats inside is no other answer.
 * - `gsm8k`: the text after the last `####` only (strict).
 * - `answer-is`: after "the answer is" or "answer:" only.
 * - `last-number`: the last number of the text (GSM8K's flexible form).
 * - `choice`: the letter of a multiple choice.
 * - `text`: the whole text.
 */
export type ExtractMode = (typeof extractModes)[number];

/** Every mode, for command lines. */
export const extractModes = [
  "auto",
  "boxed",
  "first-box",
  "gsm8k",
  "answer-is",
  "last-number",
  "choice",
  "text",
] as const;

export interface ExtractOptions {
  /** Defaults to `auto`. */
  readonly mode?: ExtractMode;
  /** Marks after which the answer comes, once one occurs. Defaults to `</think>`. */
  readonly reasoningEnds?: readonly string[];
  /** Letters of a choice. Defaults to A, B, C, D, E. */
  readonly choices?: readonly string[];
  /** Words that mark an answer with a colon at the beginning of a line: "A" for "A: 7". Defaults to none. */
  readonly lineMarks?: readonly string[];
}

/** What was found, and why. */
export interface Extraction {
  /** The answer as written, trimmed; "" for an empty box; null where there is none. */
  readonly answer: string | null;
  /** Where it stood. */
  readonly method: "box" | "gsm8k" | "answer-is" | "number" | "choice" | "whole-text" | "none";
  /** Why this and not something else, in a few words. */
  readonly reason: string;
}

/** Finds the answer in a response. Never throws on content. */
export function extractAnswer(text: string, options: ExtractOptions = {}): Extraction {
  const { mode = "auto" } = options;
  if (text.length > limits.responseLength) {
    return none(`refused: longer than ${limits.responseLength} characters`);
  }
  if (mode === "first-box") {
    const box = firstBox(text);
    return box ? fromBox([box], "the first box") : none("the first box is not closed");
  }
  const region = afterReasoning(text, options);
  switch (mode) {
    case "auto":
      return extractAuto(region, options);
    case "boxed": {
      const boxes = answerBoxes(findBoxes(region));
      return boxes.length > 0 ? fromBox(boxes) : none("no closed box");
    }
    case "gsm8k":
      return fromHashes(region) ?? none("no ####");
    case "answer-is":
      return (
        fromTag(outsideUnclosed(region)) ?? fromMarker(outsideUnclosed(region)) ?? none('no "answer is"')
      );
    case "last-number":
      return fromLastNumber(region) ?? none("no number");
    case "choice":
      return (
        fromChoice(region, options.choices ?? ["A", "B", "C", "D", "E"]) ?? none("no letter of a choice")
      );
    case "text":
      return wholeText(region);
    default:
      return mode satisfies never;
  }
}

/** The part of a response after its reasoning, where a mark shows its end, else the whole response; without what is struck out. */
export function afterReasoning(text: string, options: ExtractOptions): string {
  let start = 0;
  for (const mark of options.reasoningEnds ?? ["</think>"]) {
    const index = text.lastIndexOf(mark);
    if (index >= 0) start = Math.max(start, index + mark.length);
  }
  return withoutStrikes(start === 0 ? text : text.slice(start));
}

function none(reason: string): Extraction {
  return { answer: null, method: "none", reason };
}

function extractAuto(text: string, { lineMarks = [] }: ExtractOptions): Extraction {
  const all = findBoxes(text);
  const boxes = all.filter(({ content }) => !isPlaceholder(content));
  const marked = fromFinalSentence(text, boxes) ?? (boxes.length > 0 ? fromBox(boxes) : null);
  if (marked) return marked;
  // \boxed{31\} and \boxed{7 The answer is 7 answer nothing: what is in a box that nothing closes is neither in it nor outside.
  const outside = outsideUnclosed(text);
  const words =
    fromTag(outside) ?? fromHashes(outside) ?? fromMarker(outside) ?? fromLineMark(outside, lineMarks);
  if (words) return words;
  // An empty box is an empty answer where nothing else marks one.
  if (all.length > 0) return fromBox(all);
  return outside === text ? wholeText(text) : none("a box that nothing closes");
}

function wholeText(text: string): Extraction {
  const answer = text.trim();
  return answer === "" ? none("empty text") : { answer, method: "whole-text", reason: "the whole text" };
}

/** The last of some boxes. */
function fromBox(boxes: readonly Box[], one = "the box"): Extraction {
  const answer = (boxes.at(-1) as Box).content.trim();
  const count = boxes.length > 1 ? `the last of ${boxes.length} boxes` : one;
  return { answer, method: "box", reason: answer === "" ? `${count}, which is empty` : count };
}

/** "Final answer: 7" after the last box: who boxes steps on the way says at the end which one it is. */
function fromFinalSentence(text: string, boxes: readonly Box[]): Extraction | null {
  const end = boxes.at(-1)?.end;
  const rest = end === undefined ? "" : text.slice(end);
  if (!/\bfinal answer\b/i.test(rest)) return null;
  const found = fromMarker(outsideUnclosed(rest), hasValue(boxes.at(-1)?.content ?? ""));
  return found && { ...found, reason: 'behind a "final answer" after the last box' };
}

/** GSM8K's own rule: the text after the last "####" of its line, commas in numbers dropped. */
function fromHashes(text: string): Extraction | null {
  const index = text.lastIndexOf("####");
  if (index < 0) return null;
  let start = index + 4;
  while (text.charAt(start) === "#" || text.charAt(start) === ":" || isSpace(text.charAt(start))) start++;
  const lineEnd = text.indexOf("\n", start);
  const line = text.slice(start, lineEnd < 0 ? text.length : lineEnd).trim();
  if (line === "") return null;
  return { answer: withoutGrouping(line), method: "gsm8k", reason: 'behind the last "####"' };
}

/** "1,234" without its comma: only commas between digits. */
function withoutGrouping(line: string): string {
  let result = "";
  for (let index = 0; index < line.length; index++) {
    const isGrouping =
      line.charAt(index) === "," && isDigit(line.charAt(index - 1)) && isDigit(line.charAt(index + 1));
    if (!isGrouping) result += line.charAt(index);
  }
  return result;
}

function fromLastNumber(written: string): Extraction | null {
  const text = asciiDigits(written);
  let end = text.length;
  while (end > 0 && !isDigit(text.charAt(end - 1))) end--;
  if (end === 0) return null;
  let start = end;
  while (start > 0 && isNumberPart(text, start - 1)) start--;
  const isMinus = text.charAt(start - 1) === "-" || text.charAt(start - 1) === "−";
  if (isMinus && !isDigit(text.charAt(start - 2))) start--;
  return { answer: text.slice(start, end).replace("−", "-"), method: "number", reason: "the last number" };
}

function isNumberPart(text: string, index: number): boolean {
  const character = text.charAt(index);
  if (isDigit(character)) return true;
  return (character === "." || character === ",") && isDigit(text.charAt(index + 1));
}
