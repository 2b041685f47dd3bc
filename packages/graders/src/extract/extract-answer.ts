/**
 * Where the answer stands in a response: the last closed box, GSM8K's "####", "the answer is", or the whole text.
 * Linear scanners; the answer is given back as it was written, only trimmed.
 */
import { isDigit, isLetter, isSpace } from "../parse/characters.ts";
import { limits } from "../work.ts";
import { type Box, findBoxes } from "./boxes.ts";
import { hasValue, isClosingRemark } from "./closing-remarks.ts";

/**
 * - `auto`: a "final answer" behind the last box, the box if there is one, an <answer>, `####` or "answer is", else the
 *   whole text.
 * - `boxed`: the last closed box only. What training uses.
 * - `gsm8k`: the text behind the last `####` only (strict).
 * - `answer-is`: behind "the answer is" or "answer:" only.
 * - `last-number`: the last number of the text (GSM8K's flexible form).
 * - `choice`: the letter of a multiple choice.
 * - `text`: the whole text.
 */
export type ExtractMode = "auto" | "boxed" | "gsm8k" | "answer-is" | "last-number" | "choice" | "text";

/** Every mode, for command lines. */
export const extractModes = [
  "auto",
  "boxed",
  "gsm8k",
  "answer-is",
  "last-number",
  "choice",
  "text",
] as const satisfies readonly ExtractMode[];

