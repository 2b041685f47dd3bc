import { describe, expect, it } from "vitest";
import {
  addRational,
  bitLength,
  floorRational,
  integer,
  integerRoot,
  isFiniteDecimal,
  multiplyRational,
  powerRational,
  printRational,
  type Rational,
  rational,
  rationalToNumber,
  rootRational,
} from "./rational.ts";

const fraction = (numerator: number, denominator: number): Rational =>
  rational(BigInt(numerator), BigInt(denominator)) as Rational;

describe("fractions", () => {
  it("are kept in lowest terms with a positive denominator", () => {
    expect(printRational(fraction(6, -4))).toBe("-3/2");
    expect(rational(1n, 0n)).toBeNull();
  });

  it("add and multiply exactly", () => {
    expect(addRational(fraction(1, 6), fraction(1, 10))).toEqual(fraction(4, 15));
    expect(multiplyRational(fraction(2, 3), fraction(9, 4))).toEqual(fraction(3, 2));
  });

  it("refuse a power that would be too large, before computing it", () => {
    expect(powerRational(integer(10), 4000n)).not.toBeNull();
    expect(powerRational(integer(10), 10n ** 30n)).toBeNull();
    expect(powerRational(integer(-1), 10n ** 30n + 1n)).toEqual(integer(-1));
    expect(powerRational(integer(0), -1n)).toBeNull();
  });

  it("have exact roots only where these are rational", () => {
    expect(rootRational(fraction(16, 81), 4n)).toEqual(fraction(2, 3));
    expect(rootRational(integer(-27), 3n)).toEqual(integer(-3));
    expect(rootRational(integer(-4), 2n)).toBeNull();
    expect(rootRational(integer(2), 2n)).toBeNull();
  });

  it("take integer roots of large numbers", () => {
    expect(integerRoot(10n ** 60n, 3n)).toBe(10n ** 20n);
    expect(integerRoot(10n ** 60n - 1n, 3n)).toBe(10n ** 20n - 1n);
  });

  it("round towards minus infinity", () => {
    expect(floorRational(fraction(-7, 2))).toBe(-4n);
    expect(floorRational(fraction(7, 2))).toBe(3n);
  });

  it("know whether their decimal form ends", () => {
    expect(isFiniteDecimal(fraction(63, 400))).toBe(true);
    expect(isFiniteDecimal(fraction(1, 1024))).toBe(true);
    expect(isFiniteDecimal(integer(5))).toBe(true);
    expect(isFiniteDecimal(fraction(1, 3))).toBe(false);
    expect(isFiniteDecimal(fraction(1, 6))).toBe(false);
  });

  it("become doubles also where their parts are beyond the range of doubles", () => {
    const big = 7n ** 500n;
    expect(rationalToNumber({ numerator: big * 3n, denominator: big * 2n })).toBeCloseTo(1.5, 12);
    expect(rationalToNumber({ numerator: big, denominator: 7n ** 501n })).toBeCloseTo(1 / 7, 12);
  });

  it("count bits within the size of a hexadecimal digit", () => {
    expect(bitLength(255n)).toBe(8);
    expect(bitLength(-(2n ** 100n))).toBeGreaterThan(100);
    expect(bitLength(-(2n ** 100n))).toBeLessThan(105);
  });
});
