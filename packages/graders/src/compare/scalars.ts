/**
 * Equality of two values: numbers first exactly, then by high precision; expressions with names in `identities.ts`.
 * Both rational: exact. Otherwise doubles reject what differs, and 320-bit reals decide what agrees.
 */
import { complexField, isReal, type LogBase } from "../algebra/complex-field.ts";
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { modularField, otherModularField } from "../algebra/modular-field.ts";
import { printExpression } from "../algebra/print.ts";
import {
  absRational,
  addRational,
  compareRational,
  equalRational,
  integer,
  isFiniteDecimal,
  multiplyRational,
  powerRational,
  type Rational,
  rational,
  rationalToNumber,
} from "../algebra/rational.ts";
import { namesIn } from "../algebra/walk.ts";
import { call, type Expression, negative, numberNode, sumOf } from "../parse/expression.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { compareIdentity } from "./identities.ts";
import { comparePrecisely, isSurelyDifferent, logBases, signOf } from "./numeric.ts";

/** Whether two values without units, lists or relations are equal. */
export function compareValues(gold: Expression, answer: Expression, context: Context): Outcome {
  const { work } = context;
  const exact = exactField(work);
  const exactGold = evaluate(gold, exact, noNames, work);
  const exactAnswer = evaluate(answer, exact, noNames, work);
  if (exactGold && exactAnswer) return compareExact(gold, exactGold, answer, exactAnswer, context);
  if (printExpression(gold, work) === printExpression(answer, work)) {
    return equalBy("symbolic", "the same expression up to order and notation");
  }
  const names = new Set([...namesIn(gold, work), ...namesIn(answer, work)]);
  return names.size === 0 ? compareConstants(gold, answer, context) : compareIdentity(gold, answer, context);
}

/** The double nearest to a closed real expression, or null. */
export function realValue(x: Expression, context: Context): number | null {
  const value = evaluate(x, complexField("e"), noNames, context.work);
  return value && isReal(value) ? value.re : null;
}

function compareExact(
  gold: Expression,
  goldValue: Rational,
  answer: Expression,
  answerValue: Rational,
  context: Context,
): Outcome {
  if (equalRational(goldValue, answerValue)) return equalBy("exact", "equal as exact numbers");
  if (isWithinTolerance(rationalToNumber(goldValue), rationalToNumber(answerValue), context)) {
    return equalBy("tolerance", "equal within the tolerance asked for");
  }
  const rounds =
    isRoundingOf(answer, goldValue, context) ||
    isRoundingOf(gold, answerValue, context) ||
    isShorterNumeral(gold, answer, context);
  return rounds
    ? equalBy("numeric", "a decimal that rounds the other number")
    : unequalBy("exact", "different exact numbers");
}

function isWithinTolerance(gold: number, answer: number, { options }: Context): boolean {
  const distance = Math.abs(gold - answer);
  if (options.decimals !== undefined && distance < 0.5 * 10 ** -options.decimals) return true;
  if (options.absoluteTolerance !== undefined && distance <= options.absoluteTolerance) return true;
  return options.relativeTolerance !== undefined && distance <= options.relativeTolerance * Math.abs(gold);
}

/** Whether `x` is a decimal numeral that rounds or cuts `value`, a fraction without a finite decimal form. */
function isRoundingOf(x: Expression, value: Rational, context: Context): boolean {
  if (x.kind !== "number" || !hasEnoughDigits(x.significantDigits, context) || isFiniteDecimal(value))
    return false;
  return isNear(x.value, value, x.significantDigits as number);
}

/** Whether one decimal numeral rounds a much longer one: 4.123106 and 4.123105625617661. */
function isShorterNumeral(a: Expression, b: Expression, context: Context): boolean {
  if (a.kind !== "number" || b.kind !== "number") return false;
  const [short, long] = (a.significantDigits ?? 0) <= (b.significantDigits ?? 0) ? [a, b] : [b, a];
  const digits = short.significantDigits;
  if (!hasEnoughDigits(digits, context) || (long.significantDigits ?? 0) < Math.max(10, (digits ?? 0) + 3)) {
    return false;
  }
  return isNear(short.value, long.value, digits as number);
}

function hasEnoughDigits(digits: number | undefined, { options }: Context): boolean {
  return digits !== undefined && digits >= (options.significantDigits ?? 6);
}

