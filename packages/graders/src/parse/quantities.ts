/**
 * What stands behind a value: a scale ("million"), a base, a unit in words or letters, smaller units, a remark.
 */
import { compareRational, integer, multiplyRational, powerRational } from "../algebra/rational.ts";
import { parseSum } from "./arithmetic.ts";
import { parseBaseWords } from "./base-numerals.ts";
import type { Cursor } from "./cursor.ts";
import { type Expression, numberNode, productOf, sumOf } from "./expression.ts";
import { scaleWords } from "./number-words.ts";
import { isParenthesis, isRemark, readParenthesis, skipRemark } from "./remarks.ts";
import { parseSets } from "./sets.ts";
import type { Token } from "./tokens.ts";
import { isUnitWord, measureOf } from "./units.ts";
import { changeBy, describes } from "./value-words.ts";
import { negates } from "./words.ts";

/** A value and the unit or remark in words after it, or before it: "a profit of 45 dollars". */
export function parseQuantity(cursor: Cursor): Expression {
  const description = takeDescription(cursor);
  if (description !== "") return { kind: "quantity", value: parseQuantity(cursor), unit: description };
  let value = parseSets(cursor);
  if (cursor.at("pmod") || cursor.at("bmod") || (cursor.at("(") && cursor.at("bmod", 1))) {
    const isBracketed = cursor.accept("(");
    cursor.next();
    const modulus = parseSum(cursor);
    if (isBracketed) cursor.expect(")");
    value = { kind: "call", name: "mod", args: [value, modulus] };
  }
  if (value.kind !== "text") value = parseScale(cursor, parseBaseWords(cursor, value));
  const unit = value.kind === "text" ? "" : parseUnit(cursor);
  if (unit === "") return value;
  return { kind: "quantity", value: parseSmallerUnits(cursor, value, unit), unit };
}

/** "a profit of" before a value: moves over it and gives its words; "" where there is none. */
function takeDescription(cursor: Cursor): string {
  let count = 0;
  while (cursor.peek(count)?.kind === "text") count++;
  const words = Array.from({ length: count }, (_, offset) => cursor.peek(offset)?.text).join(" ");
  const behind = cursor.peek(count);
  const isValue =
    behind?.kind === "number" ||
    (behind?.kind === "sign" && ["\\$", "-", "frac", "sqrt"].includes(behind.text));
  const about = words.slice(words.lastIndexOf(":") + 1).trim();
  const [, lead = "", description = about] = /^(.*\b(?:is|are|was|equals) )?(.+)$/i.exec(about) ?? [];
  if (!isValue || !describes(description) || negates(lead)) return "";
  for (; count > 0; count--) cursor.next();
  return description.replace(/ (?:of|by)$/i, "");
}

/** 2 hours 30 minutes, 5 ft 6 in: what follows in smaller units of the same kind, added in the first one. */
function parseSmallerUnits(cursor: Cursor, first: Expression, unit: string): Expression {
  const measure = measureOf(unit);
  const terms = [first];
  let smallest = measure?.factor;
  while (measure && smallest) {
    const offset = cursor.at("and") ? 1 : 0;
    const [number, word] = [cursor.peek(offset), cursor.peek(offset + 1)];
    const part = number?.kind === "number" && word?.kind === "text" ? measureOf(word.text) : null;
    const isSmaller =
      part && part.dimension === measure.dimension && compareRational(part.factor, smallest) < 0;
    const inverse = isSmaller ? powerRational(measure.factor, -1n) : null;
    const scale = isSmaller && inverse ? multiplyRational(part.factor, inverse) : null;
    if (number?.kind !== "number" || !isSmaller || !scale) break;
    for (let count = offset + 2; count > 0; count--) cursor.next();
    terms.push(productOf([numberNode(scale), numberNode(number.value)]));
    smallest = part.factor;
  }
  return sumOf(terms);
}

/** "2.5 million", "3 dozen": the word is a factor. */
function parseScale(cursor: Cursor, value: Expression): Expression {
  const token = cursor.peek();
  const [word = "", ...rest] = token?.kind === "text" ? token.text.split(" ") : [];
  const factor = scaleWords.get(word.toLowerCase());
  if (factor === undefined) return value;
  if (rest.length === 0) cursor.next();
  else cursor.replace({ kind: "text", text: rest.join(" "), spaced: true });
  return productOf([value, numberNode(integer(factor))]);
}

/** The words of a unit as one string ("cm^2", "miles per hour"); a remark is read and dropped. */
function parseUnit(cursor: Cursor): string {
  const words: string[] = [];
  for (;;) {
    while (cursor.at("quad") && (cursor.peek(1)?.kind === "text" || isParenthesis(cursor, 1))) cursor.next();
    const token = cursor.peek();
    if (token?.kind === "text" && isParenthesis(cursor)) {
      words.push(...readParenthesis(cursor));
      continue;
    }
    if (isRemark(token) && !isPlace(cursor)) {
      skipRemark(cursor);
      break;
    }
    if (token?.kind === "text") {
      if (isContrast(cursor)) {
        skipContrast(cursor);
        continue;
      }
      if (negates(token.text)) cursor.fail("words that deny the value");
      cursor.next();
      words.push(`${token.text}${parseUnitExponent(cursor)}`);
    } else if (isParenthesis(cursor)) {
      words.push(...readParenthesis(cursor));
    } else if (words.length === 0 && isUnitFraction(cursor)) {
      words.push(...parseUnitFraction(cursor));
    } else if (isUnitLetter(cursor)) {
      const letters = Array.from({ length: unitLetters(cursor) }, () => cursor.next().text).join("");
      words.push(`${letters}${parseUnitExponent(cursor)}`);
    } else if (words.length === 0 && cursor.accept("\\$")) words.push("dollar");
    else if (
      cursor.at("/") &&
      (words.length > 0 ? isUnitToken(cursor.peek(1)) : cursor.peek(1)?.kind === "text")
    ) {
      cursor.next();
      words.push("/");
    } else if (words.length > 0 && cursor.at("*") && isUnitText(cursor.peek(1))) cursor.next();
    else break;
  }
  const unit = words.join(" ");
  const change = unit === "" ? null : changeBy(unit);
  return change === null ? unit : cursor.fail(change);
}

