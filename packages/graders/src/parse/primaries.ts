/**
 * Primaries: numerals, names, brackets, fractions, roots, functions, sums with bounds, matrices.
 * One function per form; `parsePrimary` chooses by the first token.
 */
import { integer, isInteger } from "../algebra/rational.ts";
import { parseFactor, parseSum, startsFactor } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import {
  type Bracketed,
  type ConstantName,
  call,
  type Expression,
  type FunctionName,
  minusOneNode,
  type NamedSet,
  numberNode,
  powerOf,
  productOf,
  quotient,
  type Repeated,
  rootOf,
  twoNode,
} from "./expression.ts";
import { parseGroups } from "./statements.ts";
import type { Token } from "./tokens.ts";
import { isUnitWord } from "./units.ts";
import { numberSets } from "./vocabulary.ts";

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

function letterNode(name: string): Expression {
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
    case "cis":
      return parseCis(cursor);
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
      return { kind: "quantity", value: parseFactor(cursor), unit: "dollar" };
    default:
      if (sign.startsWith("begin:")) return cursor.nested(() => parseMatrix(cursor, sign.slice(6)));
      return cursor.fail(`unexpected ${sign}`);
  }
}

/** "all real numbers except 0": R without what follows; null for other words. */
function parseException(cursor: Cursor, words: string): Expression | null {
  const match =
    /^all (?:real numbers|reals|real [a-z]|[a-z])(?: [a-z])? (?:except|but|other than|excluding)(?: for)?$/i;
  if (!match.test(words) || !cursor.peek()) return null;
  const taken = cursor.nested(() => parseGroups(cursor));
  const values = taken.kind === "list" ? taken.items : [taken];
  const items = values.map((value) =>
    value.kind === "relation" && value.operators[0] === "=" ? (value.operands.at(-1) as Expression) : value,
  );
  const reals: Expression = { kind: "namedSet", name: "reals" };
  return { kind: "setOperation", operator: "difference", operands: [reals, { kind: "set", items }] };
}

/** Words: a currency before its number, a numeral with letter digits, or text. */
function parseText(cursor: Cursor, first: string): Expression {
  const isCurrency = isUnitWord(first) && cursor.peek()?.kind === "number";
  if (isCurrency) return { kind: "quantity", value: parseFactor(cursor), unit: first };
  const words = [first];
  while (cursor.peek()?.kind === "text") words.push(cursor.next().text);
  const text = words.join(" ");
  return parseException(cursor, text) ?? { kind: "text", text };
}

/** (…), […), ⟨…⟩: a group of one, a tuple or interval of several. */
function parseBrackets(cursor: Cursor, open: "(" | "[" | "⟨"): Expression {
  const inner = parseGroups(cursor);
  const close = cursor.next();
  const isClosing = close.kind === "sign" && [")", "]", "⟩", "["].includes(close.text);
  if (!isClosing || (open === "⟨") !== (close.text === "⟩")) return cursor.fail("bracket not closed");
  if (close.text === "[") {
    // [2, 5[: open to the right.
    const isPair = inner.kind === "list" && inner.items.length === 2 && open === "[";
    return isPair ? bracketed("[", ")", inner.items) : cursor.fail("bracket not closed");
  }
  if (inner.kind !== "list") {
    const isPlain = (open === "(") === (close.text === ")");
    return isPlain ? inner : cursor.fail("unlike brackets around one value");
  }
  return bracketed(open, close.text, inner.items);
}

/** ]a, b[ : the open interval of some schools. */
function parseOutwardInterval(cursor: Cursor): Expression {
  const inner = parseGroups(cursor);
  if (inner.kind !== "list" || inner.items.length !== 2) return cursor.fail("unexpected ]");
  if (cursor.accept("[")) return bracketed("(", ")", inner.items);
  cursor.expect("]");
  return bracketed("(", "]", inner.items);
}

function bracketed(open: string, close: string, items: readonly Expression[]): Bracketed {
  return {
    kind: "bracketed",
    open: open === "⟨" ? "<" : (open as "(" | "["),
    close: close === "⟩" ? ">" : (close as ")" | "]"),
    items,
  };
}

/** {x | x > 3}: a set builder whose braces are not escaped. */
function isSetBuilder(cursor: Cursor): boolean {
  return cursor.peek()?.kind === "letter" && (cursor.at("|", 1) || cursor.at(":", 1));
}

/** {…}: a LaTeX group; it may hold {n \choose k} and {a \over b}. A missing brace at the end is forgiven. */
function parseBraces(cursor: Cursor): Expression {
  if (isSetBuilder(cursor)) return parseSet(cursor, "}");
  const inner = parseGroups(cursor);
  let result = inner;
  if (cursor.accept("choose")) result = call("binomial", inner, parseGroups(cursor));
  else if (cursor.accept("over")) result = quotient(inner, parseGroups(cursor));
  if (cursor.peek()) cursor.expect("}");
  return result;
}

