/**
 * Reals of high precision as a field. Null for everything that is not real: complex numbers are left to the doubles.
 * `scale` follows the largest term that was added, so that a result near zero can be told from a difference that is only
 * rounding: sqrt 2 + sqrt 3 - sqrt(5 + 2 sqrt 6) is 0.
 */
import type { FunctionName } from "../parse/expression.ts";
import type { Work } from "../work.ts";
import type { LogBase } from "./complex-field.ts";
import type { Field } from "./evaluate.ts";
import {
  addPrecise,
  arctanPrecise,
  expPrecise,
  integerPowerPrecise,
  invertPrecise,
  lnPrecise,
  magnitude,
  multiplyPrecise,
  negatePrecise,
  type Precise,
  piPrecise,
  preciseFromRational,
  rootPrecise,
  sineCosinePrecise,
} from "./precise.ts";
import { integer, type Rational } from "./rational.ts";

export interface PreciseField extends Field<Precise> {
  /** Highest bit of the largest number that took part in an addition. */
  readonly scale: () => number;
}

/** The field; a step here takes about as long as a few hundred elsewhere, and spends so. */
export function preciseField(logBase: LogBase, work: Work): PreciseField {
  let scale = Number.NEGATIVE_INFINITY;
  return {
    scale: () => scale,
    fromRational: (x) => preciseFromRational(x),
    constant: (name) => (name === "pi" ? piPrecise() : name === "e" ? expPrecise(oneValue) : null),
    add(a, b) {
      scale = Math.max(scale, magnitude(a), magnitude(b));
      return addPrecise(a, b);
    },
    multiply: multiplyPrecise,
    power(base, exponent) {
      work.spend(50 + Number(exponent.denominator & 63n) ** 2);
      return power(base, exponent);
    },
    powerGeneral(base, exponent) {
      work.spend(200);
      const logarithm = lnPrecise(base);
      const product = logarithm && multiplyPrecise(logarithm, exponent);
      return product && expPrecise(product);
    },
    precision: { bits: 290, size: magnitude },
    call(name, args) {
      work.spend(200);
      return callPrecise(name, args, logBase);
    },
  };
}

const oneValue: Precise = { mantissa: 1n, exponent: 0 };

function power(base: Precise, exponent: Rational): Precise | null {
  const { numerator, denominator } = exponent;
  if (denominator === 1n) return integerPowerPrecise(base, numerator);
  if (denominator > 64n) return null;
  if (base.mantissa < 0n) {
    if (denominator % 2n === 0n) return null;
    const positive = power(negatePrecise(base), exponent);
    return positive && (numerator % 2n === 0n ? positive : negatePrecise(positive));
  }
  const root = rootPrecise(base, Number(denominator));
  return root && integerPowerPrecise(root, numerator);
}

function callPrecise(name: FunctionName, args: readonly Precise[], logBase: LogBase): Precise | null {
  const [x, y] = args;
  if (!x) return null;
  switch (name) {
    case "exp":
      return expPrecise(x);
    case "ln":
      return lnPrecise(x);
    case "log":
      return logBase === "e" ? lnPrecise(x) : logarithm(preciseFromRational(integer(10)), x);
    case "logBase":
      return y ? logarithm(x, y) : null;
    case "abs":
      return x.mantissa < 0n ? negatePrecise(x) : x;
    case "sin":
      return sineCosinePrecise(x)?.sine ?? null;
    case "cos":
      return sineCosinePrecise(x)?.cosine ?? null;
    case "tan":
    case "cot":
    case "sec":
    case "csc":
      return quotientOfSines(name, x);
    case "arctan":
      return arctanPrecise(x);
    case "arcsin":
    case "arccos":
      return arcPrecise(name, x);
    default:
      return null;
  }
}

function logarithm(base: Precise | null, x: Precise): Precise | null {
  const below = base && lnPrecise(base);
  const inverse = below && invertPrecise(below);
  const above = lnPrecise(x);
  return inverse && above && multiplyPrecise(above, inverse);
}

function quotientOfSines(name: "tan" | "cot" | "sec" | "csc", x: Precise): Precise | null {
  const values = sineCosinePrecise(x);
  if (!values) return null;
  const { sine, cosine } = values;
  const below = name === "tan" || name === "sec" ? cosine : sine;
  // A zero of the denominator shows as rounding: no value there.
  if (magnitude(below) < -300) return null;
  const inverse = invertPrecise(below);
  if (name === "sec" || name === "csc" || !inverse) return inverse;
  return multiplyPrecise(name === "tan" ? sine : cosine, inverse);
}

/** arcsin x = 2 arctan(x / (1 + sqrt(1 - x^2))), arccos x = pi/2 - arcsin x. */
function arcPrecise(name: "arcsin" | "arccos", x: Precise): Precise | null {
  const square = multiplyPrecise(x, x);
  const rest = square && addPrecise(oneValue, negatePrecise(square));
  const root = rest && rootPrecise(rest, 2);
  const below = root && addPrecise(oneValue, root);
  const inverse = below && invertPrecise(below);
  const half = inverse && multiplyPrecise(x, inverse);
  const angle = half && arctanPrecise(half);
  const sine = angle && { mantissa: angle.mantissa, exponent: angle.exponent + 1 };
  if (!sine || name === "arcsin") return sine;
  const pi = piPrecise();
  return addPrecise({ mantissa: pi.mantissa, exponent: pi.exponent - 1 }, negatePrecise(sine));
}
