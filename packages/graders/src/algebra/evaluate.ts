/**
 * Evaluation of an expression in a field: exact fractions, integers modulo a prime, complex doubles, or complex numbers
 * of high precision. One walk for all four; a field says null where it cannot represent a value, and the walk stops there.
 * Names get their values from a point: a function from a name to a fraction. The same name has the same value in both
 * of two expressions that are compared.
 */
import type { ConstantName, Expression, FunctionName, Repeated } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import { endlessSum } from "./endless-sum.ts";
import { exactField } from "./exact-field.ts";
import { printExpression } from "./print.ts";
import { bitLength, integer, isInteger, type Rational, rational } from "./rational.ts";
import { namesIn, someNode } from "./walk.ts";

/** The arithmetic of one kind of value. Every operation returns null where it has no value of this kind. */
export interface Field<T> {
  fromRational(x: Rational): T | null;
  constant(name: ConstantName): T | null;
  add(a: T, b: T): T | null;
  multiply(a: T, b: T): T | null;
  /** base to an exact exponent. */
  power(base: T, exponent: Rational): T | null;
  /** base to an exponent that is not an exact fraction. */
  powerGeneral(base: T, exponent: T): T | null;
  call(name: FunctionName, args: readonly T[]): T | null;
  /**
   * A value at one point stands for the whole expression: of powers with names in the exponent there are none here whose
   * course such a value would not tell, (-1)^n and 0^|n|.
   */
  readonly isFormal?: boolean;
  /** Of a field of rounded numbers only. */
  readonly precision?: Precision<T>;
}

/** What a sum without an end needs to know of rounded numbers. */
export interface Precision<T> {
  /** Bits after the point that a value has. */
  readonly bits: number;
  /** The place of a value's highest bit. */
  readonly size: (x: T) => number;
  /** The value with an error of up to 2^rest more. */
  readonly widen: (x: T, rest: number) => T;
  /** Runs `run` without taking its values for sizes that matter to the result. */
  readonly unnoted: <R>(run: () => R) => R;
}

/** Values of names at one point; null for a name without a value. */
export type Point = (name: string) => Rational | null;

/** A point for expressions without names. */
export const noNames: Point = () => null;

/** The value of `x` in `field` at `point`, or null where it has none. */
export function evaluate<T>(x: Expression, field: Field<T>, point: Point, work: Work): T | null {
  work.spend();
  switch (x.kind) {
    case "number":
      return field.fromRational(x.value);
    case "baseNumeral":
      return field.fromRational(x.value);
    case "constant": {
      const bound = point(x.name);
      return bound ? field.fromRational(bound) : field.constant(x.name);
    }
    case "symbol":
      return lookUp(x.name, field, point);
    case "apply":
      return lookUp(printExpression(x, work), field, point);
    case "sum":
      return fold(x.terms, field, point, work, field.add);
    case "product":
      return fold(x.factors, field, point, work, field.multiply);
    case "power":
      return evaluatePower(x.base, x.exponent, field, point, work);
    case "quantity":
      return evaluateQuantity(x.value, x.unit, field, point, work);
    case "call": {
      const args = evaluateAll(x.args, field, point, work);
      return args && field.call(x.name, args);
    }
    case "ratio":
      return x.parts.length === 2 ? evaluateRatio(x.parts, field, point, work) : null;
    case "repeated":
      return evaluateRepeated(x, field, point, work);
    default:
      return null;
  }
}

function lookUp<T>(name: string, field: Field<T>, point: Point): T | null {
  const value = point(name);
  return value && field.fromRational(value);
}

function evaluateAll<T>(xs: readonly Expression[], field: Field<T>, point: Point, work: Work): T[] | null {
  const values: T[] = [];
  for (const x of xs) {
    const value = evaluate(x, field, point, work);
    if (value === null) return null;
    values.push(value);
  }
  return values;
}

function fold<T>(
  xs: readonly Expression[],
  field: Field<T>,
  point: Point,
  work: Work,
  combine: (a: T, b: T) => T | null,
): T | null {
  let result: T | null = null;
  for (const [index, x] of xs.entries()) {
    const value = evaluate(x, field, point, work);
    if (value === null) return null;
    result = index === 0 ? value : combine(result as T, value);
    if (result === null) return null;
  }
  return result;
}

