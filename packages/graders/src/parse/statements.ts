/**
 * The outer grammar of an answer: what stands between commas, relation signs and set operators.
 *
 *   answer   := group (";" group)*
 *   group    := relation (("," | "and" | "or") relation)*
 *   relation := quantity (("=" | "<" | "in" | ...) quantity)*
 *   quantity := sets [unit]
 *   sets     := ratio (("∪" | "∩" | "∖") ratio)*
 *   ratio    := sum (":" sum)*                         sum: see arithmetic.ts
 */
import { compareRational, integer, isInteger, multiplyRational, powerRational } from "../algebra/rational.ts";
import { limits } from "../work.ts";
import { parseBaseWords, parseSum } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import {
  type Expression,
  type Joiner,
  numberNode,
  productOf,
  type RelationOperator,
  type SetOperator,
  sumOf,
} from "./expression.ts";
import type { Token } from "./tokens.ts";
import { isUnitWord, measureOf } from "./units.ts";
import { isApproximately, negates } from "./words.ts";

const relationSigns = new Map<string, RelationOperator>(
  Object.entries({
    "=": "=",
    "~": "approximately",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    in: "in",
    "not in": "not in",
    subset: "subset",
    congruent: "congruent",
    "=>": "arrow",
  } satisfies Record<string, RelationOperator>),
);

const setSigns = new Map<string, SetOperator>([
  ["∪", "union"],
  ["∩", "intersection"],
  ["∖", "difference"],
]);

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

/** A whole answer: up to the end of the tokens. */
export function parseAnswer(cursor: Cursor): Expression {
  const answer = parseGroups(cursor);
  while (cursor.accept("}") || cursor.accept("\\\\")) {
    // Leftovers of an outer group.
  }
  if (cursor.peek()) cursor.fail("unexpected rest");
  return answer;
}

/** Groups between semicolons or line ends; the commas bind tighter. Stops before a closing sign. */
export function parseGroups(cursor: Cursor): Expression {
  const groups = [parseCommaList(cursor)];
  while (cursor.accept(";") || (cursor.at("\\\\") && canContinue(cursor.peek(1)) && cursor.accept("\\\\"))) {
    if (!canContinue(cursor.peek())) break;
    groups.push(parseCommaList(cursor));
  }
  return groups.length === 1
    ? (groups[0] as Expression)
    : { kind: "list", items: groups, joiner: "semicolon" };
}

function parseCommaList(cursor: Cursor): Expression {
  const items = [parseRelation(cursor)];
  let joiner: Joiner = "comma";
  const starts = [0];
  for (;;) {
    const separator = parseSeparator(cursor);
    if (separator === null) break;
    if (!canContinue(cursor.peek())) break;
    if (isRemark(cursor.peek())) {
      skipRemark(cursor);
      break;
    }
    if (separator !== "comma") {
      joiner = separator;
      starts.push(items.length);
    }
    items.push(parseRelation(cursor));
  }
  const groups = groupsAt(items, starts);
  if (groups) return { kind: "list", items: groups, joiner: "semicolon" };
  return items.length === 1
    ? (items[0] as Expression)
    : { kind: "list", items: withoutEllipsis(items), joiner };
}

/** "x = 1, y = 2 or x = 3, y = 4": the commas bind tighter than the word where every part says as many things. */
function groupsAt(items: readonly Expression[], starts: readonly number[]): readonly Expression[] | null {
  const size = items.length / starts.length;
  const isEven = starts.length > 1 && size > 1 && starts.every((start, index) => start === index * size);
  if (!isEven || !items.every((item) => item.kind === "relation" && item.operators[0] === "=")) return null;
  return starts.map((start) => ({ kind: "list", items: items.slice(start, start + size), joiner: "comma" }));
}

