/**
 * Exact fractions of BigInt: always in lowest terms, denominator positive.
 * Every operation that could grow without bound returns null when a part would exceed `limits.integerBits`.
 */
import { limits } from "../work.ts";

/** numerator / denominator in lowest terms, denominator > 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The fraction in lowest terms, or null for a zero denominator. */
export function rational(numerator: bigint, denominator = 1n): Rational | null {
  if (denominator === 0n) return null;
  if (denominator === 1n) return { numerator, denominator };
  const divisor = greatestCommonDivisor(numerator, denominator);
  const sign = denominator < 0n ? -1n : 1n;
  return { numerator: (sign * numerator) / divisor, denominator: (sign * denominator) / divisor };
}

export function integer(value: bigint | number): Rational {
  return { numerator: BigInt(value), denominator: 1n };
}

export const zero = integer(0);
export const one = integer(1);
export const minusOne = integer(-1);

export function isInteger(x: Rational): boolean {
  return x.denominator === 1n;
}

export function equalRational(a: Rational, b: Rational): boolean {
  return a.numerator === b.numerator && a.denominator === b.denominator;
}

/** Negative, zero or positive, as a - b is. */
export function compareRational(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function addRational(a: Rational, b: Rational): Rational | null {
  return within(
    rational(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator),
  );
}

export function multiplyRational(a: Rational, b: Rational): Rational | null {
  return within(rational(a.numerator * b.numerator, a.denominator * b.denominator));
}

function invertRational(x: Rational): Rational | null {
  return rational(x.denominator, x.numerator);
}

export function absRational(x: Rational): Rational {
  return x.numerator < 0n ? { numerator: -x.numerator, denominator: x.denominator } : x;
}

export function negateRational(x: Rational): Rational {
  return { numerator: -x.numerator, denominator: x.denominator };
}

/** Largest integer <= x. */
export function floorRational(x: Rational): bigint {
  const quotient = x.numerator / x.denominator;
  return x.numerator < 0n && quotient * x.denominator !== x.numerator ? quotient - 1n : quotient;
}

/** x to an integer power; null for 0 to a negative power and for results that are too large. */
export function powerRational(x: Rational, exponent: bigint): Rational | null {
  if (exponent < 0n) {
    const inverse = invertRational(x);
    return inverse && powerRational(inverse, -exponent);
  }
  if (x.denominator === 1n && (x.numerator === 0n || x.numerator === 1n || x.numerator === -1n)) {
    if (exponent === 0n) return one;
    return x.numerator === -1n && exponent % 2n === 0n ? one : x;
  }
  const bits = Math.max(bitLength(x.numerator), bitLength(x.denominator));
  if (exponent * BigInt(bits) > BigInt(limits.integerBits)) return null;
  return { numerator: x.numerator ** exponent, denominator: x.denominator ** exponent };
}

/** The exact real root of degree 1 to 64, or null where it is not rational (or not real). */
export function rootRational(x: Rational, degree: bigint): Rational | null {
  if (degree <= 0n || degree > 64n) return null;
  if (x.numerator < 0n) {
    if (degree % 2n === 0n) return null;
    const root = rootRational(negateRational(x), degree);
    return root && negateRational(root);
  }
  const numerator = integerRoot(x.numerator, degree);
  const denominator = integerRoot(x.denominator, degree);
  const isExact = numerator ** degree === x.numerator && denominator ** degree === x.denominator;
  return isExact ? { numerator, denominator } : null;
}

/** floor of the degree-th root of x >= 0, by Newton's method on integers. */
export function integerRoot(x: bigint, degree: bigint): bigint {
  if (x < 2n || degree === 1n) return x;
  const bits = bitLength(x);
  if (BigInt(bits) <= degree) return 1n;
  let guess = 1n << (BigInt(bits) / degree + 1n);
  for (;;) {
    const next = ((degree - 1n) * guess + x / guess ** (degree - 1n)) / degree;
    if (next >= guess) return guess;
    guess = next;
  }
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Number of bits of |x|, within 3 for large values. */
export function bitLength(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  if (magnitude < 0x1_0000_0000n) return 32 - Math.clz32(Number(magnitude));
  return magnitude.toString(16).length * 4;
}

/** The nearest double, right also where numerator and denominator are beyond its range. */
export function rationalToNumber(x: Rational): number {
  const direct = Number(x.numerator) / Number(x.denominator);
  if (Number.isFinite(direct) && direct !== 0) return direct;
  if (x.numerator === 0n) return 0;
  const shift = bitLength(x.numerator) - bitLength(x.denominator) - 64;
  const scaled =
    shift > 0
      ? Number(x.numerator / (x.denominator << BigInt(shift)))
      : Number((x.numerator << BigInt(-shift)) / x.denominator);
  return scaled * 2 ** shift;
}

/** True where the fraction has a finite decimal form: its denominator divides a power of ten. */
export function isFiniteDecimal(x: Rational): boolean {
  let remainder = 10n % x.denominator;
  // Squaring 10 reaches any power of 2 or 5 below 2^(2^k) in k steps: a loop of divisions could be long.
  for (let bits = bitLength(x.denominator); bits > 1; bits >>= 1) {
    remainder = (remainder * remainder) % x.denominator;
  }
  return (remainder * remainder) % x.denominator === 0n;
}

/** "3", "-7/2". */
export function printRational(x: Rational): string {
  return x.denominator === 1n ? x.numerator.toString() : `${x.numerator}/${x.denominator}`;
}

function within(x: Rational | null): Rational | null {
  if (x === null) return null;
  return bitLength(x.numerator) > limits.integerBits || bitLength(x.denominator) > limits.integerBits
    ? null
    : x;
}
