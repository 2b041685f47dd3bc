/** Remarks behind an answer ("for x > 0", "where k is an integer"): read, and dropped where they take nothing back. */
import type { Cursor } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import type { Token } from "./tokens.ts";
import { negates } from "./words.ts";

/** Words after an answer that begin a remark about it. */
const remarkWords = new Set([
  ...[
    "where",
    "for",
    "when",
    "if",
    "with",
    "such",
    "because",
    "since",
    "as",
    "which",
    "is",
    "are",
    "so",
    "from",
  ],
]);

/** Whether a remark begins with this token. */
export function isRemark(token: Token | undefined): boolean {
  if (token?.kind !== "text") return false;
  return remarkWords.has((token.text.split(" ", 1)[0] as string).toLowerCase());
}

/**
 * A remark is dropped unless it takes back what it stands behind ("is not the answer") or is one of several cases. What it says
 * of a whole number ("where k is an integer") is kept as a declaration.
 */
export function skipRemark(cursor: Cursor): void {
  const tokens: Token[] = [];
  while (cursor.peek()) {
    const token = cursor.next();
    tokens.push(token);
    if (token.kind === "sign" && token.text === "\\\\" && cursor.peek()) cursor.fail("several cases");
  }
  const text = textsOf(tokens, "text").join(" ");
  if (negates(text)) cursor.fail("words that deny the value");
  if (text.split(/\bif\b/).length > 2) cursor.fail("several cases");
  const name = wholeNumberOf(tokens, text);
  if (name !== null && isUsedBefore(cursor, name, tokens.length)) {
    const operands: readonly Expression[] = [
      { kind: "symbol", name },
      { kind: "namedSet", name: "integers" },
    ];
    cursor.declarations.push({ kind: "relation", operands, operators: ["in"] });
  }
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
