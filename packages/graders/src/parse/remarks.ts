/**
 * Remarks after an answer ("for x > 0", "where k is an integer", "(since n is odd)"): taken off it. Those that say when it
 * holds are kept as conditions, which are compared where both answers have one (`compare/conditions.ts`); reasons are dropped.
 */
import type { Cursor } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import type { Token } from "./tokens.ts";
import { isUnitWord } from "./units.ts";
import { changeBy, isCounterfactual, isGuess } from "./value-words.ts";
import { startsValue } from "./word-operators.ts";
import { negates } from "./words.ts";

/** Words after an answer that begin what it depends on, or is said of it. */
const conditionWords = new Set(
  "where for when whenever if with without such which is are so from at provided given assuming unless except".split(
    " ",
  ),
);

/** Words that begin the reason for an answer, which says nothing about its value. */
const reasonWords = new Set(
  "because since as see note recall by using i.e e.g cf hence thus therefore".split(" "),
);

/** Whether a remark begins with this token. */
export function isRemark(token: Token | undefined): boolean {
  if (token?.kind === "letter") return token.text === "\\forall";
  if (token?.kind !== "text") return false;
  const word = firstWord(token.text);
  return conditionWords.has(word) || reasonWords.has(word);
}

function firstWord(text: string): string {
  return (text.replace(/^\(/, "").split(" ", 1)[0] as string).toLowerCase().replace(/[.,:]+$/, "");
}

/** Reads a remark up to the end. */
export function skipRemark(cursor: Cursor): void {
  const tokens: Token[] = [];
  while (cursor.peek()) {
    const token = cursor.next();
    if (token.kind === "sign" && token.text === "\\\\" && cursor.peek()) cursor.fail("several cases");
    tokens.push(token);
  }
  readRemark(cursor, tokens);
}

/** Whether words in brackets begin here: "(since n is odd)", but neither "(or 8)" nor a product with a named value. */
export function isParenthesis(cursor: Cursor, offset = 0): boolean {
  const open = cursor.peek(offset);
  if (open?.kind === "text") return /^\([a-z][^)]*$/.test(open.text);
  if (!cursor.at("(", offset)) return false;
  const [first, second] = [cursor.peek(offset + 1), cursor.peek(offset + 2)];
  // (n even)
  const isNamed = first?.kind === "letter" && second?.kind === "text" && !isUnitWord(second.text);
  const word = isNamed ? second : first;
  return word?.kind === "text" && /^[a-z]/.test(word.text);
}

/** Reads words in brackets: a unit or things, which are given back, or a remark (none). */
export function readParenthesis(cursor: Cursor): readonly string[] {
  const open = cursor.next();
  const tokens: Token[] = open.kind === "text" ? [{ ...open, text: open.text.slice(1) }] : [];
  for (let depth = 1; ; ) {
    const token = cursor.next();
    if (token.kind === "sign" && token.text === "(") depth++;
    if (token.kind === "sign" && token.text === ")" && --depth === 0) break;
    const isLast = depth === 1 && token.kind === "text" && /^[^(]*\)[.,]?$/.test(token.text);
    tokens.push(isLast ? { ...token, text: token.text.slice(0, token.text.lastIndexOf(")")) } : token);
    if (isLast) break;
  }
  if (isContrastOnly(tokens)) return [];
  if (/^(?:or|and|actually|alternatively|otherwise|else|rather|instead)\b/i.test(tokens[0]?.text ?? ""))
    cursor.fail("another value in brackets");
  const areWords = tokens.every(({ kind }) => kind === "text");
  if (areWords && !isRemark(tokens[0])) {
    const words = textsOf(tokens, "text").join(" ");
    return negates(words) ? cursor.fail("words that deny the value") : [words];
  }
  readRemark(cursor, tokens);
  return [];
}

/** "(not 12)". */
function isContrastOnly([word, value, ...rest]: readonly Token[]): boolean {
  return word?.text.toLowerCase() === "not" && value?.kind === "number" && rest.length === 0;
}

/**
 * A remark is taken off unless it takes back what it is said of ("is not the answer"), makes it another value ("is at most") or
 * is one of several cases. What it says of a whole number ("where k is an integer") is kept as a declaration.
 */
function readRemark(cursor: Cursor, tokens: readonly Token[]): void {
  const text = textsOf(tokens, "text").join(" ");
  const first = tokens[0]?.kind === "text" ? firstWord(tokens[0].text) : "";
  // "as x goes to 0" is a condition.
  const isAlone = text.split(" ").length === 1 && startsValue(tokens[1]);
  if (isAlone && /^(?:by|so|hence|thus|therefore)$/.test(first)) cursor.fail("another value after a word");
  if (/^\(?(?:by|with|for (?:every|each)) \d/i.test(text))
    cursor.fail("another number in the words after the value");
  const isCase = /^\(?as long as\b/i.test(text) || tokens.some(({ text: sign }) => sign === "=>");
  if (reasonWords.has(first) && !isCase) return;
  if (negates(text) || (denialVerbs.has(first) && denies(text))) cursor.fail("words that deny the value");
  if (isGuess(text)) cursor.fail("words that make a guess of the value");
  if (isCounterfactual(text)) cursor.fail("words for another case");
  if (hasSeveralCases(tokens)) cursor.fail("several cases");
  const change = changeBy(text.replace(/^is /, ""));
  if (first === "at" && change !== null) cursor.fail(change);
  const name = wholeNumberOf(tokens, text);
  if (name !== null && isUsedBefore(cursor, name, tokens.length)) {
    const operands: readonly Expression[] = [
      { kind: "symbol", name },
      { kind: "namedSet", name: "integers" },
    ];
    cursor.declarations.push({ kind: "relation", operands, operators: ["in"] });
  } else cursor.conditions.push(tokens);
}

const denialVerbs: ReadonlySet<string> = new Set(["is", "are", "which"]);

/** "is too big", "is impossible": said of a value that is not the answer. */
function denies(text: string): boolean {
  return /\b(?:too|impossible|invalid|excluded|rejected|extraneous|inadmissible)\b/i.test(text);
}

/** "if n is even, 4 if n is odd": a second condition, with another value before it. */
function hasSeveralCases(tokens: readonly Token[]): boolean {
  const text = textsOf(tokens, "text").join(" ");
  if (text.split(/\bif\b/).length > 2) return true;
  return tokens.some(
    (token, index) =>
      index > 1 &&
      token.kind === "text" &&
      /^(?:if|for|when)\b/i.test(token.text) &&
      tokens.slice(1, index).some(isSeparator),
  );
}

function isSeparator({ kind, text }: Token): boolean {
  return kind === "sign" && [",", ";", "and", "or"].includes(text);
}

function textsOf(tokens: readonly Token[], kind: Token["kind"]): readonly string[] {
  return tokens.filter((token) => token.kind === kind).map(({ text }) => text);
}

/** The one letter that a remark calls any whole number, "k is an integer" or k \in \mathbb{Z}; null for another remark. */
function wholeNumberOf(tokens: readonly Token[], text: string): string | null {
  const letters = textsOf(tokens, "letter");
  const isWhole =
    /\bintegers?\b/.test(text) || (letters.includes("Z") && textsOf(tokens, "sign").includes("in"));
  if (!isWhole || isRestricted(text)) return null;
  const [name, ...others] = new Set([...letters.filter((letter) => letter !== "Z"), ...lettersAmong(text)]);
  return others.length === 0 ? (name ?? null) : null;
}

/** Single letters among words, the article aside. */
function lettersAmong(text: string): readonly string[] {
  return text.split(" ").filter((word) => word.length === 1 && word.toLowerCase() !== "a");
}

/** Whether a letter stands before the remark of `length` tokens that was just read. */
function isUsedBefore(cursor: Cursor, name: string, length: number): boolean {
  for (let count = length + 1; ; count++) {
    const token = cursor.previous(count);
    if (!token) return false;
    if (token.kind === "letter" && token.text === name) return true;
  }
}

/** "a positive integer", "an odd integer": not every whole number. */
function isRestricted(text: string): boolean {
  return /\b(?:positive|negative|non-?negative|even|odd|natural|greater|less|least|most|prime)\b/.test(text);
}
