/** Names with arguments: f(x), f^{-1}(x), P(X > 2) = ... */
import { parseSum } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import { printTokens, type Token } from "./tokens.ts";

/**
 * f(x): letters that are used as names of functions, and any letter in W(n) = ..., P(A) = ...
 * Elsewhere a letter before a bracket is a factor.
 */
export function isApplication(cursor: Cursor): boolean {
  if (isEvent(cursor)) return true;
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
  if (isEvent(cursor)) return parseEvent(cursor, name);
  return cursor.nested(() => {
    cursor.expect("(");
    const args = [parseSum(cursor)];
    while (cursor.accept(",")) args.push(parseSum(cursor));
    cursor.expect(")");
    return { kind: "apply", name, args };
  });
}

/** Tokens in the brackets of an event, at most. */
const longestEvent = 40;

/** P(X = 2) = ..., E[X] = ...: a probability or an expectation that names the value behind the sign. */
function isEvent(cursor: Cursor): boolean {
  const isBlackboard = cursor.previous(4)?.text === "mathbb" && cursor.previous(3)?.text === "{";
  const name = cursor.previous(isBlackboard ? 2 : 1);
  const isName = name?.kind === "letter" && /^(?:P|E|\\Pr)$/.test(name.text);
  const close = isName ? closingOffset(cursor) : 0;
  return close > 1 && (cursor.at("=", close + 1) || cursor.at("~", close + 1));
}

/** Where the bracket that opens here closes, counted in tokens; 0 where it does not within an event's length. */
function closingOffset(cursor: Cursor): number {
  if (!cursor.at("(") && !cursor.at("[")) return 0;
  let depth = 0;
  for (let offset = 0; offset <= longestEvent; offset++) {
    if (cursor.at("(", offset) || cursor.at("[", offset)) depth++;
    else if ((cursor.at(")", offset) || cursor.at("]", offset)) && --depth === 0) return offset;
  }
  return 0;
}

/** What stands in the brackets is a name as it is written. */
function parseEvent(cursor: Cursor, name: string): Expression {
  const tokens: Token[] = [];
  for (let count = closingOffset(cursor); count >= 0; count--) tokens.push(cursor.next());
  return { kind: "apply", name, args: [{ kind: "text", text: printTokens(tokens.slice(1, -1)) }] };
}

/** f^{-1}(x): the inverse of a function, where an argument stands behind it. */
export function isInverse(cursor: Cursor): boolean {
  const name = cursor.previous();
  const isFunction = name?.kind === "letter" && /^[fghFGH]$/.test(name.text);
  return isFunction && ["^", "{", "-"].every((sign, at) => cursor.at(sign, at)) && isOneInBraces(cursor);
}

function isOneInBraces(cursor: Cursor): boolean {
  return cursor.peek(3)?.text === "1" && cursor.at("}", 4) && cursor.at("(", 5);
}

export function parseInverse(cursor: Cursor, name: string): Expression {
  for (let count = 5; count > 0; count--) cursor.next();
  return parseApplication(cursor, `${name}^{-1}`);
}