/** 1, 2, ..., 9: the items between, where whole numbers before and behind the dots give a step; else as written. */
function withoutEllipsis(items: readonly Expression[]): readonly Expression[] {
  const at = items.findIndex((item) => item.kind === "text" && item.text === "...");
  const wholes = [items[at - 2], items[at - 1], items[at + 1]].map((item) =>
    item?.kind === "number" && isInteger(item.value) ? item.value.numerator : null,
  );
  const [first, second, last] = wholes;
  if (at < 2 || first == null || second == null || last == null) return items;
  const step = second - first;
  const count = step === 0n ? 0n : (last - second) / step;
  if (step === 0n || count < 1n || count > BigInt(limits.items) || second + count * step !== last)
    return items;
  const between = Array.from({ length: Number(count) - 1 }, (_, index) =>
    numberNode(integer(second + step * BigInt(index + 1))),
  );
  return [...items.slice(0, at), ...between, ...items.slice(at + 1)];
}

/** One or more of "," "and" "or" \quad; null where none stands here. */
function parseSeparator(cursor: Cursor): Joiner | null {
  let found: Joiner | null = null;
  for (;;) {
    if (cursor.accept("and")) found = "and";
    else if (cursor.accept("or")) found = "or";
    else if (cursor.accept(",")) found ??= "comma";
    else if (cursor.at("quad") && (found !== null || isSeparatingSpace(cursor))) {
      cursor.next();
      found ??= "comma";
    } else if (cursor.accept("quad")) continue;
    else return found;
  }
}

/** A wide space separates two answers only where a new one can begin behind it. */
function isSeparatingSpace(cursor: Cursor): boolean {
  const behind = cursor.peek(1);
  return canContinue(behind) && behind?.kind !== "text";
}

function canContinue(token: Token | undefined): boolean {
  if (!token) return false;
  return (
    token.kind !== "sign" || !["}", "\\}", ")", "]", "|", "⟩", "\\\\", "&", "quad", "."].includes(token.text)
  );
}

function parseRelation(cursor: Cursor): Expression {
  // "= 5" and "approximately 8.24": the value alone.
  while (cursor.at("=") || cursor.at("~") || cursor.at("=>") || cursor.at("quad") || isHedgedValue(cursor)) {
    cursor.next();
  }
  const operands = [parseQuantity(cursor)];
  const operators: RelationOperator[] = [];
  for (;;) {
    const token = cursor.peek();
    const operator = token?.kind === "sign" ? relationSigns.get(token.text) : undefined;
    if (operator === undefined) break;
    cursor.next();
    while (cursor.at("=") || cursor.at("~")) cursor.next();
    operators.push(operator);
    operands.push(parseQuantity(cursor));
  }
  if (operators.length > 0) return { kind: "relation", operands, operators };
  return pointOf(operands[0] as Expression);
}

/** "about 5". */
function isHedgedValue(cursor: Cursor): boolean {
  const [words, value] = [cursor.peek(), cursor.peek(1)];
  return (
    words?.kind === "text" && isApproximately(words.text) && value !== undefined && value.kind !== "text"
  );
}

