import { describe, expect, it } from "vitest";
import {
  addPrecise,
  arctanPrecise,
  expPrecise,
  integerPowerPrecise,
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
import { integer, type Rational, rational } from "./rational.ts";

/** The first digits of a value, as text: value * 10^digits, rounded down. */
function digits(x: Precise | null, count: number): string {
  if (!x) return "none";
  const scaled = multiplyPrecise(x, preciseFromRational(integer(10n ** BigInt(count))) as Precise) as Precise;
  const whole =
    scaled.exponent >= 0
      ? scaled.mantissa << BigInt(scaled.exponent)
      : scaled.mantissa >> BigInt(-scaled.exponent);
  return whole.toString();
}

const of = (numerator: number, denominator = 1): Precise =>
  preciseFromRational(rational(BigInt(numerator), BigInt(denominator)) as Rational) as Precise;

// Digits from the OEIS: A000796, A001113, A002162, A002193.
describe("reals of high precision", () => {
  it("know pi, e, ln 2 and the root of 2 to 80 digits", () => {
    expect(digits(piPrecise(), 79)).toBe(
      "31415926535897932384626433832795028841971693993751058209749445923078164062862089",
    );
    expect(digits(expPrecise(of(1)), 79)).toBe(
      "27182818284590452353602874713526624977572470936999595749669676277240766303535475",
    );
    expect(digits(lnPrecise(of(2)), 79)).toBe(
      "6931471805599453094172321214581765680755001343602552541206800094933936219696947",
    );
    expect(digits(rootPrecise(of(2), 2), 79)).toBe(
      "14142135623730950488016887242096980785696718753769480731766797379907324784621070",
    );
  });

  it.each([1, 7, -3, 40])("invert exp with ln at %i", (x) => {
    const back = lnPrecise(expPrecise(of(x)) as Precise) as Precise;
    expect(magnitude(addPrecise(back, of(-x)) as Precise)).toBeLessThan(-290);
  });

  it.each([
    [1, 3],
    [22, 7],
    [-5, 2],
    [1000, 3],
  ])("keep sine^2 + cosine^2 = 1 at %i/%i", (a, b) => {
    const { sine, cosine } = sineCosinePrecise(of(a, b)) as { sine: Precise; cosine: Precise };
    const sum = addPrecise(
      multiplyPrecise(sine, sine) as Precise,
      multiplyPrecise(cosine, cosine) as Precise,
    );
    expect(magnitude(addPrecise(sum as Precise, of(-1)) as Precise)).toBeLessThan(-290);
  });

  it("take the arc tangent of small and of huge numbers", () => {
    const four = of(4);
    const pi = multiplyPrecise(four, arctanPrecise(of(1)) as Precise) as Precise;
    expect(magnitude(addPrecise(pi, negatePrecise(piPrecise())) as Precise)).toBeLessThan(-290);
    const huge = integerPowerPrecise(of(10), 40n) as Precise;
    const half = multiplyPrecise(of(2), arctanPrecise(huge) as Precise) as Precise;
    expect(magnitude(addPrecise(half, negatePrecise(piPrecise())) as Precise)).toBeLessThan(-120);
  });

  it("refuse what cannot be held", () => {
    expect(integerPowerPrecise(of(10), 10n ** 9n)).toBeNull();
    expect(expPrecise(of(10_000_000))).toBeNull();
    expect(lnPrecise(of(-1))).toBeNull();
    expect(sineCosinePrecise(integerPowerPrecise(of(10), 30n) as Precise)).toBeNull();
  });
});
