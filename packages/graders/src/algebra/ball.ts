/**
 * Real numbers with a bound on their error: binary floating point of any precision on BigInt. A number that its bound keeps
 * away from zero is proved not to be zero; one that it does not is zero, or too small to be seen with so many bits.
 * Every operation takes the bits of its result last and returns null where the result cannot be held.
 */
import { bitLength, integerRoot, isInteger, type Rational } from "./rational.ts";

/** mantissa * 2^exponent, at most 2^error away from the true number. */
export interface Ball {
  readonly mantissa: bigint;
  readonly exponent: number;
  /** The binary logarithm of the largest error; -Infinity for an exact number. */
  readonly error: number;
}

/** Exponents beyond this are refused: no answer needs a number of more than five million digits. */
const largestExponent = 2 ** 24;

export const zeroBall: Ball = { mantissa: 0n, exponent: 0, error: Number.NEGATIVE_INFINITY };
export const oneBall: Ball = { mantissa: 1n, exponent: 0, error: Number.NEGATIVE_INFINITY };

/** The ball around mantissa * 2^exponent, its mantissa cut to `bits`; the error grows by what was cut. */
export function ball(mantissa: bigint, exponent: number, error: number, bits: number): Ball | null {
  if (mantissa === 0n) return { mantissa, exponent: 0, error };
  const excess = bitLength(mantissa) - bits;
  if (Math.abs(exponent + Math.max(0, excess)) > largestExponent) return null;
  if (excess <= 0) return { mantissa, exponent, error };
  const place = exponent + excess;
  return { mantissa: mantissa >> BigInt(excess), exponent: place, error: addErrors(error, place) };
}

export function ballOf(x: Rational, bits: number): Ball | null {
  if (isInteger(x)) return ball(x.numerator, 0, Number.NEGATIVE_INFINITY, bits);
  const shift = Math.max(0, bits + 8 - bitLength(x.numerator) + bitLength(x.denominator));
  return ball((x.numerator << BigInt(shift)) / x.denominator, -shift, -shift, bits);
}

/** |x| is less than 2 to this; -Infinity for zero. */
export function magnitude(x: Ball): number {
  return x.mantissa === 0n ? Number.NEGATIVE_INFINITY : bitLength(x.mantissa) + x.exponent;
}

/** |x| is at least 2 to this: `bitLength` may be three too many. */
export function leastMagnitude(x: Ball): number {
  return magnitude(x) - 4;
}

/** Whether the true number is surely not zero. */
export function isNotZero(x: Ball): boolean {
  return leastMagnitude(x) > x.error;
}

/** The binary logarithm of 2^a + 2^b, rounded up. */
export function addErrors(a: number, b: number): number {
  const [large, small] = a > b ? [a, b] : [b, a];
  return small === Number.NEGATIVE_INFINITY ? large : large + Math.log2(1 + 2 ** (small - large)) + 1e-9;
}

export function addBalls(a: Ball, b: Ball, bits: number): Ball | null {
  const error = addErrors(a.error, b.error);
  if (a.mantissa === 0n) return { ...b, error };
  if (b.mantissa === 0n) return { ...a, error };
  const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  const distance = high.exponent - low.exponent;
  // The lower one is below the last bit of the other: it is part of the error.
  if (distance > 2 * bits && magnitude(high) > magnitude(low) + bits + 8)
    return { ...high, error: addErrors(error, magnitude(low)) };
  return ball((high.mantissa << BigInt(distance)) + low.mantissa, low.exponent, error, bits);
}

export function negateBall(x: Ball): Ball {
  return { mantissa: -x.mantissa, exponent: x.exponent, error: x.error };
}

export function absoluteBall(x: Ball): Ball {
  return x.mantissa < 0n ? negateBall(x) : x;
}

export function multiplyBalls(a: Ball, b: Ball, bits: number): Ball | null {
  const crossed = addErrors(magnitude(a) + b.error, magnitude(b) + a.error);
  return ball(a.mantissa * b.mantissa, a.exponent + b.exponent, addErrors(crossed, a.error + b.error), bits);
}

/** x * 2^shift. */
export function shiftBall(x: Ball, shift: number): Ball {
  return x.mantissa === 0n
    ? { ...x, error: x.error + shift }
    : { mantissa: x.mantissa, exponent: x.exponent + shift, error: x.error + shift };
}

/** 1 / x; null where x may be zero. */
export function invertBall(x: Ball, bits: number): Ball | null {
  const least = leastMagnitude(x);
  if (least <= x.error + 1) return null;
  const shift = bits + 8 + bitLength(x.mantissa);
  const place = -x.exponent - shift;
  const error = addErrors(x.error - 2 * least + 1, place);
  return ball((1n << BigInt(shift)) / x.mantissa, place, error, bits);
}

/** x to a whole power by squaring. */
export function powerOfBall(x: Ball, exponent: bigint, bits: number): Ball | null {
  if (exponent < 0n) {
    const inverse = invertBall(x, bits);
    return inverse && powerOfBall(inverse, -exponent, bits);
  }
  if (bitLength(exponent) > 40) return null;
  let result: Ball | null = oneBall;
  let square: Ball | null = x;
  for (let rest = exponent; rest > 0n && result && square; rest >>= 1n) {
    if (rest & 1n) result = multiplyBalls(result, square, bits);
    square = rest > 1n ? multiplyBalls(square, square, bits) : square;
  }
  return square && result;
}

/** The real root of degree 2 to 64 of a number that is not negative. What may be zero has a root that may be. */
export function rootOfBall(x: Ball, degree: number, bits: number): Ball | null {
  const least = leastMagnitude(x);
  if (least <= x.error + 1) {
    const largest = addErrors(magnitude(x), x.error);
    return { ...zeroBall, error: largest / degree };
  }
  if (x.mantissa < 0n) return null;
  // Scale so that the root has all bits and the exponent is a multiple of the degree.
  let shift = Math.max(0, (bits + 4) * degree - bitLength(x.mantissa));
  shift += (((x.exponent - shift) % degree) + degree) % degree;
  const root = integerRoot(x.mantissa << BigInt(shift), BigInt(degree));
  const place = (x.exponent - shift) / degree;
  const isExact = root ** BigInt(degree) === x.mantissa << BigInt(shift);
  const rounding = isExact ? Number.NEGATIVE_INFINITY : place;
  return ball(root, place, addErrors(x.error - least + bitLength(root) + place, rounding), bits);
}

/** The nearest double, or null where it is beyond the range. */
export function ballToNumber(x: Ball): number | null {
  const drop = Math.max(0, bitLength(x.mantissa) - 64);
  const value = Number(x.mantissa >> BigInt(drop)) * 2 ** (x.exponent + drop);
  return Number.isFinite(value) ? value : null;
}
