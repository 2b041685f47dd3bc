/**
 * Complex numbers whose parts are balls, as a field: what decides between numbers that doubles cannot tell apart. Principal
 * values and the school's odd roots, as in `complex-field.ts`.
 *
 * Whether a number is zero is proved where it is not. Where it may be, it is taken for zero once its error is far below
 * every number that took part: 60 digits below one, and once more by the range of the sizes seen so far, since
 * cos(e^-200) differs from 1 by the square of e^-200. Before that the field throws `Undecided`: more bits are needed.
 */
import type { FunctionName } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import {
  addErrors,
  type Ball,
  ballOf,
  isNotZero,
  magnitude,
  negateBall,
  powerOfBall,
  rootOfBall,
  zeroBall,
} from "./ball.ts";
import { exponential, piBall } from "./ball-functions.ts";
import type { LogBase } from "./complex-field.ts";
import { callPrecise } from "./precise-functions.ts";
import {
  add,
  invert,
  multiply,
  negate,
  type PreciseField,
  type PreciseNumber,
  Undecided,
} from "./precise-number.ts";
import { integer, isInteger, type Rational } from "./rational.ts";

export interface PreciseOptions {
  readonly bits: number;
  readonly logBase: LogBase;
  /** Roots, powers and logarithms of reals that are not real are null. */
  readonly isRealOnly: boolean;
}

/** Bits of agreement that are no coincidence. */
const agreement = 200;
/** How much deeper a small number may hide: sin(tan x) - tan(sin x) is of the order of x^7. */
const depthOfSmall = 6;
const depthOfLarge = 2;

export function preciseField({ bits, logBase, isRealOnly }: PreciseOptions, work: Work): PreciseField {
  let [lowest, highest] = [0, 0];
  let isNoting = true;
  // Steps in proportion to time, as measured.
  const costOfProduct = bits >> 9;
  const costOfCall = 40 + ((bits * bits) >> 11);
  const costOfPower = 10 + ((bits * bits) >> 13);
  const note = (x: Ball): void => {
    if (!isNoting || !isNotZero(x)) return;
    lowest = Math.min(lowest, magnitude(x));
    highest = Math.max(highest, magnitude(x));
  };
  const noted = (x: PreciseNumber | null): PreciseNumber | null => {
    if (x) note(x.re);
    if (x?.im) note(x.im);
    return x;
  };
  const allowed = (x: PreciseNumber | null): PreciseNumber | null => {
    if (!x?.im || !isRealOnly) return noted(x);
    const re = field.realPart(x);
    return re && noted({ re, im: null });
  };
  const field: PreciseField = {
    bits,
    logBase,
    work,
    note,
    threshold: () => depthOfSmall * lowest - depthOfLarge * highest - agreement,
    sign(x) {
      if (isNotZero(x)) return x.mantissa < 0n ? -1 : 1;
      if (largest(x) > field.threshold()) throw new Undecided();
      return 0;
    },
    decide(x) {
      const parts = x.im ? [x.re, x.im] : [x.re];
      if (parts.some(isNotZero)) return false;
      return parts.every((part) => largest(part) <= field.threshold()) ? true : null;
    },
    missingBits(x) {
      const error = Math.max(largest(x.re), x.im ? largest(x.im) : Number.NEGATIVE_INFINITY);
      return error - field.threshold() + 16;
    },
    isZero(x) {
      const decision = field.decide(x);
      if (decision === null) throw new Undecided();
      return decision;
    },
    realPart: (x) => (x.im === null || field.sign(x.im) === 0 ? x.re : null),
    fromRational(x) {
      const re = ballOf(x, bits);
      return re && noted({ re, im: null });
    },
    constant(name) {
      if (name === "pi") return { re: piBall(bits), im: null };
      if (name === "i") return { re: zeroBall, im: ballOf(integer(1), bits) };
      const re = name === "e" ? exponential(ballOf(integer(1), bits) as Ball, bits) : null;
      return re && { re, im: null };
    },
    add: (a, b) => noted(add(a, b, bits)),
    subtract: (a, b) => add(a, negate(b), bits),
    multiply(a, b) {
      work.spend(costOfProduct);
      return noted(multiply(a, b, bits));
    },
    power(base, exponent) {
      work.spend(isInteger(exponent) ? costOfPower : costOfPower + costOfCall);
      return allowed(power(base, exponent, field));
    },
    powerGeneral(base, exponent) {
      work.spend(costOfCall);
      if (field.isZero(base)) {
        const re = field.sign(exponent.re);
        return re > 0 ? { re: zeroBall, im: null } : null;
      }
      const logarithm = noted(callPrecise("ln", [base], field));
      const product = logarithm && noted(multiply(logarithm, exponent, bits));
      return allowed(product && callPrecise("exp", [product], field));
    },
    call(name: FunctionName, args) {
      work.spend(costOfCall);
      return allowed(callPrecise(name, args, field));
    },
    precision: {
      bits: bits - 30,
      size: (x) => Math.max(magnitude(x.re), x.im ? magnitude(x.im) : Number.NEGATIVE_INFINITY),
      widen: (x, rest) => {
        const widened = (part: Ball): Ball => ({ ...part, error: addErrors(part.error, rest) });
        return { re: widened(x.re), im: x.im && widened(x.im) };
      },
      // The terms of a sum without an end shrink to nothing: their size says nothing about the result's.
      unnoted: (run) => {
        const before = isNoting;
        isNoting = false;
        try {
          return run();
        } finally {
          isNoting = before;
        }
      },
    },
  };
  return field;
}

