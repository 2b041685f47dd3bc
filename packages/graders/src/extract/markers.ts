/**
 * Answers that a response marks with words or tags: "the answer is 7", "Answer: 7", <answer>7</answer>.
 * Linear scanners; the answer is given back as it was written, only trimmed.
 */
import { isLetter, isSpace } from "../parse/characters.ts";
import { hasValue, isClosingRemark } from "./closing-remarks.ts";
import type { Extraction } from "./extract-answer.ts";

/** What is in the last <answer>...</answer>. */
export function fromTag(text: string): Extraction | null {
  const end = text.lastIndexOf("</answer>");
  const start = end < 0 ? -1 : text.lastIndexOf("<answer>", end);
  const answer = start < 0 ? "" : text.slice(start + "<answer>".length, end).trim();
  return answer === "" ? null : { answer, method: "answer-is", reason: "in the last <answer>" };
}

/** The sentence after the last "answer is" or "answer:" that has one. `isAnswered`: a value was given before the text. */
export function fromMarker(text: string, isAnswered = false): Extraction | null {
  const lower = lowerCase(text);
  const found: { readonly before: string; readonly answer: string }[] = [];
  for (const { at, end } of marksFromTheEnd(lower)) {
    const start = markerEnd(lower, end);
    const given = start > 0 ? sentenceAt(text, start) : "";
    const answer =
      given === "" ? "" : (correctionOf(text, text.indexOf(given, start) + given.length) ?? given);
    // "The answer is not 5" is no answer; an earlier sentence may have one.
    if (answer !== "" && !/^(?:not|n't)\b/.test(answer)) {
      const before = text.slice(Math.max(0, at - 80), at);
      found.push({ before, answer });
      // The remark of a value given before is told by that value.
      if (!isClosingRemark(before, answer, true)) break;
    }
    if (found.length > mostMarkers) break;
  }
  const values = found.some(({ answer }) => hasValue(answer));
  const last = found.find(({ before, answer }) => !isClosingRemark(before, answer, isAnswered || values));
  return last ? { answer: last.answer, method: "answer-is", reason: 'behind the last "answer is"' } : null;
}

/** "No wait, it is 5.", right after an answer: the value that replaces it, or null. */
function correctionOf(text: string, end: number): string | null {
  const match =
    /^[.!,;)*$\s]*(?:no,? wait|wait|oops|sorry|scratch that|correction|actually)\b[^.!?\n]{0,40}?\b(?:it|that|this)(?:['’]s| is| should be| must be) (?:actually |really )?(?=[-$\d\\])/i.exec(
      text.slice(end, end + 120),
    );
  return match ? sentenceAt(text, end + match[0].length) : null;
}

/** Sentences about the answer that are looked at, from the end on. */
const mostMarkers = 8;

/** What follows the last of `marks` with a colon at the beginning of a line: "A: 7". */
export function fromLineMark(text: string, marks: readonly string[]): Extraction | null {
  for (let end = text.length; end > 0; ) {
    const lineStart = text.lastIndexOf("\n", end - 1) + 1;
    const line = text.slice(lineStart, end).replace(/^[\s*_>#]+/, "");
    const mark = marks.find(
      (one) => line.startsWith(one) && /^[\s*_]*:/.test(line.slice(one.length, one.length + 8)),
    );
    if (mark !== undefined) {
      const answer = line.slice(line.indexOf(":", mark.length) + 1).replace(/^[\s*_]+|[\s*_]+$/g, "");
      if (answer !== "") return { answer, method: "answer-is", reason: `behind the last "${mark}:"` };
    }
    end = lineStart - 1;
  }
  return null;
}

/** Where the words for an answer are, the last one first. */
function* marksFromTheEnd(lower: string): Generator<{ readonly at: number; readonly end: number }> {
  const places = ["answer", "答案"].flatMap((word) => {
    const found: { at: number; end: number }[] = [];
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
      found.push({ at, end: at + word.length });
    }
    return found;
  });
  yield* places.sort((a, b) => b.end - a.end);
}

/** In lower case, with every character where it was: the lower case of some is longer than they are. */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const verbs = [
  "is",
  "are",
  "was",
  "would be",
  "will be",
  "must be",
  "should be",
  "是",
  "为",
  "為",
  "等于",
  "：",
];

/**
 * Position of the answer after "answer": over "s", emphasis, and "is", "are", ":" or "=", which must be there, or the
 * end of a line in bold.
 */
export function markerEnd(lower: string, from: number): number {
  let index = skip(lower, from, "s*_ )\t");
  const word = verbs.find((candidate) => lower.startsWith(candidate, index));
  if (word !== undefined && !isLetter(lower.charAt(index + word.length))) index += word.length;
  else if (lower.charAt(index) === ":" || lower.charAt(index) === "=") index++;
  else if (lower.charAt(index) !== "\n" || !lower.slice(from, index).includes("**")) return 0;
  return skip(lower, index, ":：*_ \t\n\r");
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
    else if (!isMath && character === "。") break;
    else if (!isMath && character === "." && (next === "" || isSpace(next)) && !isAbbreviation(text, index))
      break;
  }
  return text.slice(start, index).replace(/\*+$/, "").trim();
}

function isAbbreviation(text: string, index: number): boolean {
  return /[ap]\.m$/.test(text.slice(Math.max(0, index - 3), index));
}
