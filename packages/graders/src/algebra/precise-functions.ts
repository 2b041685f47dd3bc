/** The functions of `precise-field.ts`. */
import type { FunctionName } from "../parse/expression.ts";
import {
  absoluteBall,
  addBalls,
  addErrors,
  type Ball,
  ballOf,
  isNotZero,
  leastMagnitude,
  magnitude,
  multiplyBalls,
  negateBall,
  oneBall,
  rootOfBall,
  shiftBall,
  zeroBall,
} from "./ball.ts";
import { arcTangent, exponential, logarithm, piBall, sineAndCosine } from "./ball-functions.ts";
import { exactField } from "./exact-field.ts";
import {
  invert,
  multiply,
  negate,
  type PreciseField,
  type PreciseNumber,
  Undecided,
} from "./precise-number.ts";
import { integer, type Rational } from "./rational.ts";

/** The value of a function, or null where it has none. @throws {Undecided} */
export function callPrecise(
  name: FunctionName,
  args: readonly PreciseNumber[],
  field: PreciseField,
): PreciseNumber | null {
  const [x, y] = args;
  if (!x) return null;
  switch (name) {
    case "exp":
      return exp(x, field);
    case "ln":
      return ln(x, field);
    case "log":
      return field.logBase === "e" ? ln(x, field) : logarithmTo(tenOf(field), x, field);
    case "logBase":
      return y ? logarithmTo(x, y, field) : null;
    case "abs":
      return real(sizeOf(x, field));
    case "conjugate":
      return { re: x.re, im: x.im && negateBall(x.im) };
    case "sin":
    case "cos":
    case "tan":
    case "cot":
    case "sec":
    case "csc":
      return trigonometric(name, x, field);
    default: {
      const values: Ball[] = [];
      for (const arg of args) {
        const value = field.realPart(arg);
        if (value === null) return null;
        values.push(value);
      }
      return real(callReal(name, values, field));
    }
  }
}

function real(re: Ball | null): PreciseNumber | null {
  return re && { re, im: null };
}

function tenOf(field: PreciseField): PreciseNumber {
  return { re: ballOf(integer(10), field.bits) as Ball, im: null };
}

/** e^x of a real number, with its size noted. */
function expReal(x: Ball, field: PreciseField): Ball | null {
  const value = exponential(x, field.bits);
  if (value) field.note(value);
  // An argument that is not known well enough is known better with more bits.
  else if (x.error > 0 && magnitude(x) <= 24) throw new Undecided();
  return value;
}

function exp({ re, im }: PreciseNumber, field: PreciseField): PreciseNumber | null {
  const size = expReal(re, field);
  if (!size || !im) return real(size);
  const values = sineAndCosine(im, field.bits);
  return values && multiply({ re: values.cosine, im: values.sine }, { re: size, im: null }, field.bits);
}

/** ln |x| + i arg x. */
function ln(x: PreciseNumber, field: PreciseField): PreciseNumber | null {
  const im = x.im && field.sign(x.im) !== 0 ? x.im : null;
  if (im === null && field.sign(x.re) === 0) return null;
  const size = sizeOf({ re: x.re, im }, field);
  const re = size && lnReal(size, field);
  if (!re) return null;
  if (im !== null) {
    const angle = argument(x.re, im, field);
    return angle && { re, im: angle };
  }
  return { re, im: x.re.mantissa < 0n ? piBall(field.bits) : null };
}

function lnReal(x: Ball, field: PreciseField): Ball {
  const value = logarithm(x, field.bits);
  if (!value) throw new Undecided();
  return value;
}

/** The angle of a number that is not real, between -pi and pi. */
function argument(re: Ball, im: Ball, field: PreciseField): Ball | null {
  const { bits } = field;
  const pi = piBall(bits);
  const signed = (x: Ball): Ball => (im.mantissa < 0n ? negateBall(x) : x);
  const quotient = (a: Ball, b: Ball): Ball | null => {
    const inverse = invert({ re: b, im: null }, field);
    return inverse && multiplyBalls(a, inverse.re, bits);
  };
  if (magnitude(re) >= magnitude(im)) {
    const ratio = quotient(im, re);
    const angle = ratio && arcTangent(ratio, bits);
    return angle && re.mantissa < 0n ? addBalls(angle, signed(pi), bits) : angle;
  }
  const ratio = quotient(re, im);
  const angle = ratio && arcTangent(ratio, bits);
  return angle && addBalls(signed(shiftBall(pi, -1)), negateBall(angle), bits);
}