export interface ExtractOptions {
  /** Defaults to `auto`. */
  readonly mode?: ExtractMode;
  /** Marks behind which the answer stands, once one occurs. Defaults to `</think>`. */
  readonly reasoningEnds?: readonly string[];
  /** Letters of a choice. Defaults to A, B, C, D, E. */
  readonly choices?: readonly string[];
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
  const region = afterReasoning(text, options);
  switch (mode) {
    case "auto":
      return extractAuto(region);
    case "boxed":
      return fromBox(findBoxes(region)) ?? none("no closed box");
    case "gsm8k":
      return fromHashes(region) ?? none("no ####");
    case "answer-is":
      return fromTag(region) ?? fromMarker(region) ?? none('no "answer is"');
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

/** The part of a response behind its reasoning, where a mark shows its end; else the whole response. */
export function afterReasoning(text: string, options: ExtractOptions): string {
  let start = 0;
  for (const mark of options.reasoningEnds ?? ["</think>"]) {
    const index = text.lastIndexOf(mark);
    if (index >= 0) start = Math.max(start, index + mark.length);
  }
  return start === 0 ? text : text.slice(start);
}

function none(reason: string): Extraction {
  return { answer: null, method: "none", reason };
}

function extractAuto(text: string): Extraction {
  const boxes = findBoxes(text);
  const marked = fromFinalSentence(text, boxes) ?? fromBox(boxes) ?? fromTag(text);
  return marked ?? fromHashes(text) ?? fromMarker(text) ?? wholeText(text);
}

function wholeText(text: string): Extraction {
  const answer = text.trim();
  return answer === "" ? none("empty text") : { answer, method: "whole-text", reason: "the whole text" };
}

function fromBox(boxes: readonly Box[]): Extraction | null {
  const last = boxes.at(-1);
  if (!last) return null;
  const answer = last.content.trim();
  const count = boxes.length > 1 ? `the last of ${boxes.length} boxes` : "the box";
  return { answer, method: "box", reason: answer === "" ? `${count}, which is empty` : count };
}

/** "Final answer: 7" behind the last box: who boxes steps on the way says at the end which one it is. */
function fromFinalSentence(text: string, boxes: readonly Box[]): Extraction | null {
  const end = boxes.at(-1)?.end;
  const rest = end === undefined ? "" : text.slice(end);
  if (!/\bfinal answer\b/i.test(rest)) return null;
  const found = fromMarker(rest, hasValue(boxes.at(-1)?.content ?? ""));
  return found && { ...found, reason: 'behind a "final answer" after the last box' };
}

/** What stands in the last <answer>...</answer>. */
function fromTag(text: string): Extraction | null {
  const end = text.lastIndexOf("</answer>");
  const start = end < 0 ? -1 : text.lastIndexOf("<answer>", end);
  const answer = start < 0 ? "" : text.slice(start + "<answer>".length, end).trim();
  return answer === "" ? null : { answer, method: "answer-is", reason: "in the last <answer>" };
}

/** GSM8K's own rule: the text behind the last "####" of its line, commas in numbers dropped. */
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

/** The sentence behind the last "answer is" or "answer:" that has one. `isAnswered`: a value was given before the text. */
function fromMarker(text: string, isAnswered = false): Extraction | null {
  const lower = text.toLowerCase();
  const found: { readonly before: string; readonly answer: string }[] = [];
  for (let index = lower.lastIndexOf("answer"); index >= 0; index = lower.lastIndexOf("answer", index - 1)) {
    const start = markerEnd(lower, index + "answer".length);
    const answer = start > 0 ? sentenceAt(text, start) : "";
    // "The answer is not 5" is no answer; an earlier sentence may have one.
    if (answer !== "" && !/^(?:not|n't)\b/.test(answer)) {
      const before = text.slice(Math.max(0, index - 80), index);
      found.push({ before, answer });
      // The remark of a value given before is told by that value.
      if (!isClosingRemark(before, answer, true)) break;
    }
    if (index === 0 || found.length > mostMarkers) break;
  }
  const values = found.some(({ answer }) => hasValue(answer));
  const last = found.find(({ before, answer }) => !isClosingRemark(before, answer, isAnswered || values));
  return last ? { answer: last.answer, method: "answer-is", reason: 'behind the last "answer is"' } : null;
}

/** Sentences about the answer that are looked at, from the end on. */
const mostMarkers = 8;

const verbs = ["is", "are", "was", "would be", "will be", "must be", "should be"];

/**
 * Position of the answer behind "answer": over "s", emphasis, and "is", "are", ":" or "=", which must be there, or the
 * end of a line in bold.
 */
function markerEnd(lower: string, from: number): number {
  let index = skip(lower, from, "s*_ )\t");
  const word = verbs.find((candidate) => lower.startsWith(candidate, index));
  if (word !== undefined && !isLetter(lower.charAt(index + word.length))) index += word.length;
  else if (lower.charAt(index) === ":" || lower.charAt(index) === "=") index++;
  else if (lower.charAt(index) !== "\n" || !lower.slice(from, index).includes("**")) return 0;
  return skip(lower, index, ":*_ \t\n\r");
}

function skip(text: string, from: number, characters: string): number {
  let index = from;
  while (index < text.length && characters.includes(text.charAt(index))) index++;
  return index;
}

/** Up to a full stop before a space, a line end, or a special token; math spans are not cut. */
function sentenceAt(text: string, start: number): string {
  let index = start;
  let isMath = false;
  for (; index < text.length; index++) {
    const character = text.charAt(index);
    const next = text.charAt(index + 1);
    if (character === "\\" && (next === "[" || next === "(")) isMath = true;
    else if (character === "\\" && (next === "]" || next === ")")) isMath = false;
    else if (character === "$") isMath = !isMath;
    else if (!isMath && character === "\n") break;
    else if (!isMath && character === "<" && next === "|") break;
    else if (!isMath && character === "." && (next === "" || isSpace(next)) && !isAbbreviation(text, index))
      break;
  }
  return text.slice(start, index).replace(/\*+$/, "").trim();
}

function isAbbreviation(text: string, index: number): boolean {
  return /[ap]\.m$/.test(text.slice(Math.max(0, index - 3), index));
}

function fromLastNumber(text: string): Extraction | null {
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

/** The letter behind "answer is", else the first that stands alone. */
/** "A cat", but not "A because", "A is right", "A or B". */
function isArticle(letter: string, behind: string): boolean {
  return letter === "A" && /^ (?!(?:or|and|is|because|since|as|for|with|which)\b)[a-z]/.test(behind);
}

function fromChoice(text: string, choices: readonly string[]): Extraction | null {
  const lower = text.toLowerCase();
  const marker = lower.lastIndexOf("answer");
  const start = marker < 0 ? 0 : markerEnd(lower, marker + "answer".length);
  for (const from of start > 0 ? [start, 0] : [0]) {
    for (let index = from; index < text.length; index++) {
      const letter = text.charAt(index);
      const isAlone = !isLetter(text.charAt(index - 1)) && !isLetter(text.charAt(index + 1));
      if (!isAlone || !choices.includes(letter) || isArticle(letter, text.slice(index + 1, index + 12)))
        continue;
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
