/** Remarks behind an answer ("for x > 0", "where k is an integer"): read, and dropped where they take nothing back. */
import type { Cursor } from "./cursor.ts";
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

/** A remark is dropped unless it takes back what it stands behind ("is not the answer") or is one of several cases. */
export function skipRemark(cursor: Cursor): void {
  const words: string[] = [];
  while (cursor.peek()) {
    const token = cursor.next();
    if (token.kind === "text") words.push(token.text);
    if (token.kind === "sign" && token.text === "\\\\" && cursor.peek()) cursor.fail("several cases");
  }
  const text = words.join(" ");
  if (negates(text)) cursor.fail("words that deny the value");
  if (text.split(/\bif\b/).length > 2) cursor.fail("several cases");
}
