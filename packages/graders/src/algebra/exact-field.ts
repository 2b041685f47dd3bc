/**
 * Exact fractions as a field: the first and strongest way to compare two numbers. Roots and logarithms have a value
 * where it is rational; everything irrational is null here and left to the other fields.
 */
import type { FunctionName } from "../parse/expression.ts";
import { limits, type Work } from "../work.ts";
import type { Field } from "./evaluate.ts";
import {
  absRational,
  addRational,
  bitLength,
  compareRational,
  equalRational,
  floorRational,
  greatestCommonDivisor,
  integer,
  isInteger,
  minusOne,
  multiplyRational,
  one,
  powerRational,
  type Rational,
  rationalToNumber,
  rootRational,
  zero,
} from "./rational.ts";

const fields = new WeakMap<Work, Field<Rational>>();

/** The field of fractions, one for each budget; large operands spend more work, as they take more time. */
export function exactField(work: Work): Field<Rational> {
  let field = fields.get(work);
  if (!field) {
    field = createExactField(work);
    fields.set(work, field);
  }
  return field;
}

function createExactField(work: Work): Field<Rational> {
  const charge = (...xs: readonly Rational[]): void => {
    let bits = 0;
    for (const x of xs) bits += bitLength(x.numerator) + bitLength(x.denominator);
    if (bits > 256) work.spend((bits * bits) >> 14);
  };
  return {
    fromRational: (x) => x,
    constant: () => null,
    add: (a, b) => {
      charge(a, b);
      return addRational(a, b);
    },
    multiply: (a, b) => {
      charge(a, b);
      return multiplyRational(a, b);
    },
    power(base, exponent) {
      if (isInteger(exponent)) return charged(powerRational(base, exponent.numerator));
      if (equalRational(base, zero)) return exponent.numerator > 0n ? zero : null;
      if (bitLength(exponent.numerator) > 32) return null;
      charge(base);
      work.spend(Number(exponent.denominator & 63n) ** 2);
      const root = rootRational(base, exponent.denominator);
      return root && charged(powerRational(root, exponent.numerator));
    },
    powerGeneral: () => null,
    call: (name, args) => charged(callExact(name, args, work)),
  };

  function charged(x: Rational | null): Rational | null {
    if (x) charge(x);
    return x;
  }
}

function callExact(name: FunctionName, args: readonly Rational[], work: Work): Rational | null {
  const [x, y] = args;
  if (!x) return null;
  switch (name) {
    case "abs":
      return absRational(x);
    case "conjugate":
      return x;
    case "floor":
      return integer(floorRational(x));
    case "ceil":
      return integer(-floorRational({ numerator: -x.numerator, denominator: x.denominator }));
    case "sign":
      return integer(Math.sign(compareRational(x, zero)));
    case "factorial":
    case "doubleFactorial":
      return factorial(x, name === "factorial" ? 1n : 2n, work);
    case "binomial":
      return y ? binomial(x, y, work) : null;
    case "max":
    case "min":
      return args.reduce((best, next) =>
        compareRational(next, best) > 0 === (name === "max") ? next : best,
      );
    case "gcd":
    case "lcm":
      return foldIntegers(args, name);
    case "mod":
      return y && isInteger(x) && isInteger(y) && y.numerator > 0n
        ? integer(((x.numerator % y.numerator) + y.numerator) % y.numerator)
        : null;
    case "log":
      return exactLogarithm(integer(10), x, work);
    case "logBase":
      return y ? exactLogarithm(x, y, work) : null;
    case "exp":
    case "cos":
    case "sec":
    case "cosh":
      return equalRational(x, zero) ? one : null;
    case "sin":
    case "tan":
    case "arcsin":
    case "arctan":
    case "sinh":
    case "tanh":
      return equalRational(x, zero) ? zero : null;
    case "ln":
    case "arccos":
      return equalRational(x, one) ? zero : null;
    default:
      return null;
  }
}

function factorial(x: Rational, step: bigint, work: Work): Rational | null {
  if (!isInteger(x) || x.numerator < 0n || x.numerator > 2000n) return null;
  let result = 1n;
  for (let index = x.numerator; index > 1n; index -= step) {
    work.spend();
    result *= index;
  }
  return bitLength(result) > limits.integerBits ? null : integer(result);
}

function binomial(n: Rational, k: Rational, work: Work): Rational | null {
  if (!isInteger(n) || !isInteger(k) || k.numerator < 0n || n.numerator < 0n) return null;
  if (k.numerator > n.numerator) return zero;
  const count = k.numerator * 2n > n.numerator ? n.numerator - k.numerator : k.numerator;
  if (count > 2000n) return null;
  let result = 1n;
  for (let index = 1n; index <= count; index++) {
    work.spend();
    result = (result * (n.numerator - count + index)) / index;
    if (bitLength(result) > limits.integerBits) return null;
  }
  return integer(result);
}

function foldIntegers(args: readonly Rational[], name: "gcd" | "lcm"): Rational | null {
  let result = 0n;
  for (const [index, x] of args.entries()) {
    if (!isInteger(x)) return null;
    if (index === 0) result = x.numerator;
    else {
      const divisor = greatestCommonDivisor(result, x.numerator);
      if (divisor === 0n) return zero;
      result = name === "gcd" ? divisor : (result / divisor) * x.numerator;
    }
  }
  return absRational(integer(result));
}

/** log of x in a base, where it is a fraction with denominator up to 6: guessed in doubles, then proved. */
function exactLogarithm(base: Rational, x: Rational, work: Work): Rational | null {
  if (compareRational(base, zero) <= 0 || equalRational(base, one) || compareRational(x, zero) <= 0)
    return null;
  const guess = Math.log(rationalToNumber(x)) / Math.log(rationalToNumber(base));
  for (let denominator = 1; denominator <= 6; denominator++) {
    work.spend(50);
    const numerator = Math.round(guess * denominator);
    if (!Number.isFinite(numerator) || Math.abs(guess * denominator - numerator) > 1e-9) continue;
    const left = powerRational(base, BigInt(numerator));
    const right = powerRational(x, BigInt(denominator));
    if (left && right && equalRational(left, right)) {
      return multiplyRational(
        integer(numerator),
        powerRational(integer(denominator), minusOne.numerator) ?? one,
      );
    }
  }
  return null;
}
