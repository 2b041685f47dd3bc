/** Names with arguments: f(x), P(A) = ... */
import { parseSum } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import type { Expression } from "./expression.ts";

/**
 * f(x): letters that are used as names of functions, and any letter in W(n) = ..., P(A) = ...
 * Elsewhere a letter before a bracket is a factor.
 */
export function isApplication(cursor: Cursor): boolean {
  if (!cursor.at("(")) return false;
  const name = cursor.previous();
  const open = cursor.peek();
  if (open?.spaced && name?.kind !== "letter") return false;
  if (name?.kind === "letter" && /^[fghFGH]$/.test(name.text)) return true;
  let offset = 1;
  for (;;) {
    const argument = cursor.peek(offset);
    if (argument?.kind !== "letter" && argument?.kind !== "number") return false;
    if (cursor.at(")", offset + 1)) return cursor.at("=", offset + 2);
    if (!cursor.at(",", offset + 1)) return false;
    offset += 2;
  }
}

export function parseApplication(cursor: Cursor, name: string): Expression {
  return cursor.nested(() => {
    cursor.expect("(");
    const args = [parseSum(cursor)];
    while (cursor.accept(",")) args.push(parseSum(cursor));
    cursor.expect(")");
    return { kind: "apply", name, args };
  });
}
