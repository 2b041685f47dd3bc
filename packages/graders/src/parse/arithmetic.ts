/**
 * The inner grammar: sums, products with and without a sign, powers, and what is written behind a value.
 *
 *   sum     := [sign] term (sign term)*                 sign: + - ± ∓
 *   term    := factor (("*" | "/") factor | factor)*    side by side is a product; 1 1/2 and 1\frac12 are mixed numbers
 *   factor  := primary ("!" | "%" | "°" | "'" | "_" subscript | "^" exponent)*
 *
 * The two files of the inner grammar call each other: a primary holds whole statements in its brackets.
 */
import { isInteger } from "../algebra/rational.ts";
import { isApplication, isInverse, parseApplication, parseInverse } from "./applications.ts";
import { doublePrime, prime, withArcMinutes } from "./arc-minutes.ts";
import { parseLetterDigits, parseLetterNumeral, parseSubscript } from "./base-numerals.ts";
import { parseCombination } from "./combinations.ts";
import { bracketedCondition } from "./conditions.ts";
import type { Cursor } from "./cursor.ts";
import {
  call,
  type Expression,
  minusOneNode,
  negative,
  numberNode,
  powerOf,
  productOf,
  quotient,
  sumOf,
} from "./expression.ts";
import { parsePrimary } from "./primaries.ts";
import { isUnitFraction, isUnitLetter } from "./quantities.ts";
import { isParenthesis, isRemark } from "./remarks.ts";
import { isUnionLetter } from "./sets.ts";
import { derivedFunctionWords } from "./vocabulary.ts";
import { isLeadIn, namesItsKind, ordinalEndings } from "./words.ts";

export function parseSum(cursor: Cursor): Expression {
  const terms: Expression[] = [];
  for (;;) {
    const sign = parseSign(cursor);
    if (sign === null && terms.length > 0) break;
    const [lead] = terms;
    // "The answer is -5".
    if (sign !== null && terms.length === 1 && lead?.kind === "text" && isLeadIn(lead.text)) terms.pop();
    const term = parseTerm(cursor);
    if (sign === "±" || sign === "∓") {
      terms.push({ kind: "plusMinus", sign: sign === "±" ? 1 : -1, value: term });
    } else terms.push(sign === "-" ? negative(term) : term);
  }
  return sumOf(terms);
}

/** The sign made by any number of signs in a row, or null for none. */
function parseSign(cursor: Cursor): "+" | "-" | "±" | "∓" | null {
  let sign: "+" | "-" | "±" | "∓" | null = null;
  for (;;) {
    if (cursor.accept("+")) sign ??= "+";
    else if (cursor.accept("-")) sign = sign === "-" ? "+" : sign === "±" ? "∓" : "-";
    else if (cursor.accept("±")) sign = sign === "-" ? "∓" : "±";
    else if (cursor.accept("∓")) sign = "∓";
    else return sign;
  }
}

function parseTerm(cursor: Cursor): Expression {
  let factors = [parseFactor(cursor)];
  for (;;) {
    if (cursor.accept("*")) factors.push(parseSignedFactor(cursor));
    else if (isDividedByUnit(cursor)) return productOf(factors);
    else if (cursor.accept("/")) {
      const isPlain = cursor.peek()?.kind === "number" || cursor.peek()?.kind === "letter";
      const divisors = [parseSignedFactor(cursor)];
      if (isPlain && startsFactor(cursor)) {
        cursor.flags.product = true;
        while (cursor.options.isProductTight && startsFactor(cursor)) divisors.push(parseFactor(cursor));
      }
      const divisor = productOf(divisors);
      if (factors.length === 1) factors = [quotientWithUnit(factors[0] as Expression, divisor)];
      else factors.push(powerOf(divisor, minusOneNode));
    } else if (startsFactor(cursor) || isNamedSet(cursor, factors)) {
      const words = factors.at(-1);
      if (words?.kind === "text") {
        if (factors.length > 1 || !(isLeadIn(words.text) || namesItsKind(words.text)))
          cursor.fail("words before a value");
        factors = [parseFactor(cursor)];
        continue;
      }
      if (isLetterTimes(cursor)) {
        cursor.next();
        factors.push(parseSignedFactor(cursor));
        continue;
      }
      const length = bracketedCondition(cursor);
      if (length > 0) {
        cursor.conditions.push(Array.from({ length }, () => cursor.next()));
        continue;
      }
      const mixed = factors.length === 1 ? parseMixed(cursor, factors[0] as Expression) : null;
      if (mixed) factors = [mixed];
      else {
        const isNumeralPair = cursor.previous()?.kind === "number" && cursor.peek()?.kind === "number";
        if (isNumeralPair) cursor.fail("two numerals side by side");
        const factor = parseFactor(cursor);
        // k\pi (k in Z)
        (isDeclaration(factor) ? cursor.declarations : factors).push(factor);
      }
    } else return productOf(factors);
  }
}

/** \$10/\text{hour}: the words after the slash are a unit. */
function isDividedByUnit(cursor: Cursor): boolean {
  const before = cursor.previous();
  return (
    cursor.at("/") && cursor.peek(1)?.kind === "text" && before?.kind !== "text" && before?.kind !== "letter"
  );
}

