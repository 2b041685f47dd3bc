/**
 * Equality of two values: numbers first exactly, then by high precision; expressions with names by identity at points.
 *
 * Numbers: both rational - exact. Otherwise doubles reject what differs, and 320-bit reals decide what agrees.
 * Names: rational expressions modulo a prime (exact up to a chance of 2^-50); the rest in complex doubles at fixed
 * points where both sides are defined. Points are derived from the names, so that a verdict never depends on chance.
 */
import { type Complex, complexField, isReal, type LogBase } from "../algebra/complex-field.ts";
import { evaluate, noNames, type Point } from "../algebra/evaluate.ts";
import { exactField } from "../algebra/exact-field.ts";
import { modularField } from "../algebra/modular-field.ts";
import { addPrecise, magnitude, negatePrecise } from "../algebra/precise.ts";
import { preciseField } from "../algebra/precise-field.ts";
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
import { namesIn, someNode } from "../algebra/walk.ts";
import type { Expression } from "../parse/expression.ts";
import { type Context, equalBy, type Outcome, unequalBy } from "./context.ts";

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

/** A bare \log is read as the natural and as the common logarithm, the same on both sides. */
function logBases(gold: Expression, answer: Expression, { work }: Context): readonly LogBase[] {
  const isLog = (node: Expression): boolean => node.kind === "call" && node.name === "log";
  return someNode(gold, work, isLog) || someNode(answer, work, isLog) ? ["e", 10] : ["e"];
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

/** Whether two real values agree to 240 bits at a point; null where one of them is not real or not computable. */
function comparePrecisely(
  gold: Expression,
  answer: Expression,
  base: LogBase,
  point: Point,
  { work }: Context,
): boolean | null {
  const field = preciseField(base, work);
  const x = evaluate(gold, field, point, work);
  const y = x && evaluate(answer, field, point, work);
  if (!x || !y) return null;
  const difference = addPrecise(x, negatePrecise(y));
  const largest = Math.max(magnitude(x), magnitude(y), field.scale());
  return difference !== null && magnitude(difference) < largest - 240;
}

/** Whether `x` is a decimal numeral that rounds or cuts the irrational number near `value`. */
function isDecimalFor(x: Expression, value: number, context: Context): boolean {
  if (x.kind !== "number" || !hasEnoughDigits(x.significantDigits, context)) return false;
  const written = rationalToNumber(x.value);
  const place = Math.floor(Math.log10(Math.abs(written))) - (x.significantDigits as number) + 1;
  const unit = Math.abs(written) < Math.abs(value) ? 10 ** place : 10 ** place / 2;
  return Math.abs(written - value) <= Math.max(unit, 4e-15 * Math.abs(value));
}

function isClose(a: Complex, b: Complex, scale: number, tolerance: number): boolean {
  const distance = Math.hypot(a.re - b.re, a.im - b.im);
  const size = Math.max(Math.hypot(a.re, a.im), Math.hypot(b.re, b.im));
  return distance <= tolerance * size + 1e-13 * scale;
}

// --- expressions with names ------------------------------------------------------------------------------------------

function compareIdentity(gold: Expression, answer: Expression, context: Context): Outcome {
  const formal = compareModular(gold, answer, context);
  if (formal !== null) {
    return formal
      ? equalBy("symbolic", "identical rational expressions")
      : unequalBy("symbolic", "different rational expressions");
  }
  let outcome = unequalBy("symbolic", "no common value at the points tried");
  for (const base of logBases(gold, answer, context)) {
    outcome = compareFunctions(gold, answer, base, context);
    if (outcome.equal) return outcome;
  }
  return outcome;
}

/**
 * As real functions, where both have enough values at the points; else as complex ones. A modulus on one side only is
 * the whole difference between ln|x| and ln x: there, both sides must be defined at the same points.
 */
function compareFunctions(gold: Expression, answer: Expression, base: LogBase, context: Context): Outcome {
  const { work } = context;
  const hasI = (node: Expression): boolean => node.kind === "constant" && node.name === "i";
  const hasAbs = (node: Expression): boolean => node.kind === "call" && node.name === "abs";
  if (!someNode(gold, work, hasI) && !someNode(answer, work, hasI)) {
    const isStrict = someNode(gold, work, hasAbs) !== someNode(answer, work, hasAbs);
    const outcome = compareAtPoints(gold, answer, base, { isRealOnly: true, isStrict }, context);
    if (outcome) return outcome;
  }
  const outcome = compareAtPoints(gold, answer, base, { isRealOnly: false, isStrict: false }, context);
  return outcome ?? unequalBy("symbolic", "no common value at the points tried");
}

/** True or false where both sides are rational expressions, else null. */
function compareModular(gold: Expression, answer: Expression, { work }: Context): boolean | null {
  let agreements = 0;
  for (let index = 0; index < 4 && agreements < 2; index++) {
    const point = modularPoint(index);
    const a = evaluate(gold, modularField, point, work);
    const b = evaluate(answer, modularField, point, work);
    if (a === null || b === null) {
      if (index === 1) return null;
      continue;
    }
    if (a !== b) return false;
    agreements++;
  }
  return agreements >= 2 ? true : null;
}

/** Points at which functions are compared. */
export const pointCount = 16;

/** Equal or not by the values at the points, or null where too few of them have values on both sides. */
function compareAtPoints(
  gold: Expression,
  answer: Expression,
  base: LogBase,
  { isRealOnly, isStrict }: { readonly isRealOnly: boolean; readonly isStrict: boolean },
  context: Context,
): Outcome | null {
  const { work } = context;
  const isDiscrete = (node: Expression): boolean =>
    node.kind === "repeated" || (node.kind === "call" && discreteCalls.has(node.name));
  const isRounding = (node: Expression): boolean =>
    node.kind === "call" && (node.name === "floor" || node.name === "ceil");
  const holds = (test: (node: Expression) => boolean): boolean =>
    someNode(gold, work, test) || someNode(answer, work, test);
  const pointAt = holds(isDiscrete)
    ? integerPoint
    : holds(isRounding)
      ? mixedPoint
      : holds(isPiecewise)
        ? widePoint
        : realPoint;
  let agreements = 0;
  let misses = 0;
  for (let index = 0; index < pointCount; index++) {
    const point = pointAt(index);
    const field = complexField(base, isRealOnly);
    const a = evaluate(gold, field, point, work);
    const b = evaluate(answer, field, point, work);
    if (!a || !b || isReal(a) !== isReal(b)) {
      if (a || b) misses++;
      continue;
    }
    const isSame =
      isClose(a, b, field.scale(), 1e-10) &&
      // Doubles cannot tell x from x + 10^-13: the first points are decided with high precision.
      (agreements >= 2 || comparePrecisely(gold, answer, base, point, context) !== false);
    if (!isSame) return unequalBy("symbolic", "different values at a point");
    agreements++;
  }
  if (isStrict && misses > 0) return unequalBy("symbolic", "not defined at the same points");
  return agreements >= 4 && agreements >= misses
    ? equalBy("symbolic", `equal values at ${agreements} points`)
    : null;
}

function isPiecewise(node: Expression): boolean {
  return node.kind === "call" && ["abs", "max", "min", "sign"].includes(node.name);
}

const discreteCalls: ReadonlySet<string> = new Set([
  ...["factorial", "doubleFactorial", "binomial", "mod", "gcd", "lcm"],
]);

/** Large whole numbers, as residues. */
export function modularPoint(index: number): Point {
  return fixedPoint(`modular ${index}`, (seed) => BigInt(seed) * 4294967311n + BigInt(seed >>> 3));
}

/**
 * Between 0.2 and 3.2 for the first six points, of either sign for the next six; the last four are up to about 3000 in
 * size, so that |x - 50| is not taken for 50 - x.
 */
export function realPoint(index: number): Point {
  const factor = index < 12 ? 1n : index < 14 ? 29n : 997n;
  return fixedPoint(
    `real ${index}`,
    (seed) => {
      const size = BigInt(200 + (seed % 3000)) * factor;
      const isNegative = index < 12 ? index >= 6 && (seed >>> 12) % 2 === 1 : index % 2 === 1;
      return isNegative ? -size : size;
    },
    1000n,
  );
}

/** As realPoint, but the last two are in the millions: for functions that change where an argument is large. */
function widePoint(index: number): Point {
  if (index < pointCount - 2) return realPoint(index);
  const sign = index % 2 === 0 ? 1n : -1n;
  return fixedPoint(`wide ${index}`, (seed) => sign * BigInt(20_000_000 + (seed % 90_000_000)));
}

/** Whole numbers from 1 to 15. */
function integerPoint(index: number): Point {
  return fixedPoint(`integer ${index}`, (seed) => BigInt(1 + (seed % 15)));
}

/** Whole numbers for the letters that stand for them, and for the rest at every third point: floor(x) is not x. */
function mixedPoint(index: number): Point {
  const [whole, real] = [integerPoint(index), realPoint(index)];
  return (name) => (index % 3 === 0 || /^[ijklmnpqKMN](?:_|'|$)/.test(name) ? whole(name) : real(name));
}

/** A point that depends on nothing but the label and the name. */
function fixedPoint(label: string, value: (seed: number) => bigint, denominator = 1n): Point {
  return (name) => {
    if (name === "pi" || name === "e" || name === "i" || name === "infinity") return null;
    return rational(value(hash(`${label} ${name}`)), denominator);
  };
}

/** FNV-1a with a final mix (Fowler, Noll, Vo; MurmurHash3's finaliser). */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    h ^= text.charCodeAt(index);
    h = Math.imul(h, 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
