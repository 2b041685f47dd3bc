/**
 * The reference of a row, read from whatever its field holds: a bare answer, GSM8K's solution with its final line, or a worked
 * solution with boxes. Training, evaluation and the command-line tool all read references here, so that one row has one
 * reference everywhere. What equals the reference is for the comparison to say.
 *
 *   final line   `#### 72` as the end of the text. A Markdown heading (`#### Step 2: Add`, or one with text after it) is none.
 *   boxes        the last box, as Hendrycks' MATH has it; boxes that one closing sentence lists ("\boxed{1} and \boxed{2}") are
 *                one answer in parts, and parts of one value ("\boxed{35} = \boxed{38_9}") are that value.
 *   sentence     "The answer is 5." as the end of a text in words.
 */
import { compareAnswers } from "../compare/compare-answers.ts";
import { looksLikeProse } from "../compare/prose.ts";
import { type BoxRun, lastBoxRun } from "../extract/box-runs.ts";
import { type Box, findBoxes } from "../extract/boxes.ts";
import { extractAnswer } from "../extract/extract-answer.ts";
import { limits } from "../work.ts";

export interface FoundReference {
  /** Trimmed, never empty. */
  readonly answer: string;
  /** What marked it; `plain`: the text itself. */
  readonly form: "final-line" | "boxes" | "sentence" | "plain";
}

/** Which texts without a mark are their own reference: all, those that are no worked solution, or no sentence either. */
export type WholeTexts = "any-text" | "answers" | "values";

/**
 * The reference in `text`. Null where the text is empty, or is a worked solution that nowhere says what its answer is.
 * `whole` defaults to `answers`.
 */
export function readReference(text: string, whole: WholeTexts = "answers"): FoundReference | null {
  const marked = markedReference(text);
  if (marked) return marked;
  const answer = text.trim();
  if (answer === "" || findBoxes(text).length > 0) return null;
  if (whole !== "any-text" && isWorked(answer)) return null;
  if (whole === "values" && words(answer) > MOST_WORDS_OF_A_VALUE) return null;
  return { answer, form: "plain" };
}

/** {@link readReference} where something has to mark the answer: the text alone is never it. */
export function markedReference(text: string): FoundReference | null {
  const line = finalLine(text);
  if (line !== null) return { answer: line, form: "final-line" };
  const boxes = findBoxes(text);
  const last = boxes.at(-1);
  if (last) {
    // Old solutions draw an empty box for a blank that is to be filled in; at the end it is an answer left out.
    const run = isFilled(last) ? lastBoxRun(text, boxes.filter(isFilled)) : null;
    return run && { answer: contentOf(run), form: "boxes" };
  }
  const sentence = closingSentence(text);
  return sentence === null ? null : { answer: sentence, form: "sentence" };
}

/**
 * The reference for a comparison, which takes any text: a worked solution that goes on after its answer is asked for the last
 * "answer is", and a text without a marked answer is its own.
 */
export function referenceOf(gold: string): string {
  const found = readReference(gold);
  if (found) return found.answer;
  const said = looksLikeProse(gold)
    ? extractAnswer(gold, { mode: "answer-is", reasoningEnds: [] }).answer
    : null;
  return said ?? gold;
}

/** A worked solution without the part that only repeats its answer for machines: GSM8K's final line and calculator annotations. */
export function withoutAnswerMarks(solution: string): string {
  const end = finalLine(solution) === null ? solution.length : solution.lastIndexOf("####");
  return solution.slice(0, end).replace(/<<([-+*/.()%$,\d=]+)>>/g, (annotation, sum: string, at: number) => {
    const after = solution.slice(at + annotation.length, at + annotation.length + 40);
    return isCalculation(sum, after) ? "" : annotation;
  });
}

/** `48/2=24` before 24: an annotation's result is repeated by the text after it (one row of GSM8K lost a digit there). */
function isCalculation(sum: string, after: string): boolean {
  const result = number(sum.slice(sum.lastIndexOf("=") + 1));
  const written = number(/^\s*[-$]?[\d.,]+/.exec(after)?.[0] ?? "");
  if (!sum.includes("=") || result === "" || written === "") return false;
  return written.startsWith(result) || result.startsWith(written);
}