function evaluatePower<T>(
  base: Expression,
  exponent: Expression,
  field: Field<T>,
  point: Point,
  work: Work,
): T | null {
  const value = evaluate(base, field, point, work);
  if (value === null || (field.isFormal && exponent.kind !== "number" && isErratic(base, exponent, work)))
    return null;
  const exact =
    exponent.kind === "number" ? exponent.value : evaluate(exponent, exactField(work), point, work);
  if (exact) {
    work.spend(bitLength(exact.numerator) >> 2);
    return field.power(value, exact);
  }
  const general = evaluate(exponent, field, point, work);
  return general === null ? null : field.powerGeneral(value, general);
}

/** A power with names in the exponent whose base may turn with it, or whose exponent has a function of them. */
function isErratic(base: Expression, exponent: Expression, work: Work): boolean {
  if (namesIn(exponent, work).size === 0) return false;
  const isFunction = (node: Expression): boolean => node.kind === "call" || node.kind === "repeated";
  return !isPositive(base) || someNode(exponent, work, isFunction);
}

/** A positive numeral, e, pi, or products and powers of these and of plain names, which are positive to anyone who raises them. */
function isPositive(x: Expression): boolean {
  if (x.kind === "number") return x.value.numerator > 0n;
  if (x.kind === "constant") return x.name === "e" || x.name === "pi";
  if (x.kind === "product") return x.factors.every(isPositive);
  return x.kind === "symbol" || x.kind === "baseNumeral" || (x.kind === "power" && isPositive(x.base));
}

/** Percent is a hundredth, a degree is pi/180; any other unit leaves the number (units are compared elsewhere). */
function evaluateQuantity<T>(
  x: Expression,
  unit: string,
  field: Field<T>,
  point: Point,
  work: Work,
): T | null {
  const value = evaluate(x, field, point, work);
  if (value === null || (unit !== "percent" && unit !== "degree")) return value;
  if (unit === "percent") return scale(value, 1n, 100n, field);
  const pi = field.constant("pi");
  const perDegree = pi === null ? null : scale(pi, 1n, 180n, field);
  return perDegree === null ? null : field.multiply(value, perDegree);
}

function scale<T>(value: T, numerator: bigint, denominator: bigint, field: Field<T>): T | null {
  const factor = field.fromRational(rational(numerator, denominator) as Rational);
  return factor === null ? null : field.multiply(value, factor);
}

function evaluateRatio<T>(parts: readonly Expression[], field: Field<T>, point: Point, work: Work): T | null {
  const values = evaluateAll(parts, field, point, work);
  if (!values) return null;
  const inverse = field.power(values[1] as T, integer(-1));
  return inverse === null ? null : field.multiply(values[0] as T, inverse);
}

/** A sum or product whose bounds are whole numbers at this point, term by term. */
function evaluateRepeated<T>(x: Repeated, field: Field<T>, point: Point, work: Work): T | null {
  if ((x.operator !== "sum" && x.operator !== "product") || x.variable === "" || !x.from || !x.to)
    return null;
  const exact = exactField(work);
  const from = evaluate(x.from, exact, point, work);
  if (isInfinite(x.to)) {
    if (x.operator === "product" || !from || !isInteger(from)) return null;
    return endlessSum((index) => termAt(from.numerator + BigInt(index)), field);
  }
  const to = evaluate(x.to, exact, point, work);
  if (!from || !to || !isInteger(from) || !isInteger(to)) return null;
  const count = to.numerator - from.numerator + 1n;
  if (count > 1000n || count < 0n) return null;
  let result = field.fromRational(integer(x.operator === "sum" ? 0 : 1));
  for (let index = from.numerator; index <= to.numerator && result !== null; index++) {
    const term = termAt(index);
    if (term === null) return null;
    result = x.operator === "sum" ? field.add(result, term) : field.multiply(result, term);
  }
  return result;

  function termAt(index: bigint): T | null {
    const value = integer(index);
    return evaluate(x.body, field, (name) => (name === x.variable ? value : point(name)), work);
  }
}

function isInfinite(x: Expression): boolean {
  return x.kind === "constant" && x.name === "infinity";
}
