/**
 * The answer in prose: the last mathematics of a text that is not itself an expression. Used where a whole response or
 * the sentence behind "the answer is" has to be read, never inside a box.
 *
 * Candidates are the spans between LaTeX's math delimiters and the numerals outside of them. The last one counts, with
 * those before it that are joined to it by a comma, "and" or "or": "3, 4 or 5" is a list, not 5. A text that ends in a
 * question has no answer.
 */
import { isDigit, isLetter, isSpace } from "../parse/characters.ts";
import { functionWords } from "../parse/vocabulary.ts";
import { isShortWord } from "../parse/words.ts";
import type { Work } from "../work.ts";

/**
 * Whether a text begins as a sentence: with a word that is no name of a value ("Area = 12") and no function. Linear.
 */
export function looksLikeProse(text: string): boolean {
  const match = /^[\s"'*#>($]{0,40}([A-Za-z][a-z']*)(\s*)(.?)/.exec(text);
  if (!match) return false;
  const [, word = "", , behind = ""] = match;
  if (word.length < 2 || functionWords.has(word) || behind === "=" || behind === "(" || behind === "_")
    return false;
  return word.length > 3 || isShortWord(word);
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** What the span says, delimiters taken off. */
  readonly content: string;
}

/** The expression that a prose text gives as its answer, or null. Linear in the text's length. */
export function readProse(text: string, work: Work): string | null {
  work.spend(text.length >> 4);
  if (lastVisible(text) === "?") return null;
  const spans = [...mathSpans(text)];
  const all = [...spans, ...numeralSpans(text, spans)].sort((a, b) => a.start - b.start);
  let index = all.length - 1;
  const last = all[index];
  if (!last) return null;
  if (isDenied(text.slice(Math.max(0, last.start - 24), last.start))) return null;
  const parts = [last.content];
  while (index > 0 && isJoiner(text.slice((all[index - 1] as Span).end, (all[index] as Span).start))) {
    index--;
    parts.push((all[index] as Span).content);
  }
  const unit = parts.length === 1 ? percentBehind(text, last.end) : "";
  return parts.reverse().join(", ") + unit;
}

/** "not 12", "> 5", "at least 5": what stands right before a value and takes it back. */
function isDenied(before: string): boolean {
  return /(?:\bnot|n't|\bnever|(?<![<>])[<>≤≥]|\bat (?:least|most)|\b(?:less|more|greater|fewer) than)(?: equal to| be)?[\s$]*$/.test(
    before,
  );
}

function lastVisible(text: string): string {
  let index = text.length - 1;
  while (index >= 0 && (isSpace(text.charAt(index)) || `"'*$`.includes(text.charAt(index)))) index--;
  return text.charAt(index);
}

/** "28 percent" and "28 %" keep their sign. */
function percentBehind(text: string, end: number): string {
  const behind = text
    .slice(end, end + 14)
    .trimStart()
    .toLowerCase();
  return /^\\?%|^percent|^pct/.test(behind) ? "\\%" : "";
}

function isJoiner(gap: string): boolean {
  return gap.length <= 24 && /^[\s$]*(?:,|,?\s*(?:and|or|\\text\{\s*(?:and|or)\s*\}))[\s$]*$/.test(gap);
}

const delimiters: ReadonlyArray<readonly [open: string, close: string]> = [
  ["$$", "$$"],
  ["\\[", "\\]"],
  ["\\(", "\\)"],
  ["$", "$"],
];

/** Text between math delimiters; an opening one without its partner is skipped. */
function* mathSpans(text: string): Generator<Span> {
  const closing = new Map<string, number>();
  let position = 0;
  while (position < text.length) {
    const pair = delimiters.find(([open]) => text.startsWith(open, position));
    const character = text.charAt(position);
    if (!pair) {
      position += character === "\\" ? 2 : 1;
      continue;
    }
    const [open, close] = pair;
    const start = position + open.length;
    // Once a delimiter has no partner behind it, none of its kind has: remembered, so that the scan stays linear.
    const end = closing.get(close) === -1 ? -1 : findUnescaped(text, close, start);
    closing.set(close, end);
    if (end < 0) {
      position = start;
      continue;
    }
    const content = text.slice(start, end).trim();
    // Prose between dollars ("$so it is 5$") is scanned like prose outside of them.
    if (content !== "" && !isName(content) && !looksLikeProse(content))
      yield { start: position, end: end + close.length, content };
    position = end + close.length;
  }
}

/** $n$, $ABC$ and the like name something; they are not the answer where a number follows or precedes. */
function isName(content: string): boolean {
  return content.length > 1 && /^[A-Z]+$/.test(content);
}

function findUnescaped(text: string, target: string, from: number): number {
  let index = text.indexOf(target, from);
  while (index > 0 && target === "$" && text.charAt(index - 1) === "\\")
    index = text.indexOf(target, index + 1);
  return index;
}

/** Numerals outside of the math spans, with sign, grouping, decimals and a simple fraction. */
function* numeralSpans(text: string, spans: readonly Span[]): Generator<Span> {
  let next = 0;
  let position = 0;
  while (position < text.length) {
    const span = spans[next];
    if (span && position >= span.start) {
      position = span.end;
      next++;
      continue;
    }
    const isStart =
      isDigit(text.charAt(position)) || (text.charAt(position) === "." && isDigit(text.charAt(position + 1)));
    if (!isStart || isLetter(text.charAt(position - 1)) || text.charAt(position - 1) === "_") {
      position++;
      while (isDigit(text.charAt(position - 1)) && isDigit(text.charAt(position))) position++;
      continue;
    }
    const end = numeralEnd(text, position);
    const hasSign = text.charAt(position - 1) === "-" && !/[\w)]/.test(text.charAt(position - 2));
    yield { start: position, end, content: text.slice(hasSign ? position - 1 : position, end) };
    position = end;
  }
}

function numeralEnd(text: string, start: number): number {
  let end = start;
  for (;;) {
    const character = text.charAt(end);
    const isInside =
      isDigit(text.charAt(end + 1)) && (character === "," || character === "." || character === "/");
    if (isDigit(character) || isInside) end++;
    else return end;
  }
}
