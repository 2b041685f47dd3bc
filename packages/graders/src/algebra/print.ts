/**
 * An expression as one canonical line: nested sums and products flattened, numbers folded, operands sorted, so that
 * expressions that differ in order and notation only print alike. Used as a key (equal lines mean equal expressions)
 * and in verdicts. The reverse does not hold: equal expressions may print differently.
 */
import type { Expression } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import {
  addRational,
  equalRational,
  multiplyRational,
  one,
  powerRational,
  printRational,
  type Rational,
  zero,
} from "./rational.ts";

/** Functions of any number of arguments, whose order does not matter. */
const unorderedCalls: ReadonlySet<string> = new Set(["gcd", "lcm", "max", "min"]);

export function printExpression(x: Expression, work: Work): string {
  work.spend();
  const print = (part: Expression): string => printExpression(part, work);
  switch (x.kind) {
    case "number":
      return printRational(x.value);
    case "constant":
    case "namedSet":
    case "symbol":
      return x.name;
    case "sum":
      return printSum(x.terms, work);
    case "product":
      return printProduct(x.factors, work);
    case "power":
      return printPower(x.base, x.exponent, work);
    case "call":
      return `${x.name}(${(unorderedCalls.has(x.name) ? x.args.map(print).sort() : x.args.map(print)).join(", ")})`;
    case "apply":
      return `${x.name}(${x.args.map(print).join(", ")})`;
    case "repeated": {
      const bounds = `${x.variable}, ${x.from ? print(x.from) : ""}, ${x.to ? print(x.to) : ""}`;
      return `${x.operator}[${bounds}](${print(x.body)})`;
    }
    case "plusMinus":
      return `${x.sign === 1 ? "±" : "∓"}(${print(x.value)})`;
    case "list":
      return x.items.map(print).join(x.joiner === "comma" ? ", " : ` ${x.joiner} `);
    case "bracketed":
      return `${x.open}${x.items.map(print).join(", ")}${x.close}`;
    case "set":
      return `{${x.items.map(print).sort().join(", ")}}`;
    case "builder":
      return `{${x.variable} in ${x.domain ?? "any"} | ${print(x.condition)}}`;
    case "setOperation":
      return `${x.operator}(${x.operands.map(print).join(", ")})`;
    case "matrix":
      return `[${x.rows.map((row) => row.map(print).join(", ")).join("; ")}]`;
    case "relation":
      return x.operands
        .map(
          (operand, index) =>
            `${print(operand)}${index < x.operators.length ? ` ${x.operators[index]} ` : ""}`,
        )
        .join("");
    case "ratio":
      return x.parts.map(print).join(":");
    case "quantity":
      return `${print(x.value)} ${x.unit}`;
    case "baseNumeral":
      return `${x.digits}_${x.base}`;
    case "text":
      return `"${x.text}"`;
    default:
      return x satisfies never;
  }
}

function printSum(terms: readonly Expression[], work: Work): string {
  let number: Rational = zero;
  const rest: string[] = [];
  for (const term of flatten(terms, "sum", work)) {
    const value = term.kind === "product" ? productOfNumbers(term.factors) : numberOf(term);
    const sum = value && addRational(number, value);
    if (sum) number = sum;
    else rest.push(printExpression(term, work));
  }
  rest.sort();
  if (!equalRational(number, zero)) rest.push(printRational(number));
  if (rest.length === 0) return "0";
  return rest.length === 1 ? (rest[0] as string) : `(${rest.join(" + ")})`;
}

/** The product of numerals, or null where there is anything else in it. */
function productOfNumbers(factors: readonly Expression[]): Rational | null {
  let product: Rational | null = one;
  for (const factor of factors) {
    const value = numberOf(factor);
    product = product && value && multiplyRational(product, value);
  }
  return product;
}

function printProduct(factors: readonly Expression[], work: Work): string {
  let number: Rational = one;
  const rest: string[] = [];
  for (const factor of flatten(factors, "product", work)) {
    const value = numberOf(factor);
    const product = value && multiplyRational(number, value);
    if (product) number = product;
    else rest.push(printExpression(factor, work));
  }
  // 0 times something without a value (1/0, infinity) is not 0.
  const hasValue = rest.every((factor) => /^[A-Za-z]$/.test(factor));
  if (equalRational(number, zero) && hasValue) return "0";
  rest.sort();
  if (rest.length === 0) return printRational(number);
  if (!equalRational(number, one)) rest.unshift(printRational(number));
  return rest.join("*");
}

function printPower(base: Expression, exponent: Expression, work: Work): string {
  const value = numberOf({ kind: "power", base, exponent });
  if (value) return printRational(value);
  if (exponent.kind === "number" && equalRational(exponent.value, one)) return printExpression(base, work);
  return `(${printExpression(base, work)})^(${printExpression(exponent, work)})`;
}

/** The value of a numeral or of a numeral to a small whole power. */
function numberOf(x: Expression): Rational | null {
  if (x.kind === "number") return x.value;
  if (x.kind !== "power" || x.base.kind !== "number" || x.exponent.kind !== "number") return null;
  const { numerator, denominator } = x.exponent.value;
  return denominator === 1n && numerator >= -64n && numerator <= 64n
    ? powerRational(x.base.value, numerator)
    : null;
}

function flatten(xs: readonly Expression[], kind: "sum" | "product", work: Work): Expression[] {
  const result: Expression[] = [];
  for (const x of xs) {
    work.spend();
    if (kind === "sum" && x.kind === "sum") result.push(...flatten(x.terms, kind, work));
    else if (kind === "product" && x.kind === "product") result.push(...flatten(x.factors, kind, work));
    else result.push(x);
  }
  return result;
}