/** Whether the numeral a rounds b at the last of its significant digits, or is b cut there. */
function isNear(a: Rational, b: Rational, digits: number): boolean {
  const size = Math.abs(rationalToNumber(a));
  if (size === 0) return false;
  const place = Math.floor(Math.log10(size)) - digits + 1;
  const power = 10n ** BigInt(Math.abs(place));
  const unit = place < 0 ? rational(1n, power) : rational(power);
  const difference = rational(
    a.numerator * b.denominator - b.numerator * a.denominator,
    a.denominator * b.denominator,
  );
  if (unit === null || difference === null) return false;
  const distance = absRational(difference);
  const isCut = compareRational(absRational(a), absRational(b)) < 0;
  return isCut
    ? compareRational(distance, unit) < 0
    : compareRational(addRational(distance, distance) ?? unit, unit) <= 0;
}

/** Closed expressions of which at least one is irrational, complex or too large for exact fractions. */
function compareConstants(gold: Expression, answer: Expression, context: Context): Outcome {
  const { work } = context;
  const areIdentical = [modularField, otherModularField].every((field) => {
    const value = evaluate(gold, field, noNames, work);
    return value !== null && value === evaluate(answer, field, noNames, work);
  });
  if (areIdentical) return equalBy("symbolic", "identical as rational expressions in pi, e and i");
  let outcome = unequalBy("numeric", "no common value");
  for (const base of logBases(gold, answer, context)) {
    outcome = compareConstantsWithBase(gold, answer, base, context);
    if (outcome.equal) return outcome;
  }
  return outcome;
}

function compareConstantsWithBase(
  gold: Expression,
  answer: Expression,
  base: LogBase,
  context: Context,
): Outcome {
  const { work } = context;
  const field = complexField(base);
  const a = evaluate(gold, field, noNames, work);
  const b = evaluate(answer, field, noNames, work);
  if (a && b) {
    if (isReal(a) && isReal(b)) {
      if (isWithinTolerance(a.re, b.re, context)) {
        return equalBy("tolerance", "equal within the tolerance asked for");
      }
      if (
        isDecimalFor(answer, gold, a.re, base, context) ||
        isDecimalFor(gold, answer, b.re, base, context)
      ) {
        return equalBy("numeric", "a decimal that rounds the other number");
      }
    }
    if (isSurelyDifferent(a, b, field, 1e-9)) return unequalBy("numeric", "different numbers");
  }
  switch (comparePrecisely(gold, answer, noNames, { base, isRealOnly: false }, context)) {
    case "equal":
      return equalBy("numeric", "equal to at least 60 digits");
    case "different":
      return unequalBy("numeric", "different numbers");
    case "undefined":
      return unequalBy("numeric", "not a number that can be computed");
    default:
      return unequalBy("numeric", "numbers that cannot be told apart");
  }
}

/** Numerals of so many digits may be a double's, whose last digits are rounding. */
const digitsOfDouble = [15, 17] as const;
const roundingOfDouble = 1e-15;

/** Whether `x` is a decimal numeral that rounds or cuts the irrational number `other`, which is near `value`. */
function isDecimalFor(
  x: Expression,
  other: Expression,
  value: number,
  base: LogBase,
  context: Context,
): boolean {
  const { work } = context;
  if (x.kind !== "number" || !hasEnoughDigits(x.significantDigits, context)) return false;
  const digits = x.significantDigits as number;
  const written = rationalToNumber(x.value);
  const place = Math.floor(Math.log10(Math.abs(written))) - digits + 1;
  const distance = Math.abs(written - value);
  if (digits <= digitsOfDouble[1]) {
    const unit = Math.abs(written) < Math.abs(value) ? 10 ** place : 10 ** place / 2;
    const rounding = digits >= digitsOfDouble[0] ? roundingOfDouble * Math.abs(value) : 0;
    return distance <= Math.max(unit * (1 + 1e-9), rounding);
  }
  // Doubles know no more digits.
  if (distance > 1e-12 * Math.abs(value)) return false;
  const sign = (difference: Expression): number | null =>
    signOf(difference, { base, isRealOnly: true }, work);
  const isShorter = sign(sumOf([call("abs", other), negative(call("abs", x))])) === 1;
  const room = powerRational(integer(10), BigInt(place));
  const allowed = room && (isShorter ? room : multiplyRational(room, rational(1n, 2n) as Rational));
  if (!allowed) return false;
  return sign(sumOf([numberNode(allowed), negative(call("abs", sumOf([other, negative(x)])))])) === 1;
}
