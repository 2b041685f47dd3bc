/**
 * Exponential, logarithm, sine, cosine, arc tangent and pi of balls, by fixed-point series with guard bits. An argument's
 * error goes into the result by the slope of the function there.
 */
import {
  addBalls,
  addErrors,
  type Ball,
  ball,
  invertBall,
  leastMagnitude,
  magnitude,
  negateBall,
} from "./ball.ts";
import { integerRoot } from "./rational.ts";

/** Bits that absorb the rounding of a series; what is left of it is below 2^-(bits + 16). */
const guard = 64;
/** Bits by which an argument may be larger than 1: e^(2^24) has five million digits. */
const largestExponentialArgument = 24;

/** Null where it is beyond what can be held, or the argument's error is above 1. */
export function exponential(x: Ball, bits: number): Ball | null {
  const size = Math.max(0, magnitude(x));
  if (size > largestExponentialArgument || x.error > 0) return null;
  const fraction = fractionFor(bits + size);
  const argument = toFixed(x, fraction);
  const ln2 = ln2Fixed(fraction);
  const turns = argument / ln2;
  // e^r = (e^(r / 2^8))^(2^8)
  const small = (argument - turns * ln2) >> 8n;
  const unit = 1n << BigInt(fraction);
  let term = unit;
  let sum = unit;
  for (let index = 1n; term !== 0n && term !== -1n; index++) {
    term = ((term * small) >> BigInt(fraction)) / index;
    sum += term;
  }
  for (let count = 0; count < 8; count++) sum = (sum * sum) >> BigInt(fraction);
  const place = Number(turns) - fraction;
  const largest = Number(turns) + 2;
  return ball(sum, place, addErrors(x.error + largest + 1, largest - bits - 16), bits);
}

/** The natural logarithm of a number that is surely positive; null for any other. */
export function logarithm(x: Ball, bits: number): Ball | null {
  const least = leastMagnitude(x);
  if (x.mantissa <= 0n || least <= x.error + 1) return null;
  const shift = magnitude(x);
  const fraction = fractionFor(bits + 24);
  const scaled = toFixed({ ...x, exponent: x.exponent - shift }, fraction);
  // Four square roots bring the argument near 1, where ln m = 2 artanh((m - 1) / (m + 1)) converges fast.
  let near = scaled;
  for (let count = 0; count < 4; count++) near = integerRoot(near << BigInt(fraction), 2n);
  const unit = 1n << BigInt(fraction);
  const half = artanhFixed(((near - unit) << BigInt(fraction)) / (near + unit), fraction);
  const sum = (half << 5n) + BigInt(shift) * ln2Fixed(fraction);
  return ball(sum, -fraction, addErrors(x.error - least + 1, -bits - 16), bits);
}

/** Null where the argument is so large that nobody means it. */
export function sineAndCosine(x: Ball, bits: number): { readonly sine: Ball; readonly cosine: Ball } | null {
  const size = Math.max(0, magnitude(x));
  if (size > 2 * bits) return null;
  const fraction = fractionFor(bits + size);
  const quarter = piFixed(fraction) >> 1n;
  const argument = toFixed(x, fraction);
  const turns = roundedQuotient(argument, quarter);
  const rest = argument - turns * quarter;
  const s = sineFixed(rest, fraction);
  const c = sineFixed(quarter - (rest < 0n ? -rest : rest), fraction);
  const turn = Number(((turns % 4n) + 4n) % 4n);
  const sine = [s, c, -s, -c][turn] as bigint;
  const cosine = [c, -s, -c, s][turn] as bigint;
  const error = addErrors(x.error, -bits - 16);
  const [first, second] = [sine, cosine].map((value) => ball(value, -fraction, error, bits));
  return first && second ? { sine: first, cosine: second } : null;
}

