/**
 * Primaries: numerals, names, brackets, fractions, roots, functions, sums with bounds, matrices.
 * One function per form; `parsePrimary` chooses by the first token.
 */
import { integer } from "../algebra/rational.ts";
import { parseFactor, parseSignedFactor, parseSum } from "./arithmetic.ts";
import {
  bracketed,
  parseBars,
  parseBraces,
  parseBrackets,
  parseMatrix,
  parseOutwardInterval,
  parseRounding,
  parseSet,
} from "./brackets.ts";
import { parseScriptsFirst } from "./combinations.ts";
import type { Cursor } from "./cursor.ts";
import type { DerivedFunction } from "./derived-functions.ts";
import {
  type ConstantName,
  call,
  type Expression,
  minusOneNode,
  type NamedSet,
  numberNode,
  productOf,
  quotient,
  rootOf,
  twoNode,
} from "./expression.ts";
import { parseArgument, parseDerived, parseFunction, parseRepeated } from "./functions.ts";
import { parseNumbersInWords } from "./numbers-in-words.ts";
import type { Token } from "./tokens.ts";
import { isUnitWord } from "./units.ts";
import { derivedFunctionWords, numberSets } from "./vocabulary.ts";
import { isLeadIn } from "./words.ts";

export function parsePrimary(cursor: Cursor): Expression {
  return cursor.deeper(() => parseToken(cursor, cursor.next()));
}

function parseToken(cursor: Cursor, token: Token): Expression {
  switch (token.kind) {
    case "number":
      return token.significantDigits === undefined
        ? numberNode(token.value)
        : { kind: "number", value: token.value, significantDigits: token.significantDigits };
    case "letter":
      return letterNode(token.text);
    case "constant":
      return { kind: "constant", name: token.text as ConstantName };
    case "namedSet":
      return { kind: "namedSet", name: token.text as NamedSet };
    case "function":
      // \min = 5
      if (cursor.at("=")) return { kind: "symbol", name: token.text };
      return parseFunction(cursor, token.text);
    case "text":
      return parseText(cursor, token.text);
    case "sign":
      return parseSignPrimary(cursor, token.text);
    case "unknown":
      return cursor.fail(`unknown sign ${token.text}`);
    default:
      return token satisfies never;
  }
}

export function letterNode(name: string): Expression {
  if (name === "e" || name === "i") return { kind: "constant", name };
  return { kind: "symbol", name };
}

function parseSignPrimary(cursor: Cursor, sign: string): Expression {
  switch (sign) {
    case "(":
    case "[":
    case "⟨":
      return cursor.nested(() => parseBrackets(cursor, sign));
    case "]":
      return cursor.nested(() => parseOutwardInterval(cursor));
    case "{":
      return cursor.nested(() => parseBraces(cursor));
    case "\\{":
      return cursor.nested(() => parseSet(cursor));
    case "^":
    case "_":
      return parseScriptsFirst(cursor);
    case "|":
    case "‖":
      return parseBars(cursor, sign);
    case "⌊":
      return parseRounding(cursor, "floor", "⌋");
    case "⌈":
      return parseRounding(cursor, "ceil", "⌉");
    case "frac":
      return quotient(parseArgument(cursor), parseArgument(cursor));
    case "binom":
      return call("binomial", parseArgument(cursor), parseArgument(cursor));
    case "sqrt":
      return parseRoot(cursor, cursor.options.isRootGreedy);
    case "surd":
      return parseRoot(cursor, true);
    case "...":
      return { kind: "text", text: "..." };
    case "conjugate":
      return call("conjugate", parsePrimary(cursor));
    case "cuberoot":
      return rootOf(parseArgument(cursor, true), numberNode(integer(3)));
    case "sum":
    case "prod":
    case "int":
    case "lim":
      return parseRepeated(cursor, sign);
    case "mathbb":
      return parseBlackboard(cursor);
    case "\\$":
      return { kind: "quantity", value: parseSignedFactor(cursor), unit: "dollar" };
    default:
      if (derivedFunctionWords.has(sign))
        return parseDerived(cursor, derivedFunctionWords.get(sign) as DerivedFunction);
      if (sign.startsWith("begin:")) return cursor.nested(() => parseMatrix(cursor, sign.slice(6)));
      return cursor.fail(`unexpected ${sign}`);
  }
}

