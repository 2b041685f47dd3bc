/**
 * Set operations and ratios, between a sum and a quantity.
 *
 *   sets  := ratio (("∪" | "∩" | "∖") ratio)*
 *   ratio := sum ((":" | "to") sum)*
 */
import { limits } from "../work.ts";
import { parseSum } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import type { Expression, SetOperator } from "./expression.ts";

const setSigns = new Map<string, SetOperator>([
  ["∪", "union"],
  ["∩", "intersection"],
  ["∖", "difference"],
]);

export function parseSets(cursor: Cursor): Expression {
  let left = parseRatio(cursor);
  let count = 0;
  for (;;) {
    const token = cursor.peek();
    const operator =
      token?.kind === "sign"
        ? setSigns.get(token.text)
        : isUnionLetter(cursor)
          ? ("union" as const)
          : undefined;
    if (operator === undefined) return left;
    cursor.next();
    const right = parseRatio(cursor);
    if (++count > limits.items) return cursor.fail(`more than ${limits.items} set operations`);
    left = { kind: "setOperation", operator, operands: [left, right] };
  }
}

/** (1,2) U (3,4): the letter between two brackets. */
export function isUnionLetter(cursor: Cursor): boolean {
  const before = cursor.previous();
  const isClosed = before?.kind === "sign" && [")", "]", "\\}"].includes(before.text);
  const isUnion = isClosed && cursor.peek()?.kind === "letter" && cursor.peek()?.text === "U";
  return isUnion && (cursor.at("(", 1) || cursor.at("[", 1) || cursor.at("\\{", 1));
}

/** 3 to 2, between values. */
function acceptTo(cursor: Cursor, first: Expression): boolean {
  const [word, value] = [cursor.peek(), cursor.peek(1)];
  const isTo = word?.kind === "text" && word.text === "to" && value !== undefined && value.kind !== "text";
  if (!isTo || first.kind === "text") return false;
  cursor.next();
  return true;
}

/** 3:2. */
function parseRatio(cursor: Cursor): Expression {
  const first = parseSum(cursor);
  const parts = [first];
  let isTime = false;
  while (!cursor.isColonSeparator && (cursor.accept(":") || acceptTo(cursor, first))) {
    const token = cursor.peek();
    isTime ||= token?.kind === "number" && /^0\d$/.test(token.text);
    parts.push(parseSum(cursor));
  }
  if (parts.length === 1) return parts[0] as Expression;
  return isTime ? { kind: "ratio", parts, isTime } : { kind: "ratio", parts };
}