/** |x| is at most 2 to this. */
function largest(x: Ball): number {
  return addErrors(magnitude(x), x.error);
}

/** Roots of a higher degree are taken by logarithms. */
const largestRoot = 8n;

/** base to an exact exponent: see `power` in `complex-field.ts`. */
function power(base: PreciseNumber, exponent: Rational, field: PreciseField): PreciseNumber | null {
  const { numerator, denominator } = exponent;
  if (isInteger(exponent)) return wholePower(base, numerator, field);
  if (field.isZero(base)) return numerator > 0n ? { re: zeroBall, im: null } : null;
  const re = field.realPart(base);
  if (re !== null && denominator <= largestRoot) {
    const isNegative = re.mantissa < 0n;
    const root = rootOfBall(isNegative ? negateBall(re) : re, Number(denominator), field.bits);
    const size = root && wholePower({ re: root, im: null }, numerator, field);
    if (!size || !isNegative) return size;
    if (denominator % 2n === 1n) return numerator % 2n === 0n ? size : negate(size);
    if (denominator === 2n) {
      // i to the numerator.
      const turn = ((numerator % 4n) + 4n) % 4n;
      return { re: zeroBall, im: turn === 1n ? size.re : negateBall(size.re) };
    }
  }
  if (re !== null && re.mantissa < 0n && denominator % 2n === 1n) {
    const size = power(negate(base), exponent, field);
    return size && (numerator % 2n === 0n ? size : negate(size));
  }
  const logarithm = callPrecise("ln", [base], field);
  const factor = ballOf(exponent, field.bits);
  const product = logarithm && factor && multiply(logarithm, { re: factor, im: null }, field.bits);
  return product && callPrecise("exp", [product], field);
}

function wholePower(base: PreciseNumber, exponent: bigint, field: PreciseField): PreciseNumber | null {
  if (exponent < 0n) {
    const inverse = invert(base, field);
    return inverse && wholePower(inverse, -exponent, field);
  }
  if (!base.im) {
    const re = powerOfBall(base.re, exponent, field.bits);
    return re && { re, im: null };
  }
  if (exponent > 2n ** 40n) return null;
  let result: PreciseNumber | null = { re: ballOf(integer(1), field.bits) as Ball, im: null };
  let square: PreciseNumber | null = base;
  for (let rest = exponent; rest > 0n && result && square; rest >>= 1n) {
    if (rest & 1n) result = multiply(result, square, field.bits);
    square = rest > 1n ? multiply(square, square, field.bits) : square;
  }
  return square && result;
}
