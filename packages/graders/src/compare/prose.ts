/**
 * The answer in prose: the last mathematics of a text that is not itself an expression. Used where a whole response or
 * the sentence behind "the answer is" has to be read, never inside a box.
 *
 * Candidates are the spans between LaTeX's math delimiters and the numerals outside of them. The last one counts, with
 * those before it that are joined to it by a comma, "and" or "or": "3, 4 or 5" is a list, not 5. Words of arithmetic around it
 * are part of it ("half of 12"); words that deny or bound it leave the text without an answer (`denials.ts`), and so does a
 * question at the end.
 */

import { withoutClosing } from "../extract/closing-remarks.ts";
import { isDigit, isLetter, isSpace } from "../parse/characters.ts";
import { partNames } from "../parse/number-words.ts";
import { constantWords, functionWords } from "../parse/vocabulary.ts";
import { isShortWord, negates } from "../parse/words.ts";
import type { Work } from "../work.ts";
import { isContrast, isTakenBack } from "./denials.ts";

/**
 * Whether a text begins as a sentence: with a word that is no name of a value ("Area = 12") and no function. A short word may be
 * a product of letters; it is a word where another one follows ("Tom has", "A total of", "Kim: 12"). Linear.
 */
export function looksLikeProse(text: string): boolean {
  const match =
    /^[\s"'“*#>($]{0,40}(?:(?:Mr|Mrs|Ms|Dr|Prof|St)\. )?([A-Za-z]+)((?:['’][A-Za-z]+)?)([\s*_]{0,8})(:?)(.{0,24})/s.exec(
      text,
    );
  if (!match) return false;
  const [, word = "", ending = "", , colon = "", behind = ""] = match;
  // A name before a dash, an equals sign or a comma: "Ann - 12", "Ben=12", "Ah, it is 12"; no product is written so.
  if (/^[A-Z][a-z]+$/.test(word) && /^(?:[-–—] |, [a-z\d$])/.test(behind) && colon === "") return true;
  if (/^[A-Z][a-z]{2}$/.test(word) && behind.startsWith("=") && !functionWords.has(word.toLowerCase()))
    return true;
  if (functionWords.has(word) || constantWords.has(word) || (colon === "" && /^[=(^]|^_[{\w]/.test(behind)))
    return false;
  if (ending !== "") return true;
  const isLower = word.slice(1) === word.slice(1).toLowerCase();
  if (isLower && word.length > 1 && (word.length > 3 || isShortWord(word))) return true;
  if (colon !== "") return word.length > 1;
  const [next = ""] = /^[a-z]{2,}(?![a-z]*\()/.exec(behind) ?? [];
  const isVerb = next !== "" && !["and", "or", "mod"].includes(next) && !functionWords.has(next);
  return isVerb && (word.length > 1 || /^[AI]$/.test(word));
}

/**
 * The value before the first clause in words, "64, all told, which fills the shelf"; null for a text that begins otherwise or is
 * denied by the rest.
 */
export function valueBeforeClause(text: string): ProseAnswer | null {
  const [whole, value = ""] =
    /^((?:[^,]|,(?! ))*?),? (?:[a-z]{2,}(?<!\b(?:and|or)) [a-z]|which |that |as )/.exec(text) ?? [];
  if (whole === undefined || !/^[-\d$\\([{]/.test(value) || !whole.slice(value.length).startsWith(","))
    return null;
  const rest = text.slice(value.length);
  return negates(rest) ? null : plain(value);
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** What the span says, delimiters taken off. */
  readonly content: string;
}

/** The answer that a prose text gives. */
export interface ProseAnswer {
  /** Its expression alone. */
  readonly value: string;
  /** The same with the words around it that say of what: "5 km west", "a loss of 45". */
  readonly inWords: string;
  /** It is the end of a calculation: "150/25 = 6 hours". */
  readonly isCalculated: boolean;
}

/** The expression that a prose text gives as its answer, or null. Linear in the text's length. */
export function readProse(written: string, work: Work): ProseAnswer | null {
  work.spend(written.length >> 4);
  const text = withoutClosing(written);
  if (lastVisible(text) === "?") return null;
  const spans = [...mathSpans(text)];
  const all = [...spans, ...numeralSpans(text, spans)].sort((a, b) => a.start - b.start);
  const gapBefore = (at: number): string => text.slice(all[at - 1]?.end ?? 0, (all[at] as Span).start);
  let index = all.length - 1;
  // "It is 5, not 7."
  while (index > 0 && isContrast(gapBefore(index))) index--;
  const last = all[index];
  if (!last) return null;
  const behind = text.slice(last.end, Math.min(all[index + 1]?.start ?? text.length, last.end + 80));
  const operator = wordsAfter(behind);
  const rest = behind.trimStart().slice(operator.trim().length);
  const parts = [last.content + operator];
  const isSum = index > 0 && isOperator(gapBefore(index), text.slice(0, all[index - 1]?.start).slice(-40));
  const first = isSum ? index - 1 : index;
  if (isTakenBack(gapBefore(first), rest)) return null;
  if (isSum) return plain(`${all[first]?.content}${gapBefore(index)}${parts[0]}`);
  while (index > 0 && isJoiner(gapBefore(index))) parts.push((all[--index] as Span).content);
  if (isTakenBack(gapBefore(index), "")) return null;
  if (parts.length > 1) return plain(parts.reverse().join(", "));
  const value = `${wordsBefore(gapBefore(index))}${parts[0]}`;
  const isCalculated = index > 0 && /^[\s$*]*(?:[a-z]+\s*){0,3}=[\s$*]*$/i.test(gapBefore(index));
  return {
    value,
    isCalculated,
    inWords: `${descriptionBefore(gapBefore(index))}${value}${descriptionBehind(rest)}`,
  };
}

function plain(value: string): ProseAnswer {
  return { value, inWords: value, isCalculated: false };
}

/** "a loss of" right before a value; with a space after it, or "". */
function descriptionBefore(gap: string): string {
  const [, words = ""] = /\b(?:an?|the) ((?:[a-z]+ ){1,3}of)[\s$]*$/i.exec(gap.slice(-60)) ?? [];
  return words === "" ? "" : `${words} `;
}

/** "pens", "km west": up to three words right after a value, as far as they describe it; with a space before them, or "". */
function descriptionBehind(rest: string): string {
  const words =
    /^(?:\s*[a-z]+(?![a-z'’=(])){1,3}/i
      .exec(rest.replace(/^[$*]+/, ""))?.[0]
      .trim()
      .split(/\s+/) ?? [];
  const end = words.findIndex((word) => ending.has(word.toLowerCase()));
  const kept = end < 0 ? words : words.slice(0, end);
  return kept.length === 0 ? "" : ` ${kept.join(" ")}`;
}

/** Words that begin another part of a sentence. */
const ending: ReadonlySet<string> = new Set(
  (
    "and or but that which who because since so if when where while than as to for with by from of in at on is are was were has have had " +
    "will would then thus hence therefore not"
  ).split(" "),
);

/** "9 times 2", "9 out of 10", "9-12", "3 to 2", but not "from 5 to 9": the words between two numbers that make one value. */
function isOperator(gap: string, before: string): boolean {
  if (/^\s*(?:-|–|to)\s*$/.test(gap)) return !/\bfrom\b[^.,]{0,24}$/i.test(before);
  return /^\s*(?:times|plus|minus|multiplied by|divided by|over|out of(?: the)?|to the power of|choose|mod)\s*$/.test(
    gap,
  );
}

const parts = [...partNames.keys()].join("|");
const arithmeticBefore = new RegExp(
  "\\b(?:negative|minus|twice|double|triple|(?:the )?(?:square|cube) root of|half(?: of)?|" +
    `(?:an?|one|two|three|four) (?:${parts})s? of)[\\s$]*$`,
  "i",
);

/** Words of arithmetic right before a value: "half of 12", "negative 5"; with a space after them, or "". */
function wordsBefore(gap: string): string {
  const [words = ""] = arithmeticBefore.exec(gap.slice(-40)) ?? [];
  return words === "" ? "" : `${words.replace(/[\s$]+$/, "")} `;
}

const arithmeticBehind = new RegExp(
  `^\\s*(?:squared|cubed|factorial|pi|dozen|hundred|thousand|million|billion|trillion|halves|(?:${parts})s)\\b`,
  "i",
);

/** The words right after a value that make another one of it: "5 squared", "2 million", "28 percent"; "" for none. */
function wordsAfter(gap: string): string {
  if (/^\s*(?:\\?%|per ?cent\b|pct\b)/i.test(gap)) return "\\%";
  const [words = ""] = /^\s*quarters\b/i.test(gap) ? [] : (arithmeticBehind.exec(gap) ?? []);
  return words === "" ? "" : ` ${words.trim()}`;
}

function lastVisible(text: string): string {
  let index = text.length - 1;
  while (index >= 0 && (isSpace(text.charAt(index)) || `"'*$`.includes(text.charAt(index)))) index--;
  return text.charAt(index);
}

/** Between the parts of a list: a comma, "and", "or", the latter also after a unit and before a doubt: "5 cm or maybe 7 cm". */
function isJoiner(gap: string): boolean {
  if (gap.length > 32) return false;
  const joiner = /^[\s$*]*(?:,|,?\s*(?:and|or|\\text\{\s*(?:and|or)\s*\}))[\s$*]*$/;
  const doubt =
    /^[\s$*]*(?:[a-z]+\s+){0,2}[,;?]?\s*(?:(?:and|or|and\/or)\s+(?:maybe|perhaps|possibly|even|else|also|it is|is it|it could be)|or|maybe|perhaps|possibly)[\s$*]*$/i;
  return joiner.test(gap) || doubt.test(gap);
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
