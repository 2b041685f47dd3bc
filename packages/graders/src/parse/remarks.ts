/**
 * Remarks behind an answer ("for x > 0", "where k is an integer", "(since n is odd)"): taken off it. Those that say when it
 * holds are kept as conditions, which are compared where both answers have one (`compare/conditions.ts`); reasons are dropped.
 */
import type { Cursor } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import type { Token } from "./tokens.ts";
import { changeBy } from "./value-words.ts";
import { negates } from "./words.ts";

/** Words after an answer that begin what it depends on, or is said of it. */
const conditionWords = new Set(
  "where for when whenever if with such which is are so from at provided given assuming unless except".split(
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
export function isParenthesis(cursor: Cursor): boolean {
  const word = cursor.peek(1);
  return cursor.at("(") && word?.kind === "text" && /^[a-z]/.test(word.text);
}

/** Reads words in brackets: a unit or things, which are given back, or a remark (""). */
export function readParenthesis(cursor: Cursor): string {
  cursor.expect("(");
  const tokens: Token[] = [];
  for (let depth = 1; ; ) {
    const token = cursor.next();
    if (token.kind === "sign" && token.text === "(") depth++;
    if (token.kind === "sign" && token.text === ")" && --depth === 0) break;
    tokens.push(token);
  }
  const areWords = tokens.every(({ kind }) => kind === "text");
  if (areWords && !isRemark(tokens[0])) return textsOf(tokens, "text").join(" ");
  readRemark(cursor, tokens);
  return "";
}

/**
 * A remark is taken off unless it takes back what it is said of ("is not the answer"), makes it another value ("is at most") or
 * is one of several cases. What it says of a whole number ("where k is an integer") is kept as a declaration.
 */
function readRemark(cursor: Cursor, tokens: readonly Token[]): void {
  const [first] = tokens;
  const text = textsOf(tokens, "text").join(" ");
  if (first?.kind === "text" && reasonWords.has(firstWord(first.text))) return;
  if (negates(text)) cursor.fail("words that deny the value");
  if (hasSeveralCases(tokens)) cursor.fail("several cases");
  const change = changeBy(text.replace(/^is /, ""));
  if (first?.kind === "text" && /^at\b/.test(first.text) && change !== null) cursor.fail(change);
  const name = wholeNumberOf(tokens, text);
  if (name !== null && isUsedBefore(cursor, name, tokens.length)) {
    const operands: readonly Expression[] = [
      { kind: "symbol", name },
      { kind: "namedSet", name: "integers" },
    ];
    cursor.declarations.push({ kind: "relation", operands, operators: ["in"] });
  } else cursor.conditions.push(tokens);
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
