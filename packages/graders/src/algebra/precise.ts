/**
 * Reals of high precision: binary floating point of 320 bits on BigInt. Decides between two numbers whose doubles agree:
 * e^(pi sqrt 163) and 262537412640768744 differ only in the thirtieth digit.
 * Relative error of every operation is below 2^-300; nothing here is fast, and nothing has to be: it is asked last.
 */
import { bitLength, integerRoot, type Rational } from "./rational.ts";

/** mantissa * 2^exponent; the mantissa has at most `precision` bits. Zero has mantissa 0. */
export interface Precise {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** Bits of a mantissa. */
const precision = 320;
/** Bits behind the point in series; the guard bits absorb their rounding. */
const fraction = 384n;
const unit = 1n << fraction;
/** Exponents beyond this are refused: no answer needs a number of more than 300,000 digits. */
const largestExponent = 1_000_000;

const preciseZero: Precise = { mantissa: 0n, exponent: 0 };

export function preciseFromRational(x: Rational): Precise | null {
  const shift = precision + 8 - bitLength(x.numerator) + bitLength(x.denominator);
  const scaled =
    shift >= 0
      ? (x.numerator << BigInt(shift)) / x.denominator
      : x.numerator / (x.denominator << BigInt(-shift));
  return rounded(scaled, -shift);
}

export function addPrecise(a: Precise, b: Precise): Precise | null {
  if (a.mantissa === 0n) return b;
  if (b.mantissa === 0n) return a;
  const [high, low] = a.exponent >= b.exponent ? [a, b] : [b, a];
  const distance = high.exponent - low.exponent;
  if (distance > 2 * precision && magnitude(high) > magnitude(low) + precision + 8) return high;
  return rounded((high.mantissa << BigInt(distance)) + low.mantissa, low.exponent);
}

export function multiplyPrecise(a: Precise, b: Precise): Precise | null {
  return rounded(a.mantissa * b.mantissa, a.exponent + b.exponent);
}

export function invertPrecise(x: Precise): Precise | null {
  if (x.mantissa === 0n) return null;
  const shift = precision + 8 + bitLength(x.mantissa);
  return rounded((1n << BigInt(shift)) / x.mantissa, -x.exponent - shift);
}

export function negatePrecise(x: Precise): Precise {
  return { mantissa: -x.mantissa, exponent: x.exponent };
}

/** Position of the highest bit: |x| is between 2^(magnitude-4) and 2^magnitude. -Infinity for zero. */
export function magnitude(x: Precise): number {
  return x.mantissa === 0n ? Number.NEGATIVE_INFINITY : bitLength(x.mantissa) + x.exponent;
}

/** x to a whole power by squaring. */
export function integerPowerPrecise(x: Precise, exponent: bigint): Precise | null {
  if (exponent < 0n) {
    const inverse = invertPrecise(x);
    return inverse && integerPowerPrecise(inverse, -exponent);
  }
  if (bitLength(exponent) > 40) return null;
  let result: Precise | null = { mantissa: 1n, exponent: 0 };
  let square: Precise | null = x;
  for (let rest = exponent; rest > 0n && result && square; rest >>= 1n) {
    if (rest & 1n) result = multiplyPrecise(result, square);
    square = rest > 1n ? multiplyPrecise(square, square) : square;
  }
  return square && result;
}

/** The real root of degree 2 to 64 of x >= 0. */
export function rootPrecise(x: Precise, degree: number): Precise | null {
  if (x.mantissa < 0n || degree < 2 || degree > 64) return null;
  if (x.mantissa === 0n) return x;
  // Scale so that the mantissa has precision * degree bits and the exponent is a multiple of the degree.
  let shift = precision * degree + 8 - bitLength(x.mantissa);
  shift += (((x.exponent - shift) % degree) + degree) % degree;
  const scaled = shift >= 0 ? x.mantissa << BigInt(shift) : x.mantissa >> BigInt(-shift);
  return rounded(integerRoot(scaled, BigInt(degree)), (x.exponent - shift) / degree);
}

export function expPrecise(x: Precise): Precise | null {
  const size = magnitude(x);
  if (size > 19) return null;
  const argument = toFixed(x);
  const turns = argument / ln2Fixed();
  const rest = argument - turns * ln2Fixed();
  // e^r = (e^(r / 2^8))^(2^8)
  const small = rest >> 8n;
  let term = unit;
  let sum = unit;
  for (let index = 1n; term !== 0n && index < 200n; index++) {
    term = (term * small) / (unit * index);
    sum += term;
  }
  for (let count = 0; count < 8; count++) sum = (sum * sum) >> fraction;
  return rounded(sum, Number(turns) - Number(fraction));
}

/** Natural logarithm of x > 0. */
export function lnPrecise(x: Precise): Precise | null {
  if (x.mantissa <= 0n) return null;
  const shift = magnitude(x);
  const scaled = toFixed({ mantissa: x.mantissa, exponent: x.exponent - shift });
  // Four square roots bring the argument near 1, where ln m = 2 artanh((m - 1) / (m + 1)) converges fast.
  let near = scaled;
  for (let count = 0; count < 4; count++) near = integerRoot(near << fraction, 2n);
  const logarithm = 2n * artanhFixed(((near - unit) << fraction) / (near + unit));
  return rounded((logarithm << 4n) + BigInt(shift) * ln2Fixed(), -Number(fraction));
}

/** Sine and cosine; null where the argument is so large that its reduction would lose the precision. */
export function sineCosinePrecise(x: Precise): { sine: Precise; cosine: Precise } | null {
  if (magnitude(x) > 48) return null;
  const quarter = piFixed() / 2n;
  const argument = toFixed(x);
  const turns = roundedQuotient(argument, quarter);
  const rest = argument - turns * quarter;
  const sine = sineFixed(rest);
  const cosine = sineFixed(quarter - (rest < 0n ? -rest : rest));
  const turn = Number(((turns % 4n) + 4n) % 4n);
  const [s, c] = (
    [
      [sine, cosine],
      [cosine, -sine],
      [-sine, -cosine],
      [-cosine, sine],
    ] as const
  )[turn] as readonly [bigint, bigint];
  const [first, second] = [rounded(s, -Number(fraction)), rounded(c, -Number(fraction))];
  return first && second && { sine: first, cosine: second };
}

export function arctanPrecise(x: Precise): Precise | null {
  if (magnitude(x) > 32) {
    const inverse = invertPrecise(x);
    const rest = inverse && arctanPrecise(inverse);
    const quarter = rounded(x.mantissa < 0n ? -(piFixed() / 2n) : piFixed() / 2n, -Number(fraction));
    return rest && quarter && addPrecise(quarter, negatePrecise(rest));
  }
  // arctan x = 2 arctan(x / (1 + sqrt(1 + x^2))), four times.
  let argument = toFixed(x);
  for (let count = 0; count < 4; count++) {
    const root = integerRoot((unit << fraction) + argument * argument, 2n);
    argument = (argument << fraction) / (unit + root);
  }
  let power = argument;
  let sum = argument;
  const square = (argument * argument) >> fraction;
  for (let index = 3n; power !== 0n && index < 400n; index += 2n) {
    power = -((power * square) >> fraction);
    if (power === -1n) break;
    sum += power / index;
  }
  return rounded(sum << 4n, -Number(fraction));
}

export function piPrecise(): Precise {
  return rounded(piFixed(), -Number(fraction)) as Precise;
}

/** The nearest double, or null where it is beyond the range. */
export function preciseToNumber(x: Precise): number | null {
  const drop = Math.max(0, bitLength(x.mantissa) - 64);
  const value = Number(x.mantissa >> BigInt(drop)) * 2 ** (x.exponent + drop);
  return Number.isFinite(value) ? value : null;
}

/** A fixed-point integer with `fraction` bits behind the point. */
function toFixed(x: Precise): bigint {
  const shift = x.exponent + Number(fraction);
  return shift >= 0 ? x.mantissa << BigInt(shift) : x.mantissa >> BigInt(-shift);
}

function rounded(mantissa: bigint, exponent: number): Precise | null {
  if (mantissa === 0n) return preciseZero;
  if (Math.abs(exponent) > largestExponent) return null;
  const excess = bitLength(mantissa) - precision;
  if (excess <= 0) return { mantissa, exponent };
  return { mantissa: mantissa >> BigInt(excess), exponent: exponent + excess };
}

function roundedQuotient(a: bigint, b: bigint): bigint {
  const doubled = 2n * a + b;
  const quotient = doubled / (2n * b);
  return doubled < 0n && quotient * 2n * b !== doubled ? quotient - 1n : quotient;
}

/** Taylor series; the argument is between -pi/2 and pi/2. */
function sineFixed(x: bigint): bigint {
  const square = (x * x) >> fraction;
  let term = x;
  let sum = x;
  for (let index = 2n; term !== 0n && index < 400n; index += 2n) {
    term = -((term * square) >> fraction) / (index * (index + 1n));
    sum += term;
  }
  return sum;
}

/** artanh of a small fixed-point number. */
function artanhFixed(x: bigint): bigint {
  const square = (x * x) >> fraction;
  let power = x;
  let sum = x;
  for (let index = 3n; power !== 0n && power !== -1n && index < 800n; index += 2n) {
    power = (power * square) >> fraction;
    sum += power / index;
  }
  return sum;
}

let cachedLn2: bigint | null = null;
let cachedPi: bigint | null = null;

/** ln 2 = 2 artanh(1/3). */
function ln2Fixed(): bigint {
  cachedLn2 ??= 2n * artanhFixed(unit / 3n);
  return cachedLn2;
}

/** pi = 16 arctan(1/5) - 4 arctan(1/239) (Machin 1706). */
function piFixed(): bigint {
  cachedPi ??= 16n * arctanOfInverse(5n) - 4n * arctanOfInverse(239n);
  return cachedPi;
}

function arctanOfInverse(x: bigint): bigint {
  let power = unit / x;
  let sum = power;
  for (let index = 3n; power !== 0n; index += 2n) {
    power = -power / (x * x);
    sum += power / index;
  }
  return sum;
}
