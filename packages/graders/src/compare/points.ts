/**
 * The points at which expressions with names are compared. They depend on nothing but the names, so that a verdict never
 * depends on chance.
 */
import type { Point } from "../algebra/evaluate.ts";
import { rational } from "../algebra/rational.ts";

/** Points at which functions are compared. */
export const pointCount = 16;

/** Large whole numbers, as residues. */
export function modularPoint(index: number): Point {
  return fixedPoint(`modular ${index}`, (seed) => BigInt(seed) * 4294967311n + BigInt(seed >>> 3));
}

/** Below the values of real points: an odd number over this is no multiple of pi's fractions, and no odd root. */
const realDenominator = 2_000_006n;

/**
 * About 0.2 to 3.2 for the first six points, of either sign for the next six; the last four are up to about 3000 in
 * size, so that |x - 50| is not taken for 50 - x. The numerators are odd and the denominator is twice a prime: sin(1000 pi x)
 * is nowhere zero.
 */
export function realPoint(index: number): Point {
  const factor = index < 12 ? 1n : index < 14 ? 29n : 997n;
  return fixedPoint(
    `real ${index}`,
    (seed) => {
      const size = (BigInt(200 + (seed % 3000)) * 2000n + 1n) * factor;
      const isNegative = index < 12 ? index >= 6 && (seed >>> 12) % 2 === 1 : index % 2 === 1;
      return isNegative ? -size : size;
    },
    realDenominator,
  );
}

/** Real numbers about as large as a power of ten, of one sign. */
export function farPoint(exponent: number, sign: number): Point {
  const scale = BigInt(sign) * 10n ** BigInt(exponent);
  return fixedPoint(
    `far ${exponent}`,
    (seed) => (BigInt(200 + (seed % 3000)) * 2000n + 1n) * scale,
    realDenominator,
  );
}

/** Whole numbers: from 1 to 15 at the first eight points, then up to 60, and to 200 at the last. */
export function integerPoint(index: number): Point {
  const [least, count] = index < 8 ? [1, 15] : index < 14 ? [16, 45] : [61, 140];
  return fixedPoint(`integer ${index}`, (seed) => BigInt(least + (seed % count)));
}

/** Whole numbers for some names, and for all of them at every third point where `isAllAtTimes`: floor(x) is not x. */
export function mixedPoint(index: number, isWhole: (name: string) => boolean, isAllAtTimes: boolean): Point {
  const [whole, real] = [integerPoint(index), realPoint(index)];
  const isAll = isAllAtTimes && index % 3 === 0;
  return (name) => (isAll || isWhole(name) ? whole(name) : real(name));
}

/** A point that depends on nothing but the label and the name. */
function fixedPoint(label: string, value: (seed: number) => bigint, denominator = 1n): Point {
  return (name) => {
    if (name === "pi" || name === "e" || name === "i" || name === "infinity") return null;
    return rational(value(hash(`${label} ${name}`)), denominator);
  };
}

/** FNV-1a with a final mix (Fowler, Noll, Vo; MurmurHash3's finaliser). */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    h ^= text.charCodeAt(index);
    h = Math.imul(h, 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