/** "the set" {1, 2}. */
function isNamedSet(cursor: Cursor, factors: readonly Expression[]): boolean {
  return cursor.at("\\{") && factors.at(-1)?.kind === "text";
}

function isDeclaration(x: Expression): boolean {
  return x.kind === "relation" && x.operators.join() === "in" && x.operands[0]?.kind === "symbol";
}

/** 5 x 10^3: the letter between two numerals, apart from them or before a power of ten, may be a sign. */
function isLetterTimes(cursor: Cursor): boolean {
  const [before, letter, behind] = [cursor.previous(), cursor.peek(), cursor.peek(1)];
  if (letter?.kind !== "letter" || letter.text.toLowerCase() !== "x") return false;
  if (before?.kind !== "number" || behind?.kind !== "number") return false;
  const isPowerOfTen = behind.text === "10" && cursor.at("^", 2);
  if (!isPowerOfTen && !(letter.spaced && behind.spaced)) return false;
  cursor.flags.times = true;
  return cursor.options.isLetterTimes;
}

/** 990/7° is 990/7 degrees, and 1/2% half a percent: the sign belongs to the fraction. */
function quotientWithUnit(numerator: Expression, denominator: Expression): Expression {
  if (denominator.kind !== "quantity" || numerator.kind !== "number") return quotient(numerator, denominator);
  return { kind: "quantity", value: quotient(numerator, denominator.value), unit: denominator.unit };
}

export function parseSignedFactor(cursor: Cursor): Expression {
  const sign = parseSign(cursor);
  const factor = parseFactor(cursor);
  return sign === "-" ? negative(factor) : factor;
}

/** "1\frac{1}{2}" or "1 1/2" behind a whole number: the sum, where the fraction is proper. */
function parseMixed(cursor: Cursor, whole: Expression): Expression | null {
  const before = cursor.previous();
  if (whole.kind !== "number" || before?.kind !== "number" || !isInteger(whole.value)) return null;
  if (whole.significantDigits !== undefined) return null;
  if (cursor.at("frac") || isOverOfNumerals(cursor)) {
    const fraction = parseFactor(cursor);
    if (isProperFraction(fraction)) return sumOf([whole, fraction]);
    if (fraction.kind === "quantity" && isProperFraction(fraction.value)) {
      return { ...fraction, value: sumOf([whole, fraction.value]) };
    }
    return productOf([whole, fraction]);
  }
  const numerator = cursor.peek();
  const denominator = cursor.peek(2);
  const isFraction = numerator?.kind === "number" && cursor.at("/", 1) && denominator?.kind === "number";
  if (!isFraction || !isInteger(numerator.value) || !isInteger(denominator.value)) return null;
  if (numerator.value.numerator >= denominator.value.numerator) return null;
  for (let count = 0; count < 3; count++) cursor.next();
  const sum = sumOf([whole, quotient(numberNode(numerator.value), numberNode(denominator.value))]);
  return cursor.accept("%") ? { kind: "quantity", value: sum, unit: "percent" } : sum;
}

/** {1 \over 2}. */
function isOverOfNumerals(cursor: Cursor): boolean {
  const [above, below] = [cursor.peek(1), cursor.peek(3)];
  return (
    cursor.at("{") &&
    above?.kind === "number" &&
    cursor.at("over", 2) &&
    below?.kind === "number" &&
    cursor.at("}", 4)
  );
}

function isProperFraction(x: Expression): boolean {
  if (x.kind !== "product" || x.factors.length !== 2) return false;
  const [top, bottom] = x.factors;
  if (top?.kind !== "number" || bottom?.kind !== "power" || bottom.base.kind !== "number") return false;
  const below = bottom.base.value;
  return isInteger(top.value) && isInteger(below) && top.value.numerator < below.numerator;
}

/** Whether the next token can begin a factor that is multiplied with what stands before it. */
export function startsFactor(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (!token) return false;
  if (token.kind === "number" || token.kind === "constant" || token.kind === "function") return true;
  if (token.kind === "letter") return !isUnionLetter(cursor) && !isUnitLetter(cursor) && !isRemark(token);
  if (token.kind !== "sign") return false;
  if (token.text === "(") return !cursor.at("bmod", 1) && !isParenthesis(cursor);
  if (token.text === "|") return cursor.bars === 0;
  if (token.text === "[") return !isClosingOutward(cursor);
  if (token.text === "frac") return !isUnitFraction(cursor);
  return factorSigns.has(token.text);
}

/** [2, 5[: the bracket that closes an interval to the outside. */
function isClosingOutward(cursor: Cursor): boolean {
  const behind = cursor.peek(1);
  if (!behind) return true;
  return (
    behind.kind === "sign" && [")", "]", "}", "∪", "∩", "∖", ",", ";", "and", "or"].includes(behind.text)
  );
}