/** A(1, 2): a point and its name. */
function pointOf(x: Expression): Expression {
  if (x.kind !== "product" || x.factors.length !== 2) return x;
  const [name, point] = x.factors;
  const isPoint = name?.kind === "symbol" && /^[A-Z](?:_|'|$)/.test(name.name) && point?.kind === "bracketed";
  return isPoint && point.open === "(" && point.close === ")"
    ? { kind: "relation", operands: [name, point], operators: ["="] }
    : x;
}

/** A value and the unit or remark in words behind it. */
function parseQuantity(cursor: Cursor): Expression {
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

const scaleWords = new Map<string, number>([
  ["dozen", 12],
  ["hundred", 100],
  ["thousand", 1000],
  ["million", 1_000_000],
  ["billion", 1_000_000_000],
  ["trillion", 1_000_000_000_000],
]);

/** The words of a unit as one string ("cm^2", "miles per hour"); a remark is read and dropped. */
function parseUnit(cursor: Cursor): string {
  const words: string[] = [];
  for (;;) {
    while (cursor.at("quad") && cursor.peek(1)?.kind === "text") cursor.next();
    const token = cursor.peek();
    if (token?.kind === "text") {
      if (isRemark(token)) {
        skipRemark(cursor);
        break;
      }
      if (negates(token.text)) cursor.fail("words that deny the value");
      cursor.next();
      words.push(`${token.text}${parseUnitExponent(cursor)}`);
    } else if (words.length === 0 && isUnitFraction(cursor)) {
      words.push(...parseUnitFraction(cursor));
    } else if (isUnitLetter(cursor)) {
      cursor.next();
      words.push(`${token?.text}${parseUnitExponent(cursor)}`);
    } else if (words.length === 0 && cursor.accept("\\$")) words.push("dollar");
    else if (words.length > 0 && cursor.at("/") && isUnitToken(cursor.peek(1))) {
      cursor.next();
      words.push("/");
    } else break;
  }
  return words.join(" ");
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
  const number = cursor.peek(isBraced ? 2 : 1);
  if (number?.kind !== "number") return "";
  for (let count = isBraced ? 4 : 2; count > 0; count--) cursor.next();
  return `^${number.text}`;
}

function isUnitToken(token: Token | undefined): boolean {
  return token?.kind === "text" || (token?.kind === "letter" && isUnitWord(token.text));
}

/** Whether a single letter stands here as a unit: behind a space and a number, with nothing behind it. */
export function isUnitLetter(cursor: Cursor): boolean {
  const letter = cursor.peek();
  if (letter?.kind !== "letter" || !"mshgLlCF".includes(letter.text) || letter.text.length !== 1)
    return false;
  const before = cursor.previous();
  const isScale = letter.text === "C" || letter.text === "F";
  const isAfterDegree = before?.kind === "sign" && (before.text === "°" || cursor.previous(2)?.text === "°");
  if (isScale !== isAfterDegree) return false;
  const isAfterNumber = isScale || (before?.kind === "number" && letter.spaced);
  if (!isAfterNumber && !(before?.kind === "sign" && before.text === "/")) return false;
  let offset = 1;
  if (cursor.at("^", 1)) offset = cursor.at("{", 2) ? 5 : 3;
  const behind = cursor.peek(offset);
  const isEnd =
    behind === undefined || (behind.kind === "sign" && [",", "/", "}", "="].includes(behind.text));
  if (!isEnd) return false;
  cursor.flags.unit = true;
  return cursor.options.areLettersUnits;
}

function isRemark(token: Token | undefined): boolean {
  if (token?.kind !== "text") return false;
  return remarkWords.has((token.text.split(" ", 1)[0] as string).toLowerCase());
}

/** A remark is dropped unless it takes back what it stands behind ("is not the answer") or is one of several cases. */
function skipRemark(cursor: Cursor): void {
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

function parseSets(cursor: Cursor): Expression {
  let left = parseRatio(cursor);
  let count = 0;
  for (;;) {
    const token = cursor.peek();
    const isLetterUnion = token?.kind === "letter" && token.text === "U" && isUnionLetter(cursor);
    const operator =
      token?.kind === "sign" ? setSigns.get(token.text) : isLetterUnion ? ("union" as const) : undefined;
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
  return isClosed && (cursor.at("(", 1) || cursor.at("[", 1) || cursor.at("\\{", 1));
}

/** 3 to 2, between values. */
function acceptTo(cursor: Cursor, first: Expression): boolean {
  const [word, value] = [cursor.peek(), cursor.peek(1)];
  const isTo = word?.kind === "text" && word.text === "to" && value !== undefined && value.kind !== "text";
  if (!isTo || first.kind === "text") return false;
  cursor.next();
  return true;
}

/** 3:2; a text before the colon is a label, as in "Answer: 5". */
function parseRatio(cursor: Cursor): Expression {
  let first = parseSum(cursor);
  if (first.kind === "text" && !cursor.isColonSeparator && cursor.accept(":")) first = parseSum(cursor);
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
