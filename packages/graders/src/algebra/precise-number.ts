/** Numbers of `precise-field.ts`, their arithmetic, and what the functions on them ask of the field. */
import type { Work } from "../work.ts";
import { addBalls, type Ball, invertBall, multiplyBalls, negateBall } from "./ball.ts";
import type { LogBase } from "./complex-field.ts";
import type { Field } from "./evaluate.ts";

/** A real number where `im` is null. */
export interface PreciseNumber {
  readonly re: Ball;
  readonly im: Ball | null;
}

/** Thrown where the sign of a number cannot be told with the bits at hand. */
export class Undecided extends Error {
  override name = "Undecided";
}

export interface PreciseField extends Field<PreciseNumber> {
  readonly bits: number;
  readonly logBase: LogBase;
  readonly work: Work;
  subtract(a: PreciseNumber, b: PreciseNumber): PreciseNumber | null;
  /** -1, 0 or 1 for a real ball. @throws {Undecided} */
  sign(x: Ball): -1 | 0 | 1;
  /** @throws {Undecided} */
  isZero(x: PreciseNumber): boolean;
  /** The number itself where it is real, else null. @throws {Undecided} */
  realPart(x: PreciseNumber): Ball | null;
  /** Whether a number is zero; null where more bits are needed to tell. */
  decide(x: PreciseNumber): boolean | null;
  /** How many more bits are missing for that, at a guess. */
  missingBits(x: PreciseNumber): number;
  /** Takes note of the size of a number on the way to a result. */
  note(x: Ball): void;
  /** Binary logarithm of the error below which a number that may be zero is taken for zero. */
  threshold(): number;
}

export function negate(x: PreciseNumber): PreciseNumber {
  return { re: negateBall(x.re), im: x.im && negateBall(x.im) };
}

export function add(a: PreciseNumber, b: PreciseNumber, bits: number): PreciseNumber | null {
  const re = addBalls(a.re, b.re, bits);
  const im = a.im && b.im ? addBalls(a.im, b.im, bits) : (a.im ?? b.im);
  return re && { re, im };
}

export function multiply(a: PreciseNumber, b: PreciseNumber, bits: number): PreciseNumber | null {
  const product = (x: Ball, y: Ball): Ball | null => multiplyBalls(x, y, bits);
  const first = product(a.re, b.re);
  if (!a.im || !b.im) {
    const [number, other] = a.im ? [a, b] : [b, a];
    const im = number.im && product(number.im, other.re);
    return first && (number.im === null || im) ? { re: first, im } : null;
  }
  const [second, third, fourth] = [product(a.im, b.im), product(a.re, b.im), product(a.im, b.re)];
  const re = first && second && addBalls(first, negateBall(second), bits);
  const im = third && fourth && addBalls(third, fourth, bits);
  return re && im && { re, im };
}

/** 1 / x. @throws {Undecided} */
export function invert(x: PreciseNumber, field: PreciseField): PreciseNumber | null {
  if (field.isZero(x)) return null;
  const inverted = (part: Ball): Ball => {
    const inverse = invertBall(part, field.bits);
    if (!inverse) throw new Undecided();
    return inverse;
  };
  if (!x.im) return { re: inverted(x.re), im: null };
  const [a, b] = [multiplyBalls(x.re, x.re, field.bits), multiplyBalls(x.im, x.im, field.bits)];
  const size = a && b && addBalls(a, b, field.bits);
  const inverse = size && inverted(size);
  const conjugate = { re: x.re, im: negateBall(x.im) };
  return inverse && multiply(conjugate, { re: inverse, im: null }, field.bits);
}
