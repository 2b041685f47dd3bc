/**
 * Integers modulo a prime as a field, for identities between rational expressions with names: two such expressions are
 * identical exactly when they agree at a random point, up to a chance of degree / prime (Schwartz 1980, Zippel 1979).
 * Exact where doubles are not, and bounded where fractions grow: (x+1)^1000 costs ten squarings.
 * pi and e are names like x here: they satisfy no rational relation that an answer could use. i is a root of -1,
 * which exists because the prime is 1 modulo 4.
 * One prime is enough to tell two expressions apart; that they are identical is said by two, since 2^61 + 21 is 0 modulo itself.
 */
import type { Field } from "./evaluate.ts";
import { isInteger } from "./rational.ts";

/** 2^61 + 21, the smallest prime above 2^61 that is 1 modulo 4. */
export const modularField = createModularField(
  2305843009213693973n,
  1684327170493821541n,
  905312988217651139n,
);

/** Modulo 2^61 + 57. */
export const otherModularField = createModularField(
  2305843009213694009n,
  1108402351723300617n,
  733210982376119281n,
);

/** The field, with residues for pi and e. */
function createModularField(prime: bigint, pi: bigint, e: bigint): Field<bigint> {
  const root = rootOfMinusOne();
  return {
    isFormal: true,
    fromRational: (x) => divide(modulo(x.numerator), modulo(x.denominator)),
    constant: (name) => (name === "infinity" ? null : { pi, e, i: root }[name]),
    add: (a, b) => (a + b) % prime,
    multiply: (a, b) => (a * b) % prime,
    power(base, exponent) {
      if (!isInteger(exponent)) return null;
      const positive = powerModulo(base, exponent.numerator < 0n ? -exponent.numerator : exponent.numerator);
      return exponent.numerator < 0n ? divide(1n, positive) : positive;
    },
    powerGeneral: () => null,
    call: () => null,
  };

  function rootOfMinusOne(): bigint {
    for (let base = 2n; ; base++) {
      const candidate = powerModulo(base, (prime - 1n) / 4n);
      if ((candidate * candidate) % prime === prime - 1n) return candidate;
    }
  }

  function modulo(x: bigint): bigint {
    const remainder = x % prime;
    return remainder < 0n ? remainder + prime : remainder;
  }

  function divide(a: bigint, b: bigint): bigint | null {
    if (b === 1n) return a;
    return b === 0n ? null : (a * powerModulo(b, prime - 2n)) % prime;
  }

  function powerModulo(base: bigint, exponent: bigint): bigint {
    let result = 1n;
    let square = base % prime;
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest & 1n) result = (result * square) % prime;
      square = (square * square) % prime;
    }
    return result;
  }
}