function logarithmTo(base: PreciseNumber, x: PreciseNumber, field: PreciseField): PreciseNumber | null {
  const below = ln(base, field);
  const above = ln(x, field);
  const inverse = below && invert(below, field);
  return inverse && above && multiply(above, inverse, field.bits);
}

/** |x|. */
function sizeOf({ re, im }: PreciseNumber, { bits }: PreciseField): Ball | null {
  if (!im) return absoluteBall(re);
  const [a, b] = [multiplyBalls(re, re, bits), multiplyBalls(im, im, bits)];
  const square = a && b && addBalls(a, b, bits);
  return square && rootOfBall(square, 2, bits);
}

function trigonometric(
  name: "sin" | "cos" | "tan" | "cot" | "sec" | "csc",
  x: PreciseNumber,
  field: PreciseField,
): PreciseNumber | null {
  const values = sineCosine(x, field);
  if (!values) return null;
  const { sine, cosine } = values;
  if (name === "sin") return sine;
  if (name === "cos") return cosine;
  const inverse = invert(name === "tan" || name === "sec" ? cosine : sine, field);
  if (name === "sec" || name === "csc" || !inverse) return inverse;
  return multiply(name === "tan" ? sine : cosine, inverse, field.bits);
}

/** sin(a + bi) = sin a cosh b + i cos a sinh b, cos(a + bi) = cos a cosh b - i sin a sinh b. */
function sineCosine(
  { re, im }: PreciseNumber,
  field: PreciseField,
): { readonly sine: PreciseNumber; readonly cosine: PreciseNumber } | null {
  const values = sineAndCosine(re, field.bits);
  if (!values) return null;
  const [sine, cosine] = [real(values.sine), real(values.cosine)];
  if (!sine || !cosine) return null;
  if (!im) return { sine, cosine };
  const [hyperbolicCosine, hyperbolicSine] = [hyperbolic("cosh", im, field), hyperbolic("sinh", im, field)];
  if (!hyperbolicCosine || !hyperbolicSine) return null;
  const parts = (a: PreciseNumber, b: PreciseNumber): PreciseNumber | null => {
    const first = multiplyBalls(a.re, hyperbolicCosine, field.bits);
    const second = multiplyBalls(b.re, hyperbolicSine, field.bits);
    return first && second && { re: first, im: second };
  };
  const [sin, cos] = [parts(sine, cosine), parts(cosine, negate(sine))];
  return sin && cos && { sine: sin, cosine: cos };
}

function hyperbolic(name: "sinh" | "cosh" | "tanh", x: Ball, field: PreciseField): Ball | null {
  const { bits } = field;
  const [above, below] = [expReal(x, field), expReal(negateBall(x), field)];
  const sum = above && below && addBalls(above, below, bits);
  const difference = above && below && addBalls(above, negateBall(below), bits);
  if (!sum || !difference) return null;
  if (name !== "tanh") return shiftBall(name === "cosh" ? sum : difference, -1);
  const inverse = invert({ re: sum, im: null }, field);
  return inverse && multiplyBalls(difference, inverse.re, bits);
}

function callReal(name: FunctionName, values: readonly Ball[], field: PreciseField): Ball | null {
  const { bits } = field;
  const [x, y] = values as readonly [Ball, Ball | undefined];
  switch (name) {
    case "sinh":
    case "cosh":
    case "tanh":
      return hyperbolic(name, x, field);
    case "arcsin":
      return arcSine(x, field);
    case "arccos":
      return fromQuarter(arcSine(x, field), bits);
    case "arcsec":
    case "arccsc": {
      const inverse = invert({ re: x, im: null }, field);
      const sine = inverse && arcSine(inverse.re, field);
      return name === "arccsc" ? sine : fromQuarter(sine, bits);
    }
    case "arctan":
      return arcTangent(x, bits);
    case "arccot":
      return fromQuarter(arcTangent(x, bits), bits);
    case "sign": {
      const sign = field.sign(x);
      return sign === 0 ? zeroBall : { ...oneBall, mantissa: BigInt(sign) };
    }
    case "floor":
    case "ceil": {
      const below = floorOf(name === "floor" ? x : negateBall(x), field);
      const value = below === null ? null : ballOf(integer(below), bits);
      return value && (name === "floor" ? value : negateBall(value));
    }
    case "max":
    case "min":
      return values.reduce((best, next) => outer(best, next, name, bits));
    case "mod":
      return y ? remainder(x, y, field) : null;
    default:
      return ofIntegers(name, values, field);
  }
}

