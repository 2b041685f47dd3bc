/** What stands in brackets of any kind: groups, tuples, intervals, sets, absolute values, roundings, matrices. */
import { parseSum } from "./arithmetic.ts";
import type { Cursor } from "./cursor.ts";
import { type Bracketed, call, type Expression } from "./expression.ts";
import { parsePrimary } from "./primaries.ts";
import { parseGroups, parseInfix } from "./statements.ts";

/** (…), […), ⟨…⟩: a group of one, a tuple or interval of several. */
export function parseBrackets(cursor: Cursor, open: "(" | "[" | "⟨"): Expression {
  const inner = parseInfix(cursor, parseGroups(cursor));
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
export function parseOutwardInterval(cursor: Cursor): Expression {
  const inner = parseGroups(cursor);
  if (inner.kind !== "list" || inner.items.length !== 2) return cursor.fail("unexpected ]");
  if (cursor.accept("[")) return bracketed("(", ")", inner.items);
  cursor.expect("]");
  return bracketed("(", "]", inner.items);
}

export function bracketed(open: string, close: string, items: readonly Expression[]): Bracketed {
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
export function parseBraces(cursor: Cursor): Expression {
  if (isSetBuilder(cursor)) return parseSet(cursor, "}");
  // {}^nC_k: the empty group holds the scripts.
  if (cursor.at("}") && (cursor.at("^", 1) || cursor.at("_", 1))) {
    cursor.next();
    return parsePrimary(cursor);
  }
  const inner = parseInfix(cursor, parseGroups(cursor));
  if (cursor.peek()) cursor.expect("}");
  return inner;
}

/** \{…\}: a finite set, or {x | condition}, which is its condition. */
export function parseSet(cursor: Cursor, close: "\\}" | "}" = "\\}"): Expression {
  if (cursor.accept(close)) return { kind: "namedSet", name: "empty" };
  cursor.isColonSeparator = true;
  cursor.bars = 1; // so that "|" is not taken for the beginning of an absolute value behind a name
  const inner = parseGroups(cursor);
  if (cursor.accept("|") || cursor.accept(":")) {
    cursor.bars = 0;
    const condition = parseGroups(cursor);
    cursor.expect(close);
    const isMember = inner.kind === "relation" && inner.operators[0] === "in";
    const builder = builderOf(inner, condition);
    if (builder) return builder;
    // {2k : k in Z} is 2k, k in Z.
    if (inner.kind !== "symbol" && !isMember)
      return { kind: "list", items: [inner, ...itemsOf(condition)], joiner: "comma" };
    return condition.kind === "list" ? { ...condition, joiner: "and" } : condition;
  }
  cursor.expect(close);
  return { kind: "set", items: itemsOf(inner) };
}

/** {x | x^2 = 4}, {n in Z | 1 <= n <= 5}; null for other conditions. */
function builderOf(inner: Expression, condition: Expression): Expression | null {
  const [name, set] = inner.kind === "relation" && inner.operators.join() === "in" ? inner.operands : [inner];
  if (name?.kind !== "symbol") return null;
  const variable = name.name;
  const isDomain = (item: Expression): boolean =>
    item.kind === "relation" &&
    item.operators.join() === "in" &&
    item.operands[0]?.kind === "symbol" &&
    item.operands[0].name === variable &&
    item.operands[1]?.kind === "namedSet";
  const domains = [...(set ? [inner] : []), ...itemsOf(condition).filter(isDomain)];
  const [domain, ...otherDomains] = domains.map((item) =>
    item.kind === "relation" && item.operands[1]?.kind === "namedSet" ? item.operands[1].name : undefined,
  );
  const conditions = itemsOf(condition).filter((item) => !isDomain(item));
  if (otherDomains.length > 0 || (domains.length > 0 && domain === undefined) || conditions.length === 0)
    return null;
  const [only, ...others] = conditions;
  const isEquation = only?.kind === "relation" && only.operators.join() === "=" && others.length === 0;
  const isOfWholes = domain !== undefined && ["integers", "naturals", "positiveIntegers"].includes(domain);
  const areBounds = conditions.every(
    (item) => item.kind === "relation" && item.operators.every((operator) => /^[<>]|^!=/.test(operator)),
  );
  if (!only || !(isEquation || (isOfWholes && areBounds))) return null;
  return {
    kind: "builder",
    variable,
    domain: domain ?? null,
    condition: others.length === 0 ? only : { kind: "list", items: conditions, joiner: "and" },
  };
}

function itemsOf(x: Expression): readonly Expression[] {
  return x.kind === "list" ? x.items : [x];
}

export function parseBars(cursor: Cursor, sign: string): Expression {
  const bars = cursor.bars;
  cursor.bars = bars + 1;
  const inner = parseSum(cursor);
  cursor.expect(sign);
  cursor.bars = bars;
  return call("abs", inner);
}

export function parseRounding(cursor: Cursor, name: "floor" | "ceil", close: string): Expression {
  return cursor.nested(() => {
    const inner = parseSum(cursor);
    cursor.expect(close);
    return call(name, inner);
  });
}

export function parseMatrix(cursor: Cursor, environment: string): Expression {
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