/** "3 from the left", "5 for": words alone, which say what is counted and not when it holds. */
function isPlace(cursor: Cursor): boolean {
  const word = cursor.peek()?.text.split(" ", 1)[0]?.toLowerCase();
  if (word !== "from" && word !== "for") return false;
  let count = 0;
  while (cursor.peek(count)?.kind === "text") count++;
  return (
    cursor.peek(count) === undefined && (word === "from" || (count === 1 && cursor.peek()?.text === "for"))
  );
}

/** "not 12", "rather than 12" after a value: what it is told apart from. */
export function isContrast(cursor: Cursor): boolean {
  const [word, value] = [cursor.peek(), cursor.peek(1)];
  const isWord =
    word?.kind === "text" && /^\(?(?:and |but )?(?:not|rather than|instead of)$/i.test(word.text);
  return isWord && value?.kind === "number";
}

export function skipContrast(cursor: Cursor): void {
  const isBracketed = cursor.next().text.startsWith("(");
  parseSets(cursor);
  if (isBracketed) cursor.expect(")");
}

/** 5 \frac{\text{m}}{\text{s}}: a fraction of units behind a value. */
export function isUnitFraction(cursor: Cursor): boolean {
  const word = cursor.peek(2);
  return cursor.at("frac") && cursor.at("{", 1) && word?.kind === "text" && isUnitWord(word.text);
}

function parseUnitFraction(cursor: Cursor): string[] {
  cursor.next();
  const words: string[] = [];
  for (const part of ["above", "below"]) {
    cursor.expect("{");
    words.push(...(part === "below" ? ["/"] : []), parseUnit(cursor));
    cursor.expect("}");
  }
  return words;
}

function parseUnitExponent(cursor: Cursor): string {
  if (!cursor.at("^")) return "";
  const isBraced = cursor.at("{", 1);
  const at = isBraced ? 2 : 1;
  const sign = cursor.at("-", at) ? "-" : "";
  const number = cursor.peek(at + sign.length);
  if (number?.kind !== "number") return "";
  for (let count = at + sign.length + (isBraced ? 2 : 1); count > 0; count--) cursor.next();
  return `^${sign}${number.text}`;
}

function isUnitText(token: Token | undefined): boolean {
  return token?.kind === "text" && measureOf(token.text) !== null;
}

function isUnitToken(token: Token | undefined): boolean {
  return token?.kind === "text" || (token?.kind === "letter" && isUnitWord(token.text));
}

/** Whether letters stand here as a unit, in the reading in which letters may be units. */
export function isUnitLetter(cursor: Cursor): boolean {
  if (unitLetters(cursor) === 0) return false;
  cursor.flags.unit = true;
  return cursor.options.areLettersUnits;
}

/** How many letters from here on spell a unit with nothing behind it; 0 for none. */
function unitLetters(cursor: Cursor): number {
  const count = isUnitInitial(cursor) ? 1 : spelledUnit(cursor);
  let offset = count;
  if (cursor.at("^", offset)) offset += cursor.at("{", offset + 1) ? 4 : 2;
  const [behind, word] = [cursor.peek(offset), cursor.peek(offset + 1)];
  // 1 h 15 min
  const isSmallerNext = behind?.kind === "number" && behind.spaced && word?.kind === "text";
  const isEnd =
    behind === undefined || (behind.kind === "sign" && [",", "/", "}", "="].includes(behind.text));
  return isEnd || isSmallerNext ? count : 0;
}

/** 5 m, km/h, 18°C: one letter behind a number and a space, behind a slash, or behind a degree sign. */
function isUnitInitial(cursor: Cursor): boolean {
  const letter = cursor.peek();
  if (letter?.kind !== "letter" || !"mshgLlCF".includes(letter.text) || letter.text.length !== 1)
    return false;
  const behind = cursor.peek(1);
  if (behind?.kind === "letter" && !behind.spaced) return false;
  const before = cursor.previous();
  const isScale = letter.text === "C" || letter.text === "F";
  const isAfterDegree = before?.kind === "sign" && (before.text === "°" || cursor.previous(2)?.text === "°");
  if (isScale !== isAfterDegree) return false;
  const isAfterNumber = isScale || (before?.kind === "number" && letter.spaced);
  return isAfterNumber || (before?.kind === "sign" && before.text === "/");
}

/** \frac{41}{12} km, 5\pi cm, 60 km/hr: several letters behind a closed value and a space, or behind a slash; 0 for none. */
function spelledUnit(cursor: Cursor): number {
  const [first, before] = [cursor.peek(), cursor.previous()];
  const isClosed =
    before?.kind === "constant" || (before?.kind === "sign" && [")", "}"].includes(before.text));
  const isDivisor = before?.kind === "sign" && before.text === "/";
  if (first?.kind !== "letter" || !(isDivisor || (isClosed && first.spaced))) return 0;
  let letters = "";
  let count = 0;
  for (;;) {
    const token = cursor.peek(count);
    if (token?.kind !== "letter" || (count > 0 && token.spaced)) break;
    letters += token.text;
    count++;
  }
  return count > 1 && isUnitWord(letters) ? count : 0;
}
