/** Functions with their arguments, and sums, products, integrals and limits with their bounds. */
import { integer, isInteger } from "../algebra/rational.ts";
import { parseFactor, startsFactor } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import { type DerivedFunction, derivedFunction } from "./derived-functions.ts";
import {
  type Expression,
  type FunctionName,
  minusOneNode,
  numberNode,
  powerOf,
  productOf,
  type Repeated,
} from "./expression.ts";
import { letterNode, parsePrimary } from "./primaries.ts";
import { parseGroups } from "./statements.ts";
import type { Token } from "./tokens.ts";
import { derivedFunctionWords } from "./vocabulary.ts";

/** The argument of \frac, \sqrt and the like: a group, or TeX's single token: one digit, one letter, one command. */
export function parseArgument(cursor: Cursor, isGreedy = false): Expression {
  const token = cursor.peek();
  if (token?.kind === "number" && !isGreedy) return takeDigit(cursor, token);
  if (token?.kind === "letter") return letterNode(cursor.next().text);
  return cursor.nested(() => parsePrimary(cursor));
}

function takeDigit(cursor: Cursor, token: Extract<Token, { kind: "number" }>): Expression {
  const isWhole = isInteger(token.value) && token.significantDigits === undefined;
  if (token.text.length === 1 || !isWhole || !/^\d+$/.test(token.text)) {
    cursor.next();
    return numberNode(token.value);
  }
  const rest = token.text.slice(1);
  cursor.replace({ kind: "number", text: rest, spaced: false, value: integer(BigInt(rest)) });
  return numberNode(integer(BigInt(token.text.charAt(0))));
}

/** sin x, \sin^2 x, \log_2 8, \ln(x): a power behind the name belongs to the value, except -1, the inverse. */
export function parseFunction(cursor: Cursor, name: FunctionName): Expression {
  let base: Expression | null = null;
  let exponent: Expression | null = null;
  for (;;) {
    if (cursor.accept("_")) base = parseArgument(cursor, true);
    else if (cursor.at("^") && exponent === null) {
      cursor.next();
      exponent = cursor.accept("-")
        ? productOf([minusOneNode, parseArgument(cursor, true)])
        : parseArgument(cursor, true);
    } else break;
  }
  const args = parseFunctionArguments(cursor, name);
  if (isExtremum(name, args)) return { kind: "apply", name, args };
  const inverse = exponent !== null && isMinusOne(exponent) ? inverses.get(name) : undefined;
  const derived = exponent !== null && isMinusOne(exponent) ? derivedInverses.get(name) : undefined;
  if (derived) return derivedFunction(derived, args[0] as Expression);
  const isLogarithm = name === "log" || name === "ln";
  const value: Expression =
    base !== null && isLogarithm
      ? { kind: "call", name: "logBase", args: [base, ...args] }
      : { kind: "call", name: inverse ?? name, args };
  return exponent === null || inverse ? value : powerOf(value, exponent);
}

/** \max f, \min_x f(x): not the largest of one value, but a name for what is asked for. */
function isExtremum(name: FunctionName, args: readonly Expression[]): boolean {
  const [only, ...others] = args;
  return (
    (name === "max" || name === "min") && others.length === 0 && only !== undefined && only.kind !== "number"
  );
}

/** cis x, \coth^2 x: a function that is written out by others. */
export function parseDerived(cursor: Cursor, name: DerivedFunction): Expression {
  const exponent = cursor.accept("^") ? parseArgument(cursor, true) : null;
  const [argument] = parseFunctionArguments(cursor, "cos");
  const value = derivedFunction(name, argument as Expression);
  return exponent === null ? value : powerOf(value, exponent);
}

const inverses = new Map<FunctionName, FunctionName>([
  ["sin", "arcsin"],
  ["cos", "arccos"],
  ["tan", "arctan"],
  ["cot", "arccot"],
  ["sec", "arcsec"],
  ["csc", "arccsc"],
]);

const derivedInverses = new Map<FunctionName, DerivedFunction>([
  ["sinh", "arsinh"],
  ["cosh", "arcosh"],
  ["tanh", "artanh"],
]);

function isMinusOne(x: Expression): boolean {
  if (x.kind === "number") return x.value.numerator === -1n && x.value.denominator === 1n;
  return x.kind === "product" && x.factors.length === 2 && x.factors.every((factor) => isUnit(factor));
}

function isUnit(x: Expression): boolean {
  return x.kind === "number" && x.value.denominator === 1n && x.value.numerator ** 2n === 1n;
}

const severalArguments: ReadonlySet<FunctionName> = new Set(["gcd", "lcm", "max", "min"]);

/** Arguments in brackets, or the product that follows up to the next sign or function. */
function parseFunctionArguments(cursor: Cursor, name: FunctionName): Expression[] {
  if (cursor.at("(") || cursor.at("[") || cursor.at("{")) {
    const inner = cursor.nested(() => {
      const open = cursor.next().text;
      const content = parseGroups(cursor);
      cursor.expect(open === "(" ? ")" : open === "[" ? "]" : "}");
      return content;
    });
    const isList = inner.kind === "list" || inner.kind === "set";
    if (isList && !severalArguments.has(name)) return cursor.fail(`${name} of several values`);
    return isList ? [...inner.items] : [inner];
  }
  if (cursor.at("\\{") && severalArguments.has(name)) {
    const set = cursor.nested(() => parsePrimary(cursor));
    return set.kind === "set" ? [...set.items] : cursor.fail(`${name} of no finite set`);
  }
  const factors = [parseFactor(cursor)];
  while (startsFactor(cursor) && !startsFunction(cursor) && !cursor.at("(")) {
    factors.push(parseFactor(cursor));
  }
  return [productOf(factors)];
}

function startsFunction(cursor: Cursor): boolean {
  const token = cursor.peek();
  return token?.kind === "function" || (token?.kind === "sign" && derivedFunctionWords.has(token.text));
}

/** \sum_{k=0}^{n} body, and products, integrals, limits. The body is the product that follows. */
export function parseRepeated(cursor: Cursor, sign: "sum" | "prod" | "int" | "lim"): Expression {
  let variable = "";
  let from: Expression | null = null;
  let to: Expression | null = null;
  for (;;) {
    if (cursor.accept("_")) {
      const lower = parseArgument(cursor);
      const [name, value] = lower.kind === "relation" ? lower.operands : [null, lower];
      if (name?.kind === "symbol" || name?.kind === "constant") variable = name.name;
      from = value ?? null;
    } else if (cursor.accept("^")) to = parseArgument(cursor, true);
    else break;
  }
  const factors = [parseFactor(cursor)];
  while (startsFactor(cursor) || cursor.at("/")) {
    if (cursor.accept("/")) factors.push(powerOf(parseFactor(cursor), minusOneNode));
    else factors.push(parseFactor(cursor));
  }
  const operators = { sum: "sum", prod: "product", int: "integral", lim: "limit" } as const;
  const node: Repeated = {
    kind: "repeated",
    operator: operators[sign],
    variable,
    from,
    to,
    body: productOf(factors),
  };
  return node;
}
