/**
 * Complex doubles as a field: fast rejection of unequal numbers, and the comparison of expressions with names and
 * functions. Principal values, except that an odd root of a negative real is the real one (the school's convention).
 * What overflows or is undefined is null, never NaN or Infinity.
 */
import type { FunctionName } from "../parse/expression.ts";
import type { Field } from "./evaluate.ts";
import { isInteger, type Rational, rationalToNumber } from "./rational.ts";

export interface Complex {
  readonly re: number;
  readonly im: number;
}

/** The base that a bare \log has. */
export type LogBase = 10 | "e";

export interface ComplexField extends Field<Complex> {
  /** Largest size of a number that took part in an addition: the scale of rounding. */
  readonly scale: () => number;
  /** Largest size of any number on the way, or 1: a bound of what rounding may have made of a result. */
  readonly peak: () => number;
}

/**
 * Its scale and peak start afresh with every call. `isRealOnly`: roots, powers and logarithms of reals that are not real are null, as they are to anyone who means real
 * functions by them.
 */
export function complexField(logBase: LogBase, isRealOnly = false): ComplexField {
  const key = `${logBase} ${isRealOnly}`;
  let field = fields.get(key);
  if (!field) {
    field = createComplexField(logBase, isRealOnly);
    fields.set(key, field);
  }
  field.restart();
  return field;
}

/** Made once for each setting: they are asked for at every point of every comparison. */
const fields = new Map<string, ComplexField & { restart(): void }>();

function createComplexField(logBase: LogBase, isRealOnly: boolean): ComplexField & { restart(): void } {
  let scale = 0;
  let peak = 1;
  const seen = (x: Complex | null): Complex | null => {
    if (x) peak = Math.max(peak, Math.abs(x.re), Math.abs(x.im));
    return x;
  };
  const allowed = (x: Complex | null): Complex | null => (x && isRealOnly && !isReal(x) ? null : x);
  return {
    restart: () => {
      scale = 0;
      peak = 1;
    },
    scale: () => scale,
    peak: () => peak,
    fromRational: (x) => seen(finite(rationalToNumber(x), 0)),
    constant: (name) => {
      if (name === "pi") return real(Math.PI);
      if (name === "e") return real(Math.E);
      return name === "i" ? { re: 0, im: 1 } : null;
    },
    add: (a, b) => {
      scale = Math.max(scale, Math.hypot(a.re, a.im), Math.hypot(b.re, b.im));
      return finite(a.re + b.re, a.im + b.im);
    },
    multiply: (a, b) => seen(multiply(a, b)),
    power: (base, exponent) => seen(allowed(power(base, exponent))),
    powerGeneral: (base, exponent) => {
      if (isZero(base)) return exponent.re > 0 ? real(0) : null;
      const logarithm = multiply(exponent, ln(base));
      return seen(allowed(logarithm && exp(logarithm)));
    },
    precision: {
      bits: 56,
      size: ({ re, im }) => Math.log2(Math.hypot(re, im)),
      widen: (x) => x,
      unnoted: (run) => run(),
    },
    call: (name, args) => seen(allowed(callComplex(name, args, logBase))),
  };
}

/** Whether the imaginary part is nothing but rounding. */
export function isReal(x: Complex): boolean {
  return Math.abs(x.im) <= 1e-9 * Math.max(1, Math.abs(x.re));
}

function real(re: number): Complex {
  return { re, im: 0 };
}

function finite(re: number, im: number): Complex | null {
  return Number.isFinite(re) && Number.isFinite(im) ? { re, im } : null;
}

function isZero(x: Complex): boolean {
  return x.re === 0 && x.im === 0;
}

function multiply(a: Complex, b: Complex): Complex | null {
  return finite(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);
}

