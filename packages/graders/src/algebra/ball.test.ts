import { describe, expect, it } from "vitest";
import {
  addBalls,
  type Ball,
  ballOf,
  invertBall,
  isNotZero,
  magnitude,
  multiplyBalls,
  negateBall,
  powerOfBall,
  rootOfBall,
} from "./ball.ts";
import { arcTangent, exponential, logarithm, piBall, sineAndCosine } from "./ball-functions.ts";
import { type Rational, rational } from "./rational.ts";

const bits = 320;

/** The first digits of a value, as text: value * 10^digits, rounded down. */
function digits(x: Ball | null, count: number): string {
  if (!x) return "none";
  const { mantissa, exponent } = multiplyBalls(x, of(10n ** BigInt(count)), 2 * bits) as Ball;
  return String(exponent >= 0 ? mantissa << BigInt(exponent) : mantissa >> BigInt(-exponent));
}

function of(numerator: number | bigint, denominator: number | bigint = 1, precision = bits): Ball {
  return ballOf(rational(BigInt(numerator), BigInt(denominator)) as Rational, precision) as Ball;
}

function difference(a: Ball | null, b: Ball | null): Ball {
  return addBalls(a as Ball, negateBall(b as Ball), 4 * bits) as Ball;
}

// Digits from the OEIS: A000796, A001113, A002162, A002193.
describe("numbers with a bound on their error", () => {
  it("know pi, e, ln 2 and the root of 2 to 80 digits", () => {
    expect(digits(piBall(bits), 79)).toBe(
      "31415926535897932384626433832795028841971693993751058209749445923078164062862089",
    );
    expect(digits(exponential(of(1), bits), 79)).toBe(
      "27182818284590452353602874713526624977572470936999595749669676277240766303535475",
    );
    expect(digits(logarithm(of(2), bits), 79)).toBe(
      "6931471805599453094172321214581765680755001343602552541206800094933936219696947",
    );
    expect(digits(rootOfBall(of(2), 2, bits), 79)).toBe(
      "14142135623730950488016887242096980785696718753769480731766797379907324784621070",
    );
  });

  const functions: readonly [string, (x: Ball, precision: number) => Ball | null][] = [
    ["exp", exponential],
    ["ln", logarithm],
    ["arctan", arcTangent],
    ["sin", (x, precision) => sineAndCosine(x, precision)?.sine ?? null],
    ["cos", (x, precision) => sineAndCosine(x, precision)?.cosine ?? null],
    ["the fifth root", (x, precision) => rootOfBall(x, 5, precision)],
    ["the inverse", invertBall],
    ["the ninth power", (x, precision) => powerOfBall(x, 9n, precision)],
  ];
  const places: readonly [number | bigint, number | bigint][] = [
    [1, 3],
    [22, 7],
    [355, 113],
    [1_000_003, 7],
    [1, 10n ** 30n],
    [10n ** 12n, 3],
  ];
  for (const [name, f] of functions) {
    it.each(places)(
      `hold ${name} at %d/%d within their error, and not far from it`,
      (numerator, denominator) => {
        // With four times the bits, the other one's error does not count.
        const value = f(of(numerator, denominator), bits);
        const exact = f(of(numerator, denominator, 4 * bits), 4 * bits);
        if (name === "exp" && Number(numerator) / Number(denominator) > 1e9) return expect(value).toBeNull();
        const error = magnitude(difference(value, exact));
        expect(error).toBeLessThanOrEqual((value as Ball).error + 4);
        expect((value as Ball).error).toBeLessThan(Math.max(0, magnitude(value as Ball)) - bits + 60);
      },
    );
  }

  it("let an argument's error through", () => {
    const vague: Ball = { ...of(3, 2), error: -40 };
    for (const [, f] of functions) {
      const error = (f(vague, bits) as Ball).error;
      expect(error).toBeGreaterThan(-45);
      expect(error).toBeLessThan(-20);
    }
  });

  it("say what is surely not zero and what may be", () => {
    const sine = sineAndCosine(piBall(bits), bits)?.sine as Ball;
    expect(isNotZero(sine)).toBe(false);
    expect(sine.error).toBeLessThan(-300);
    expect(isNotZero(of(1, 10n ** 90n))).toBe(true);
    expect(isNotZero(difference(of(1, 3), of(1, 3)))).toBe(false);
    expect(isNotZero({ ...of(1), error: 3 })).toBe(false);
  });

  it("take the arc tangent of a huge number", () => {
    const half = multiplyBalls(of(2), arcTangent(of(10n ** 40n), bits) as Ball, bits);
    const gap = difference(piBall(bits), half);
    expect(isNotZero(gap)).toBe(true);
    expect(magnitude(gap)).toBeLessThan(-120);
  });

  it("refuse what cannot be held or may not be there", () => {
    expect(powerOfBall(of(10), 10n ** 9n, bits)).toBeNull();
    expect(exponential(of(100_000_000), bits)).toBeNull();
    expect(logarithm(of(-1), bits)).toBeNull();
    expect(logarithm({ ...of(1), error: 1 }, bits)).toBeNull();
    expect(invertBall(difference(of(1, 3), of(1, 3)), bits)).toBeNull();
    expect(rootOfBall(of(-4), 2, bits)).toBeNull();
  });
});