export function arcTangent(x: Ball, bits: number): Ball | null {
  if (magnitude(x) > 32) {
    const inverse = invertBall(x, bits);
    const rest = inverse && arcTangent(inverse, bits);
    const pi = piBall(bits);
    const quarter = {
      ...pi,
      mantissa: x.mantissa < 0n ? -pi.mantissa : pi.mantissa,
      exponent: pi.exponent - 1,
    };
    return rest && addBalls(quarter, negateBall(rest), bits);
  }
  const fraction = fractionFor(bits + Math.max(0, magnitude(x)));
  const unit = 1n << BigInt(fraction);
  // arctan x = 2 arctan(x / (1 + sqrt(1 + x^2))), four times.
  let argument = toFixed(x, fraction);
  for (let count = 0; count < 4; count++) {
    const root = integerRoot((unit << BigInt(fraction)) + argument * argument, 2n);
    argument = (argument << BigInt(fraction)) / (unit + root);
  }
  let power = argument;
  let sum = argument;
  const square = (argument * argument) >> BigInt(fraction);
  for (let index = 3n; power !== 0n && power !== -1n; index += 2n) {
    power = -((power * square) >> BigInt(fraction));
    sum += power / index;
  }
  return ball(sum << 4n, -fraction, addErrors(x.error, -bits - 16), bits);
}

export function piBall(bits: number): Ball {
  const fraction = fractionFor(bits);
  return ball(piFixed(fraction), -fraction, -bits - 16, bits) as Ball;
}

/** Bits after the point for results of so many: a multiple of 64, so that few constants are kept. */
function fractionFor(bits: number): number {
  return Math.ceil((bits + guard) / 64) * 64;
}

/** A fixed-point integer with `fraction` bits after the point. */
function toFixed(x: Ball, fraction: number): bigint {
  const shift = x.exponent + fraction;
  return shift >= 0 ? x.mantissa << BigInt(shift) : x.mantissa >> BigInt(-shift);
}

function roundedQuotient(a: bigint, b: bigint): bigint {
  const doubled = 2n * a + b;
  const quotient = doubled / (2n * b);
  return doubled < 0n && quotient * 2n * b !== doubled ? quotient - 1n : quotient;
}

/** Taylor series; the argument is between -pi/2 and pi/2. */
function sineFixed(x: bigint, fraction: number): bigint {
  const square = (x * x) >> BigInt(fraction);
  let term = x;
  let sum = x;
  for (let index = 2n; term !== 0n; index += 2n) {
    term = -((term * square) >> BigInt(fraction)) / (index * (index + 1n));
    sum += term;
  }
  return sum;
}

/** artanh of a small fixed-point number. */
function artanhFixed(x: bigint, fraction: number): bigint {
  const square = (x * x) >> BigInt(fraction);
  let power = x;
  let sum = x;
  for (let index = 3n; power !== 0n && power !== -1n; index += 2n) {
    power = (power * square) >> BigInt(fraction);
    sum += power / index;
  }
  return sum;
}

const cachedLn2 = new Map<number, bigint>();
const cachedPi = new Map<number, bigint>();

/** ln 2 = 2 artanh(1/3). */
function ln2Fixed(fraction: number): bigint {
  return cached(cachedLn2, fraction, () => 2n * artanhFixed((1n << BigInt(fraction)) / 3n, fraction));
}

/** pi = 16 arctan(1/5) - 4 arctan(1/239) (Machin 1706). */
function piFixed(fraction: number): bigint {
  return cached(
    cachedPi,
    fraction,
    () => 16n * arctanOfInverse(5n, fraction) - 4n * arctanOfInverse(239n, fraction),
  );
}

function cached(table: Map<number, bigint>, fraction: number, compute: () => bigint): bigint {
  const known = table.get(fraction);
  if (known !== undefined) return known;
  const value = compute();
  table.set(fraction, value);
  return value;
}

function arctanOfInverse(x: bigint, fraction: number): bigint {
  let power = (1n << BigInt(fraction)) / x;
  let sum = power;
  for (let index = 3n; power !== 0n; index += 2n) {
    power = -power / (x * x);
    sum += power / index;
  }
  return sum;
}
