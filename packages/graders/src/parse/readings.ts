/**
 * From the text of an answer to the ways it can be read. Most texts have one reading. "1,234" (a number or two),
 * "1/2x", "\sqrt17" and "5 m" have more: people write both and mean either. Two answers are equal when a reading of
 * one equals a reading of the other; the readings are few and each is a full parse, never a patch of the text.
 */
import { limits, type Work, WorkExceeded } from "../work.ts";
import { isDigit } from "./characters.ts";
import { createCursor, ParseFailure, type ReadingOptions, usualReading } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import { parseAnswer } from "./statements.ts";
import { tokenize } from "./tokenize.ts";
import { printTokens, type Token } from "./tokens.ts";
import { spellOperators } from "./word-operators.ts";
import { isPhrase } from "./words.ts";

/** Remarks that say when an answer holds, each as its tokens. */
export type Conditions = readonly (readonly Token[])[];

/** What a text can mean. */
export interface Readings {
  /** The text in one spelling, for comparison as text. */
  readonly text: string;
  /** At least one expression, the usual reading first; empty where the text is not in the grammar. */
  readonly expressions: readonly Expression[];
  /** What each expression is said to depend on. */
  readonly conditions: readonly Conditions[];
  /** Why there is no expression. */
  readonly reason: string | null;
}

/** Reads a text, without its outer spaces. Never throws on content, except WorkExceeded when the budget is used up. */
export function readAnswer(written: string, work: Work): Readings {
  const source = written.trim();
  if (source.length > limits.expressionLength) {
    return {
      text: source,
      expressions: [],
      conditions: [],
      reason: `longer than ${limits.expressionLength} characters`,
    };
  }
  const { tokens: all, isCommaAmbiguous } = tokenize(source, usualReading.commas, work);
  const tokens = withoutEmphasis(all);
  const text = printTokens(tokens);
  if (tokens.every(isPunctuation)) return { text: "", expressions: [], conditions: [], reason: "empty" };
  const expressions: Expression[] = [];
  const conditions: Conditions[] = [];
  let reason: string | null = null;
  const cursor = createCursor(spellOperators(tokens), usualReading, work);
  try {
    expressions.push(parseAnswer(cursor));
    conditions.push(cursor.conditions);
  } catch (error) {
    reason = failureMessage(error);
  }
  const others: ReadingOptions[] = [];
  if (isCommaAmbiguous) {
    others.push({ ...usualReading, commas: "separator" });
    if (hasDecimalComma(source)) others.push({ ...usualReading, commas: "decimal" });
  }
  if (cursor.flags.product) others.push({ ...usualReading, isProductTight: true });
  if (cursor.flags.root) others.push({ ...usualReading, isRootGreedy: true });
  if (cursor.flags.times) others.push({ ...usualReading, isLetterTimes: true });
  if (cursor.flags.combination) others.push({ ...usualReading, areCombinations: true });
  if (cursor.flags.unit) others.push({ ...usualReading, areLettersUnits: true });
  for (const options of others) {
    try {
      const again =
        options.commas === usualReading.commas
          ? tokens
          : withoutEmphasis(tokenize(source, options.commas, work).tokens);
      const other = createCursor(spellOperators(again), options, work);
      expressions.push(parseAnswer(other));
      conditions.push(other.conditions);
    } catch (error) {
      failureMessage(error);
    }
  }
  if (expressions.length === 0 && isPhrase(source)) {
    expressions.push({ kind: "text", text: source.trim().replace(/\s+/g, " ") });
  }
  return { text, expressions, conditions, reason: expressions.length > 0 ? null : reason };
}

/** A sign that says nothing by itself: {}, ?. */
function isPunctuation({ kind, text }: Token): boolean {
  return (kind === "sign" || kind === "unknown") && /^[{}.,;:?!]$/.test(text);
}

/** **3/4** and *3/4*: Markdown's emphasis around the whole. */
function withoutEmphasis(tokens: readonly Token[]): readonly Token[] {
  const [first, last] = [tokens.at(0), tokens.at(-1)];
  const isAround =
    first?.kind === "sign" && last?.kind === "sign" && first.text === last.text && tokens.length > 2;
  return isAround && (first.text === "*" || first.text === "^") ? tokens.slice(1, -1) : tokens;
}

function failureMessage(error: unknown): string {
  if (error instanceof ParseFailure) return error.message;
  if (error instanceof WorkExceeded) throw error;
  throw error;
}

/**
 * One numeral with a decimal comma, as in 1000,99 or 0,25: a single comma between digits, and not three digits behind it
 * (that is a thousands separator) unless a zero stands before. "1,2" and "0,1" are pairs: two digits it must be.
 */
function hasDecimalComma(source: string): boolean {
  const comma = source.indexOf(",");
  if (comma < 1 || source.indexOf(",", comma + 1) >= 0) return false;
  let start = comma;
  while (isDigit(source.charAt(start - 1))) start--;
  let end = comma + 1;
  while (isDigit(source.charAt(end))) end++;
  const before = source.slice(start, comma);
  const behind = end - comma - 1;
  if (before === "" || behind === 0) return false;
  return (
    (before === "0" && behind >= 2) || (behind >= 2 && behind !== 3) || (behind === 3 && before.length > 3)
  );
}
