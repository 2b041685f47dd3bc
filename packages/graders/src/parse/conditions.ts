/** Conditions in signs, as relations: "for x > 2", "(x > 0)", "if a > 2, b > 3". Those in words are left as words. */
import type { Work } from "../work.ts";
import { type Cursor, createCursor, ParseFailure, usualReading } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import { parseGroups } from "./statements.ts";
import type { Token } from "./tokens.ts";

/** Words that only lead to a condition. */
const leads: ReadonlySet<string> = new Set(
  (
    "where for when whenever if with such that only provided given assuming and then it holds all any every each some real number " +
    "numbers value values constant at is so"
  ).split(" "),
);

/** What the tokens of a condition say, as relations; null where they need words to say it. */
export function relationsOf(tokens: readonly Token[], work: Work): readonly Expression[] | null {
  const rest = tokens.filter((token) => !isLead(token));
  if (rest.length === 0 || rest.some(({ kind }) => kind === "text")) return null;
  const cursor = createCursor(rest, usualReading, work);
  try {
    const read = parseGroups(cursor);
    while (cursor.accept(".") || cursor.accept("}")) {
      // What stood around the condition.
    }
    if (cursor.peek()) return null;
    const items = read.kind === "list" || read.kind === "bracketed" ? read.items : [read];
    return items.every(({ kind }) => kind === "relation") ? items : null;
  } catch (error) {
    if (error instanceof ParseFailure) return null;
    throw error;
  }
}

function isLead(token: Token): boolean {
  if (token.kind === "letter") return token.text === "\\forall";
  if (token.kind !== "text") return false;
  return token.text
    .toLowerCase()
    .split(/[\s,.:]+/)
    .every((word) => word === "" || leads.has(word));
}

const signs: ReadonlySet<string> = new Set(["<", "<=", ">", ">=", "!=", "="]);
/** Tokens that are looked ahead in brackets. */
const longest = 40;

/**
 * The length of a relation in brackets after a value, "(x > 0)", which is no factor of it; 0 for anything else. After a capital
 * letter it is an event: P(X > 2).
 */
export function bracketedCondition(cursor: Cursor): number {
  const before = cursor.previous();
  const isEvent = before?.kind === "letter" && /^[A-Zfgh]/.test(before.text);
  if (!cursor.at("(") || (isEvent && !cursor.peek()?.spaced)) return 0;
  let depth = 0;
  let hasSign = false;
  for (let length = 0; length < longest; length++) {
    const token = cursor.peek(length);
    if (!token) return 0;
    if (token.kind !== "sign") continue;
    if (token.text === "(") depth++;
    if (token.text === ")" && --depth === 0) return hasSign ? length + 1 : 0;
    hasSign ||= depth === 1 && signs.has(token.text);
  }
  return 0;
}