const factorSigns = new Set([
  ...derivedFunctionWords.values(),
  ...[
    "[",
    "{",
    "⟨",
    "⌊",
    "⌈",
    "frac",
    "sqrt",
    "surd",
    "cuberoot",
    "binom",
    "sum",
    "prod",
    "int",
    "conjugate",
  ],
  ...[
    "begin:matrix",
    "begin:pmatrix",
    "begin:bmatrix",
    "begin:Bmatrix",
    "begin:vmatrix",
    "begin:smallmatrix",
  ],
  "begin:array",
]);

/** Marks behind a primary that are read; more of them are no answer. */
const maxMarks = 12;

export function parseFactor(cursor: Cursor): Expression {
  return cursor.deeper(() => parseMarked(cursor));
}

function parseMarked(cursor: Cursor): Expression {
  let value = parseLetterNumeral(cursor) ?? parseCombination(cursor) ?? parsePrimary(cursor);
  if (value.kind === "number") value = parseLetterDigits(cursor, value) ?? value;
  for (let marks = 0; ; marks++) {
    if (marks > maxMarks) cursor.fail("too many marks behind a value");
    if (cursor.accept("!")) {
      value = cursor.accept("!") ? call("doubleFactorial", value) : call("factorial", value);
    } else if (cursor.accept("%")) value = { kind: "quantity", value, unit: "percent" };
    else if (cursor.accept("°")) value = withArcMinutes(cursor, { kind: "quantity", value, unit: "degree" });
    else if (cursor.at("'") && value.kind === "symbol") {
      cursor.next();
      value = { kind: "symbol", name: `${value.name}'` };
    } else if (cursor.at("'") && value.kind === "number") {
      cursor.next();
      value = { kind: "quantity", value, unit: cursor.accept("'") ? doublePrime : prime };
    } else if (cursor.accept("_")) value = parseSubscript(cursor, value);
    else if (value.kind === "symbol" && isInverse(cursor)) value = parseInverse(cursor, value.name);
    else if (cursor.accept("^")) value = parseExponent(cursor, value);
    else if (value.kind === "symbol" && isApplication(cursor)) value = parseApplication(cursor, value.name);
    else return value;
  }
}

/** base^...: a degree sign, a prime, or an exponent: a group, or one signed factor without its own exponent's rest. */
function parseExponent(cursor: Cursor, base: Expression): Expression {
  if (cursor.accept("°")) return withArcMinutes(cursor, { kind: "quantity", value: base, unit: "degree" });
  if (cursor.at("{") && cursor.at("°", 1) && cursor.at("}", 2)) {
    for (let count = 0; count < 3; count++) cursor.next();
    return withArcMinutes(cursor, { kind: "quantity", value: base, unit: "degree" });
  }
  if (base.kind === "number" && skipDegreeLetter(cursor))
    return { kind: "quantity", value: base, unit: "degree" };
  if (skipOrdinal(cursor)) return base;
  const primes = base.kind === "symbol" || base.kind === "number" ? skipPrimes(cursor) : 0;
  if (base.kind === "number" && (primes === 1 || primes === 2))
    return { kind: "quantity", value: base, unit: primes === 1 ? prime : doublePrime };
  if (primes > 0 && base.kind === "symbol") return { kind: "symbol", name: base.name + "'".repeat(primes) };
  const sign = parseSign(cursor);
  const exponent = cursor.nested(() => {
    const primary = parsePrimary(cursor);
    return cursor.accept("^") ? parseExponent(cursor, primary) : primary;
  });
  return powerOf(base, sign === "-" ? negative(exponent) : exponent);
}

/** 90^o, 90^{\text{o}}: moves over the letter that stands for the degree sign. */
function skipDegreeLetter(cursor: Cursor): boolean {
  const isBraced = cursor.at("{");
  const letter = cursor.peek(isBraced ? 1 : 0);
  const isLetter = letter?.kind === "letter" || letter?.kind === "text";
  if (!isLetter || letter.text !== "o" || (isBraced && !cursor.at("}", 2))) return false;
  for (let count = isBraced ? 3 : 1; count > 0; count--) cursor.next();
  return true;
}

/** y^{\prime\prime}, y^\prime: moves over the primes and counts them. */
function skipPrimes(cursor: Cursor): number {
  if (cursor.accept("'")) return 1;
  let count = 0;
  while (cursor.at("{") && cursor.at("'", count + 1)) count++;
  if (count === 0 || !cursor.at("}", count + 1)) return 0;
  for (let rest = count + 2; rest > 0; rest--) cursor.next();
  return count;
}

/** 5^{th}, 5^{\text{th}}: moves over the ending. */
function skipOrdinal(cursor: Cursor): boolean {
  if (cursor.previous(2)?.kind !== "number" || !cursor.at("{")) return false;
  const [first, second] = [cursor.peek(1), cursor.peek(2)];
  const isText = first?.kind === "text" && ordinalEndings.has(first.text) && cursor.at("}", 2);
  const letters = first?.kind === "letter" && second?.kind === "letter" ? first.text + second.text : "";
  if (!isText && !(ordinalEndings.has(letters) && cursor.at("}", 3))) return false;
  for (let count = isText ? 3 : 4; count > 0; count--) cursor.next();
  return true;
}
