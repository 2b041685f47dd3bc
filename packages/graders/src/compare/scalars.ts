/**
 * Equality of two values: numbers first exactly, then by high precision; expressions with names in `identities.ts`.
 * Both rational: exact. Otherwise doubles reject what differs, and 320-bit reals decide what agrees.
 */
import { complexField, isReal, type LogBase } from "../algebra/complex-field.ts";
import { evaluate, noNames } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { modularField } from "../algebra/modular-field.ts";
import { printExpression } from "../algebra/print.ts";
import {
  absRational,
  addRational,
  compareRational,
  equalRational,
  isFiniteDecimal,
  type Rational,
  rational,
  rationalToNumber,
} from "../algebra/rational.ts";
import { namesIn } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";
import { compareIdentity } from "./identities.ts";
import { comparePrecisely, isClose, logBases } from "./numeric.ts";

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
  const formalGold = evaluate(gold, modularField, noNames, work);
  const formalAnswer = evaluate(answer, modularField, noNames, work);
  if (formalGold !== null && formalGold === formalAnswer) {
    return equalBy("symbolic", "identical as rational expressions in pi, e and i");
  }
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
      if (isDecimalFor(answer, a.re, context) || isDecimalFor(gold, b.re, context)) {
        return equalBy("numeric", "a decimal that rounds the other number");
      }
    }
    if (!isClose(a, b, field.scale(), 1e-9)) return unequalBy("numeric", "different numbers");
  }
  const isSame = comparePrecisely(gold, answer, base, noNames, context);
  if (isSame !== null) {
    return isSame
      ? equalBy("numeric", "equal to more than 70 digits")
      : unequalBy("numeric", "different numbers");
  }
  if (!a || !b) return unequalBy("numeric", "not a number that can be computed");
  return isClose(a, b, field.scale(), 1e-12)
    ? equalBy("numeric", "equal to 12 digits")
    : unequalBy("numeric", "different numbers");
}

/** Whether `x` is a decimal numeral that rounds or cuts the irrational number near `value`. */
function isDecimalFor(x: Expression, value: number, context: Context): boolean {
  if (x.kind !== "number" || !hasEnoughDigits(x.significantDigits, context)) return false;
  const written = rationalToNumber(x.value);
  const place = Math.floor(Math.log10(Math.abs(written))) - (x.significantDigits as number) + 1;
  const unit = Math.abs(written) < Math.abs(value) ? 10 ** place : 10 ** place / 2;
  return Math.abs(written - value) <= Math.max(unit, 4e-15 * Math.abs(value));
}
