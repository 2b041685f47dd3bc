/** Numerals with a base (204_5, 2A_{16}, "4210 base 5"), and the subscripts that names have instead. */
import { isInteger, rational } from "../algebra/rational.ts";
import type { Cursor } from "./cursor.ts";
import type { Expression } from "./expression.ts";
import type { Token } from "./tokens.ts";
import { baseOf } from "./words.ts";

/** A numeral with a base (204_5), or a name with an index (a_1). */
export function parseSubscript(cursor: Cursor, value: Expression): Expression {
  const written = cursor.previous(2);
  const tokens: Token[] = [];
  if (cursor.accept("{")) {
    let depth = 1;
    for (;;) {
      const token = cursor.next();
      if (token.kind === "sign" && token.text === "{") depth++;
      if (token.kind === "sign" && token.text === "}" && --depth === 0) break;
      tokens.push(token);
    }
  } else tokens.push(cursor.next());
  // 1011_{(2)}
  if (tokens.length === 3 && tokens[0]?.text === "(" && tokens[2]?.text === ")")
    tokens.splice(0, 3, tokens[1] as Token);
  const digits = baseDigits(value, written);
  const named = tokens.every(({ kind }) => kind === "text" || kind === "number")
    ? baseOf(tokens.map(({ text }) => text).join(" "))
    : null;
  if (digits !== null && named !== null) return baseNumeral(cursor, digits, named);
  if (digits !== null && tokens.every((token) => token.kind === "text")) return value;
  if (value.kind !== "symbol" && value.kind !== "text") return cursor.fail("a subscript on a value");
  const index = tokens.map((token) => token.text).join("");
  const name = value.kind === "symbol" ? value.name : value.text;
  return { kind: "symbol", name: `${name}_{${index}}` };
}

/** The digits of a numeral that can have a base (with a point, where it has one), or null. */
function baseDigits(value: Expression, written: Token | undefined): string | null {
  if (value.kind === "text") return /^[0-9A-Z]+$/.test(value.text) ? value.text : null;
  if (value.kind !== "number") return null;
  if (written?.kind === "number" && /^\d*\.\d+$/.test(written.text)) return written.text;
  return isInteger(value.value) && value.value.numerator >= 0n ? value.value.numerator.toString() : null;
}

/** 4210 base 5: the words behind a numeral. */
export function parseBaseWords(cursor: Cursor, value: Expression): Expression {
  const [words, number] = [cursor.peek(), cursor.peek(1)];
  if (value.kind !== "number" || words?.kind !== "text" || !/^\(?(?:in )?base\b/i.test(words.text))
    return value;
  const digits = baseDigits(value, undefined);
  const isApart = baseOf(words.text) === null && number?.kind === "number";
  const base = baseOf(isApart ? `${words.text} ${number.text}` : words.text);
  if (digits === null || base === null) return value;
  for (let count = isApart ? 2 : 1; count > 0; count--) cursor.next();
  return baseNumeral(cursor, digits, base);
}

/** Tokens that are looked ahead for a numeral with letters: a run of letters must not cost its square. */
const mostLetters = 40;

/** 2A_{16}: the capital letters behind a numeral that are digits of a base, or null. */
export function parseLetterDigits(cursor: Cursor, value: Expression): Expression | null {
  const written = cursor.previous();
  if (value.kind !== "number" || written?.kind !== "number" || !/^\d+$/.test(written.text)) return null;
  let digits = written.text;
  let offset = 0;
  for (; offset < mostLetters; offset++) {
    const token = cursor.peek(offset);
    const isDigits = token && !token.spaced && token.kind !== "sign" && /^[0-9A-Z]+$/.test(token.text);
    if (!isDigits) break;
    digits += token.text;
  }
  const isBraced = cursor.at("{", offset + 1);
  const base = cursor.peek(offset + (isBraced ? 2 : 1));
  if (offset === 0 || !cursor.at("_", offset) || base?.kind !== "number" || !/^\d\d$/.test(base.text))
    return null;
  for (let count = offset + (isBraced ? 4 : 2); count > 0; count--) cursor.next();
  return baseNumeral(cursor, digits, Number(base.text));
}

/** FF_{16}, A5_{16}: capital letters first, in base 16 only, since A_{12} is the twelfth A; or null. */
export function parseLetterNumeral(cursor: Cursor): Expression | null {
  const first = cursor.peek();
  if (first?.kind !== "letter" || !/^[A-F]$/.test(first.text)) return null;
  let digits = "";
  let count = 0;
  while (count < mostLetters) {
    const token = cursor.peek(count);
    const isDigits =
      token && (count === 0 || !token.spaced) && token.kind !== "sign" && /^[0-9A-F]+$/.test(token.text);
    if (!isDigits) break;
    digits += token.text;
    count++;
  }
  const isBraced = cursor.at("{", count + 1);
  const base = cursor.peek(count + (isBraced ? 2 : 1));
  if (count < 2 || !cursor.at("_", count) || base?.kind !== "number" || base.text !== "16") return null;
  for (let rest = count + (isBraced ? 4 : 2); rest > 0; rest--) cursor.next();
  return baseNumeral(cursor, digits, 16);
}

function baseNumeral(cursor: Cursor, digits: string, base: number): Expression {
  if (!(base >= 2 && base <= 36)) return cursor.fail("not a numeral base");
  const [whole = "", decimals = ""] = digits.split(".");
  let value = 0n;
  for (const digit of whole + decimals) {
    const worth = Number.parseInt(digit, 36);
    if (worth >= base) return cursor.fail(`digit ${digit} in base ${base}`);
    value = value * BigInt(base) + BigInt(worth);
  }
  const exact = rational(value, BigInt(base) ** BigInt(decimals.length));
  return exact ? { kind: "baseNumeral", digits, base, value: exact } : cursor.fail("not a numeral");
}