function divide(a: Complex, b: Complex): Complex | null {
  const size = b.re * b.re + b.im * b.im;
  if (size === 0) return null;
  return finite((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size);
}

/** ln |x| + i arg x; x is not zero. A tiny imaginary part of a negative real is rounding, not a side of the cut. */
function ln(x: Complex): Complex {
  const im = x.re < 0 && Math.abs(x.im) < 1e-13 * Math.abs(x.re) ? 0 : x.im;
  return { re: Math.log(Math.hypot(x.re, im)), im: Math.atan2(im, x.re) };
}

/** Smaller sizes have lost digits: they are as little a value as what overflows. */
const smallest = 1e-290;

function exp(x: Complex): Complex | null {
  const size = Math.exp(x.re);
  if (size < smallest) return null;
  return x.im === 0 ? finite(size, 0) : finite(size * Math.cos(x.im), size * Math.sin(x.im));
}

function power(base: Complex, exponent: Rational): Complex | null {
  const { numerator, denominator } = exponent;
  if (isInteger(exponent) && numerator >= -64n && numerator <= 64n) {
    return integerPower(base, Number(numerator));
  }
  if (isZero(base)) return numerator > 0n ? real(0) : null;
  const value = rationalToNumber(exponent);
  if (base.im === 0) {
    if (base.re > 0) {
      const size = base.re ** value;
      return size < smallest ? null : finite(size, 0);
    }
    if (denominator % 2n === 1n) {
      const size = (-base.re) ** value;
      return finite(numerator % 2n === 0n ? size : -size, 0);
    }
    if (denominator === 2n) {
      const size = (-base.re) ** value;
      // i to the numerator, exactly.
      const turn = Number(((numerator % 4n) + 4n) % 4n);
      return finite(turn === 0 ? size : turn === 2 ? -size : 0, turn === 1 ? size : turn === 3 ? -size : 0);
    }
  }
  const logarithm = multiply(real(value), ln(base));
  return logarithm && exp(logarithm);
}

function integerPower(base: Complex, exponent: number): Complex | null {
  if (base.im === 0) return base.re === 0 && exponent < 0 ? null : finite(base.re ** exponent, 0);
  let result: Complex | null = real(1);
  for (let count = Math.abs(exponent); count > 0 && result; count--) result = multiply(result, base);
  return result && (exponent < 0 ? divide(real(1), result) : result);
}

function callComplex(name: FunctionName, args: readonly Complex[], logBase: LogBase): Complex | null {
  const [x, y] = args;
  if (!x) return null;
  switch (name) {
    case "exp":
      return exp(x);
    case "ln":
      return isZero(x) ? null : ln(x);
    case "log":
      return isZero(x) ? null : logBase === "e" ? ln(x) : divide(ln(x), real(Math.LN10));
    case "logBase":
      return y && !isZero(x) && !isZero(y) ? divide(ln(y), ln(x)) : null;
    case "abs":
      return real(Math.hypot(x.re, x.im));
    case "conjugate":
      return { re: x.re, im: -x.im };
    case "sin":
    case "cos":
    case "tan":
    case "cot":
    case "sec":
    case "csc":
      return trigonometric(name, x);
    case "sinh":
    case "cosh":
    case "tanh":
      return isReal(x) ? finite(Math[name](x.re), 0) : null;
    case "arcsin":
    case "arccos":
      return isReal(x) && Math.abs(x.re) <= 1 + 1e-12
        ? real(arc(name, Math.max(-1, Math.min(1, x.re))))
        : null;
    case "arcsec":
    case "arccsc":
      return isReal(x) && Math.abs(x.re) >= 1
        ? real(arc(name === "arcsec" ? "arccos" : "arcsin", 1 / x.re))
        : null;
    case "arctan":
      return isReal(x) ? real(Math.atan(x.re)) : null;
    case "arccot":
      return isReal(x) ? real(Math.PI / 2 - Math.atan(x.re)) : null;
    default:
      return callReal(name, args);
  }
}

function arc(name: "arcsin" | "arccos", x: number): number {
  return name === "arcsin" ? Math.asin(x) : Math.acos(x);
}

function trigonometric(name: "sin" | "cos" | "tan" | "cot" | "sec" | "csc", x: Complex): Complex | null {
  const sine = finite(Math.sin(x.re) * Math.cosh(x.im), Math.cos(x.re) * Math.sinh(x.im));
  const cosine = finite(Math.cos(x.re) * Math.cosh(x.im), -Math.sin(x.re) * Math.sinh(x.im));
  if (!sine || !cosine) return null;
  if (name === "sin") return sine;
  if (name === "cos") return cosine;
  const pole = name === "tan" || name === "sec" ? cosine : sine;
  if (Math.hypot(pole.re, pole.im) < 1e-14) return null;
  if (name === "tan") return divide(sine, cosine);
  if (name === "cot") return divide(cosine, sine);
  return divide(real(1), pole);
}

/** Functions of reals that jump: an argument within rounding of a whole number counts as that number. */
function callReal(name: FunctionName, args: readonly Complex[]): Complex | null {
  if (!args.every(isReal)) return null;
  const values = args.map(({ re }) => (Math.abs(re - Math.round(re)) < 1e-9 ? Math.round(re) : re));
  const [x = 0, y = 0] = values;
  switch (name) {
    case "floor":
      return real(Math.floor(x));
    case "ceil":
      return real(Math.ceil(x));
    case "sign":
      return real(Math.sign(x));
    case "max":
      return real(Math.max(...values));
    case "min":
      return real(Math.min(...values));
    case "factorial":
      return Number.isInteger(x) && x >= 0 ? finite(productDown(x, 1), 0) : null;
    case "doubleFactorial":
      return Number.isInteger(x) && x >= 0 ? finite(productDown(x, 2), 0) : null;
    case "binomial":
      return Number.isInteger(x) && Number.isInteger(y) && y >= 0 && x >= 0 ? chooseReal(x, y) : null;
    case "gcd":
    case "lcm":
      return foldIntegers(values, name);
    case "mod":
      return y > 0 ? real(((x % y) + y) % y) : null;
    default:
      return null;
  }
}

function foldIntegers(values: readonly number[], name: "gcd" | "lcm"): Complex | null {
  if (!values.every((value) => Number.isSafeInteger(value))) return null;
  const divisor = (a: number, b: number): number => (b === 0 ? Math.abs(a) : divisor(b, a % b));
  const result = values.reduce((a, b) => {
    const common = divisor(a, b);
    if (name === "gcd") return common;
    return common === 0 ? 0 : Math.abs((a / common) * b);
  });
  return finite(result, 0);
}

function productDown(from: number, step: number): number {
  if (from > 200) return Number.POSITIVE_INFINITY;
  let result = 1;
  for (let index = from; index > 1; index -= step) result *= index;
  return result;
}

function chooseReal(n: number, k: number): Complex | null {
  if (k > n) return real(0);
  const count = Math.min(k, n - k);
  if (count > 2000) return null;
  let result = 1;
  for (let index = 1; index <= count; index++) result = (result * (n - count + index)) / index;
  return finite(result, 0);
}
