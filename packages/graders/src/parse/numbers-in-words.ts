/** Sets of numbers in words: "all real numbers except 0", "all real numbers greater than 3", "all integers between 1 and 5". */
import { integer, type Rational } from "../algebra/rational.ts";
import { parseSum } from "./arithmetic.ts";
import { bracketed } from "./brackets.ts";
import type { Cursor } from "./cursor.ts";
import { type Expression, minusOneNode, numberNode, productOf, type RelationOperator } from "./expression.ts";
import { scanNumber } from "./numerals.ts";
import { parseGroups } from "./statements.ts";

const subject =
  /^(?:the set of )?(?:all|any|every) (?<kind>non-?zero )?(?:real )?(?<domain>numbers?|reals?|integers?|real [a-z]|[a-z])(?: [a-z])?(?: (?:that|which) (?:are|is)| strictly)?(?: (?<rest>.+))?$/i;

const bounds: ReadonlyArray<readonly [words: RegExp, operator: RelationOperator]> = [
  [/^(?:greater|larger|bigger|more) than or equal to|^at least|^(?:no|not) (?:less|smaller) than/i, ">="],
  [/^(?:less|smaller) than or equal to|^at most|^(?:no|not) (?:greater|more|larger) than/i, "<="],
  [/^(?:greater|larger|bigger|more) than|^above/i, ">"],
  [/^(?:less|smaller) than|^below/i, "<"],
];

/** What the words, and the value that may stand after them, say; null for other words. */
export function parseNumbersInWords(cursor: Cursor, words: string): Expression | null {
  const { kind, domain, rest = "" } = subject.exec(words)?.groups ?? {};
  if (domain === undefined) return null;
  const isWhole = domain.startsWith("integer");
  const reals: Expression = { kind: "namedSet", name: isWhole ? "integers" : "reals" };
  const without = (items: readonly Expression[]): Expression => ({
    kind: "setOperation",
    operator: "difference",
    operands: [reals, { kind: "set", items }],
  });
  if (kind !== undefined) return rest === "" ? without([numberNode(integer(0))]) : null;
  if (/^(?:except|but|other than|excluding)(?: for)?$/i.test(rest))
    return cursor.peek() ? without(exceptions(cursor)) : null;
  const between = /^between(?: (?<low>\S+) and (?<high>\S+))?(?<inclusive>,? inclusive)?$/i.exec(
    rest,
  )?.groups;
  if (between) return parseBetween(cursor, between, isWhole);
  const bound = bounds.find(([pattern]) => pattern.test(rest));
  if (!bound) return null;
  const written = rest.replace(bound[0], "").trim();
  const value = written === "" ? (cursor.peek() ? parseSum(cursor) : null) : numeralOf(written);
  return value && bounded(bound[1], value, isWhole);
}

/** The values after "except". */
function exceptions(cursor: Cursor): readonly Expression[] {
  const taken = cursor.nested(() => parseGroups(cursor));
  const values = taken.kind === "list" ? taken.items : [taken];
  return values.map((value) =>
    value.kind === "relation" && value.operators[0] === "=" ? (value.operands.at(-1) as Expression) : value,
  );
}

/** Between two numbers without these, as an open interval, unless they are included. */
function parseBetween(
  cursor: Cursor,
  { low: first, high: second, inclusive }: Partial<Record<string, string>>,
  isWhole: boolean,
): Expression | null {
  let [low, high] = [numeralOf(first ?? ""), numeralOf(second ?? "")];
  if (first === undefined) {
    low = cursor.peek() ? parseSum(cursor) : null;
    if (!low || !cursor.accept("and") || !cursor.peek()) return null;
    high = parseSum(cursor);
  }
  if (!low || !high) return null;
  const end = cursor.peek();
  const isIncluded = inclusive !== undefined || (end?.kind === "text" && /^,?\s*inclusive$/i.test(end.text));
  if (isIncluded && inclusive === undefined) cursor.next();
  if (!isWhole) return bracketed(isIncluded ? "[" : "(", isIncluded ? "]" : ")", [low, high]);
  const operator: RelationOperator = isIncluded ? "<=" : "<";
  return wholeNumbers({ kind: "relation", operands: [low, unknown, high], operators: [operator, operator] });
}

const unknown: Expression = { kind: "symbol", name: "x" };
const infinity: Expression = { kind: "constant", name: "infinity" };

function bounded(operator: RelationOperator, value: Expression, isWhole: boolean): Expression {
  if (isWhole) return wholeNumbers({ kind: "relation", operands: [unknown, value], operators: [operator] });
  const isClosed = operator.endsWith("=");
  return operator.startsWith(">")
    ? bracketed(isClosed ? "[" : "(", ")", [value, infinity])
    : bracketed("(", isClosed ? "]" : ")", [productOf([minusOneNode, infinity]), value]);
}

function wholeNumbers(condition: Expression): Expression {
  return { kind: "builder", variable: "x", domain: "integers", condition };
}

/** "3", "-1.5": the numeral that a word is, or null. */
function numeralOf(word: string): Expression | null {
  const match = /^([-−]?)(\d[\d.,]*)$/.exec(word.replace(/[.,]$/, ""));
  if (!match) return null;
  const { value, end } = scanNumber(match[2] as string, 0, "thousands", false);
  if (value === null || end !== (match[2] as string).length) return null;
  const signed: Rational = match[1] === "" ? value : { ...value, numerator: -value.numerator };
  return numberNode(signed);
}