/** Words: a currency before its number, a numeral with letter digits, or text. */
function parseText(cursor: Cursor, first: string): Expression {
  const isCurrency = isUnitWord(first) && cursor.peek()?.kind === "number";
  if (isCurrency) return { kind: "quantity", value: parseFactor(cursor), unit: first };
  const words = [first];
  while (cursor.peek()?.kind === "text") words.push(cursor.next().text);
  if (isNameOfOne(cursor, words)) words.push(cursor.next().text);
  const text = words.join(" ");
  return parseNumbersInWords(cursor, text) ?? { kind: "text", text };
}

/** player A: words and a capital letter, and nothing behind them. */
function isNameOfOne(cursor: Cursor, words: readonly string[]): boolean {
  const letter = cursor.peek();
  const isCapital = letter?.kind === "letter" && /^[A-Z]$/.test(letter.text);
  return isCapital && letter.spaced && cursor.peek(1) === undefined && !isLeadIn(words.join(" "));
}

function parseRoot(cursor: Cursor, isGreedy: boolean): Expression {
  let degree: Expression = twoNode;
  if (cursor.at("[")) {
    cursor.next();
    degree = cursor.nested(() => parseSum(cursor));
    cursor.expect("]");
  }
  const token = cursor.peek();
  if (token?.kind === "number" && token.text.length > 1) cursor.flags.root = true;
  return rootOf(parseArgument(cursor, isGreedy), degree);
}

function parseBlackboard(cursor: Cursor): Expression {
  const isBraced = cursor.accept("{");
  const letter = cursor.next().text;
  const name = numberSets.get(letter);
  if (isBraced) cursor.expect("}");
  // The expectation and the probability.
  if (letter === "E" || letter === "P") return { kind: "symbol", name: letter };
  if (name === undefined) return cursor.fail("unknown set");
  return parseHalf(cursor, name as NamedSet) ?? { kind: "namedSet", name: name as NamedSet };
}

/** The sign behind R^+, R_{>0}, Z^-: that half of the set; null where there is none. */
function parseHalf(cursor: Cursor, name: NamedSet): Expression | null {
  if (!cursor.at("^") && !cursor.at("_")) return null;
  const isBraced = cursor.at("{", 1);
  const at = isBraced ? 2 : 1;
  const sign = cursor.peek(at)?.text ?? "";
  const isBound = cursor.peek(at + 1)?.text === "0";
  const known = ["+", "-", "*"].includes(sign) || (isBound && [">", ">=", "<", "<="].includes(sign));
  if (!known) return null;
  for (let count = at + 1 + (isBound ? 1 : 0) + (isBraced ? 1 : 0); count > 0; count--) cursor.next();
  const zero = numberNode(integer(0));
  const infinity: Expression = { kind: "constant", name: "infinity" };
  if (name === "naturals" && (sign === "*" || sign === "+" || sign === ">"))
    return { kind: "namedSet", name: "positiveIntegers" };
  if (sign === "*") {
    // Without zero.
    const operands: Expression[] = [
      { kind: "namedSet", name },
      { kind: "set", items: [zero] },
    ];
    return { kind: "setOperation", operator: "difference", operands };
  }
  const isPositive = sign === "+" || sign.startsWith(">");
  if (name === "reals") {
    return isPositive
      ? bracketed(sign === ">=" ? "[" : "(", ")", [zero, infinity])
      : bracketed("(", sign === "<=" ? "]" : ")", [productOf([minusOneNode, infinity]), zero]);
  }
  if (name === "integers" && (sign === "+" || sign === ">"))
    return { kind: "namedSet", name: "positiveIntegers" };
  return { kind: "symbol", name: `${name}${sign}` };
}