/** pi/2 - x. */
function fromQuarter(x: Ball | null, bits: number): Ball | null {
  return x && addBalls(shiftBall(piBall(bits), -1), negateBall(x), bits);
}

/** arcsin x = 2 arctan(x / (1 + sqrt(1 - x^2))). */
function arcSine(x: Ball, field: PreciseField): Ball | null {
  const { bits } = field;
  const square = multiplyBalls(x, x, bits);
  const rest = square && addBalls(oneBall, negateBall(square), bits);
  if (!rest || field.sign(rest) < 0) return null;
  const root = rootOfBall(rest, 2, bits);
  const below = root && addBalls(oneBall, root, bits);
  const inverse = below && invert({ re: below, im: null }, field);
  const half = inverse && multiplyBalls(x, inverse.re, bits);
  const angle = half && arcTangent(half, bits);
  return angle && shiftBall(angle, 1);
}

/** The larger or the smaller one. Of two numbers that may be the same, either will do with the errors of both. */
function outer(a: Ball, b: Ball, name: "max" | "min", bits: number): Ball {
  const difference = addBalls(a, negateBall(b), bits);
  if (!difference || !isNotZero(difference)) return { ...a, error: addErrors(a.error, b.error) + 1 };
  return difference.mantissa > 0n === (name === "max") ? a : b;
}

/** The largest integer that is not above x; a number that is taken for an integer is one. */
function floorOf(x: Ball, field: PreciseField): bigint | null {
  if (magnitude(x) < -2) return field.sign(x) < 0 ? -1n : 0n;
  if (magnitude(x) > field.bits) {
    if (x.error === Number.NEGATIVE_INFINITY && x.exponent >= 0) return x.mantissa << BigInt(x.exponent);
    if (leastMagnitude(x) <= x.error + field.bits) throw new Undecided();
    return null;
  }
  const shifted = x.exponent >= 0 ? x.mantissa << BigInt(x.exponent) : roundedShift(x.mantissa, -x.exponent);
  const nearest = ballOf(integer(shifted), field.bits);
  const difference = nearest && addBalls(x, negateBall(nearest), field.bits);
  if (!difference) return null;
  return field.sign(difference) < 0 ? shifted - 1n : shifted;
}

/** x / 2^places, rounded to the nearest integer. */
function roundedShift(x: bigint, places: number): bigint {
  return (x + (1n << BigInt(places - 1))) >> BigInt(places);
}

function integerOf(x: Ball, field: PreciseField): Rational | null {
  const floor = floorOf(x, field);
  const whole = floor === null ? null : ballOf(integer(floor), field.bits);
  const rest = whole && addBalls(x, negateBall(whole), field.bits);
  return floor !== null && rest && field.sign(rest) === 0 ? integer(floor) : null;
}

/** x - y floor(x / y), for y > 0. */
function remainder(x: Ball, y: Ball, field: PreciseField): Ball | null {
  if (field.sign(y) <= 0) return null;
  const inverse = invert({ re: y, im: null }, field);
  const ratio = inverse && multiplyBalls(x, inverse.re, field.bits);
  const count = ratio && floorOf(ratio, field);
  const whole = count === null ? null : ballOf(integer(count), field.bits);
  const product = whole && multiplyBalls(whole, y, field.bits);
  return product && addBalls(x, negateBall(product), field.bits);
}

/** Factorials, binomials, common divisors: of integers only, and exact. */
function ofIntegers(name: FunctionName, values: readonly Ball[], field: PreciseField): Ball | null {
  const integers: Rational[] = [];
  for (const value of values) {
    const whole = integerOf(value, field);
    if (!whole) return null;
    integers.push(whole);
  }
  const exact = exactField(field.work).call(name, integers);
  return exact && ballOf(exact, field.bits);
}
