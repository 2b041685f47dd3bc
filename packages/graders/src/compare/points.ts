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

/**
 * Between 0.2 and 3.2 for the first six points, of either sign for the next six; the last four are up to about 3000 in
 * size, so that |x - 50| is not taken for 50 - x.
 */
export function realPoint(index: number): Point {
  const factor = index < 12 ? 1n : index < 14 ? 29n : 997n;
  return fixedPoint(
    `real ${index}`,
    (seed) => {
      const size = BigInt(200 + (seed % 3000)) * factor;
      const isNegative = index < 12 ? index >= 6 && (seed >>> 12) % 2 === 1 : index % 2 === 1;
      return isNegative ? -size : size;
    },
    1000n,
  );
}

/** As realPoint, but the last two are in the millions: for functions that change where an argument is large. */
export function widePoint(index: number): Point {
  if (index < pointCount - 2) return realPoint(index);
  const sign = index % 2 === 0 ? 1n : -1n;
  return fixedPoint(`wide ${index}`, (seed) => sign * BigInt(20_000_000 + (seed % 90_000_000)));
}

/** Whole numbers from 1 to 15. */
export function integerPoint(index: number): Point {
  return fixedPoint(`integer ${index}`, (seed) => BigInt(1 + (seed % 15)));
}

/** Whole numbers for the letters that stand for them, and for the rest at every third point: floor(x) is not x. */
export function mixedPoint(index: number): Point {
  const [whole, real] = [integerPoint(index), realPoint(index)];
  return (name) => (index % 3 === 0 || /^[ijklmnpqKMN](?:_|'|$)/.test(name) ? whole(name) : real(name));
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