/** \{…\}: a finite set, or {x | condition}, which is its condition. */
function parseSet(cursor: Cursor, close: "\\}" | "}" = "\\}"): Expression {
  if (cursor.accept(close)) return { kind: "namedSet", name: "empty" };
  cursor.isColonSeparator = true;
  cursor.bars = 1; // so that "|" is not taken for the beginning of an absolute value behind a name
  const inner = parseGroups(cursor);
  if (cursor.accept("|") || cursor.accept(":")) {
    cursor.bars = 0;
    const condition = parseGroups(cursor);
    cursor.expect(close);
    const isMember = inner.kind === "relation" && inner.operators[0] === "in";
    if (inner.kind !== "symbol" && !isMember) return cursor.fail("a set with a formula before the bar");
    return condition.kind === "list" ? { ...condition, joiner: "and" } : condition;
  }
  cursor.expect(close);
  return { kind: "set", items: inner.kind === "list" ? inner.items : [inner] };
}

function parseBars(cursor: Cursor, sign: string): Expression {
  const bars = cursor.bars;
  cursor.bars = bars + 1;
  const inner = parseSum(cursor);
  cursor.expect(sign);
  cursor.bars = bars;
  return call("abs", inner);
}

function parseRounding(cursor: Cursor, name: "floor" | "ceil", close: string): Expression {
  return cursor.nested(() => {
    const inner = parseSum(cursor);
    cursor.expect(close);
    return call(name, inner);
  });
}

/** The argument of \frac, \sqrt and the like: a group, or TeX's single token: one digit, one letter, one command. */
function parseArgument(cursor: Cursor, isGreedy = false): Expression {
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

/** sin x, \sin^2 x, \log_2 8, \ln(x): a power behind the name belongs to the value, except -1, the inverse. */
function parseFunction(cursor: Cursor, name: FunctionName): Expression {
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
  const inverse = exponent !== null && isMinusOne(exponent) ? inverses.get(name) : undefined;
  const isLogarithm = name === "log" || name === "ln";
  const value: Expression =
    base !== null && isLogarithm
      ? { kind: "call", name: "logBase", args: [base, ...args] }
      : { kind: "call", name: inverse ?? name, args };
  return exponent === null || inverse ? value : powerOf(value, exponent);
}

/** cis x = cos x + i sin x = e^(ix). */
function parseCis(cursor: Cursor): Expression {
  const [angle] = parseFunctionArguments(cursor, "cos");
  const i: Expression = { kind: "constant", name: "i" };
  return powerOf({ kind: "constant", name: "e" }, productOf([i, angle as Expression]));
}

const inverses = new Map<FunctionName, FunctionName>([
  ["sin", "arcsin"],
  ["cos", "arccos"],
  ["tan", "arctan"],
  ["cot", "arccot"],
  ["sec", "arcsec"],
  ["csc", "arccsc"],
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
  while (startsFactor(cursor) && cursor.peek()?.kind !== "function" && !cursor.at("(")) {
    factors.push(parseFactor(cursor));
  }
  return [productOf(factors)];
}

/** \sum_{k=0}^{n} body, and products, integrals, limits. The body is the product that follows. */
function parseRepeated(cursor: Cursor, sign: "sum" | "prod" | "int" | "lim"): Expression {
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

function parseBlackboard(cursor: Cursor): Expression {
  const isBraced = cursor.accept("{");
  const name = numberSets.get(cursor.next().text);
  if (isBraced) cursor.expect("}");
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
  const known = ["+", "-"].includes(sign) || (isBound && [">", ">=", "<", "<="].includes(sign));
  if (!known) return null;
  for (let count = at + 1 + (isBound ? 1 : 0) + (isBraced ? 1 : 0); count > 0; count--) cursor.next();
  const zero = numberNode(integer(0));
  const infinity: Expression = { kind: "constant", name: "infinity" };
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

function parseMatrix(cursor: Cursor, environment: string): Expression {
  const rows: Expression[][] = [];
  let row: Expression[] = [];
  for (;;) {
    if (cursor.accept(`end:${environment}`)) break;
    if (cursor.accept("\\\\")) {
      rows.push(row);
      row = [];
    } else if (cursor.accept("&")) continue;
    else row.push(parseSum(cursor));
  }
  if (row.length > 0) rows.push(row);
  const width = rows[0]?.length ?? 0;
  if (width === 0 || rows.some((cells) => cells.length !== width)) return cursor.fail("a ragged matrix");
  const matrix: Expression = { kind: "matrix", rows };
  return environment === "vmatrix" ? call("determinant", matrix) : matrix;
}