function number(text: string): string {
  return text.replace(/[\s,$%]/g, "").replace(/\.$/, "");
}

function isFilled(box: Box): boolean {
  return box.content.replace(/\\(?:phantom|hspace)\{[^{}]*\}|\\[,;:! ]|[\s$~{}]/g, "") !== "";
}

/** Parts of one value are said once, in the last of their forms: what Hendrycks' reader takes. */
function contentOf({ parts }: BoxRun): string {
  const contents = parts.map((part) => part.content.trim());
  if (contents.length > limits.boxes) return [...new Set(contents)].join(", ");
  const distinct = contents.filter((content, index) =>
    contents.slice(index + 1).every((later) => !isSameValue(content, later)),
  );
  return distinct.join(", ");
}

/** Also where one of them leaves the base of a numeral to the reader: 28 and 28_9. */
function isSameValue(one: string, other: string): boolean {
  const withoutBase = (text: string) => text.replace(/^([\dA-F]+)_(?:\d+|\{\d+\})$/, "$1");
  return withoutBase(one) === withoutBase(other) || compareAnswers(other, one).equal;
}

/** Words that a heading begins with and an answer does not. */
const headings =
  /^(?:step|part|case|solution|explanation|method|approach|conclusion|summary|verification|verify|check|given|proof|example|problem|question|analysis|note|notes|remark|hint|result|results|reasoning|calculation|calculations|introduction|overview)\b(?!\s*=)/i;

/** What follows the `####` that ends the text, commas of thousands dropped; null where there is none. */
function finalLine(text: string): string | null {
  const trimmed = text.trimEnd();
  const start = trimmed.lastIndexOf("####");
  if (start < 0 || trimmed.charAt(start - 1) === "#" || /\S/.test(trimmed.charAt(start - 1))) return null;
  const line = trimmed.slice(start + 4).trim();
  if (line.includes("\n") || findBoxes(line).length > 0) return null;
  const answer = line
    .replace(/^:\s*/, "")
    .replace(/^\**(?:the\s+)?(?:final\s+)?answer\**\s*(?:is\b|[:=])\**\s*:?/i, "")
    .replace(/^\*\*(.*)\*\*$/, "$1")
    .trim();
  const isHeading = headings.test(answer) || answer.endsWith(":") || /^(?:final\s+)?answer\W*$/i.test(answer);
  if (answer === "" || isHeading || words(answer) > MOST_WORDS_OF_A_FINAL_LINE) return null;
  return answer.replace(/(?<=\d),(?=\d)/g, "").replace(/(?<=\d)\.$/, "");
}

const MOST_WORDS_OF_A_FINAL_LINE = 8;

/** "... so the answer is 5." as the end of a text in words. */
function closingSentence(text: string): string | null {
  const end = text.trimEnd();
  const line = end.slice(end.lastIndexOf("\n") + 1);
  if (!looksLikeProse(end) && !looksLikeProse(line)) return null;
  const { answer } = extractAnswer(line, { mode: "answer-is", reasoningEnds: [] });
  if (answer === null || answer === "") return null;
  const rest = line.slice(line.lastIndexOf(answer) + answer.length);
  return /^[\s.!*$"')\]]*$/.test(rest) ? answer : null;
}

/** Sentences that lead somewhere, and not a value, a name or one short sentence. */
function isWorked(text: string): boolean {
  const count = words(text);
  const sentences = text.match(/[.!?](?=\s|$)|[。！？]/g)?.length ?? 0;
  const isLong = sentences > 1 || /\S\s*\n\s*\S/.test(text);
  if (/^\s*##+(?:\s|$)/m.test(text)) return true; // headings, or a final line without its answer
  return count > MOST_WORDS_OF_AN_ANSWER || (isLong && count > 3);
}

const MOST_WORDS_OF_AN_ANSWER = 12;
const MOST_WORDS_OF_A_VALUE = 2;

/** Words of any script, LaTeX's commands aside; two characters of Chinese or Japanese count as one. */
function words(text: string): number {
  const plain = text.replace(/\\[A-Za-z]+/g, " ");
  const signs = plain.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu)?.length ?? 0;
  const letters = plain.match(/(?!\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana})\p{L}[\p{L}'’-]+/gu);
  return (letters?.length ?? 0) + Math.ceil(signs / 2);
}
