/**
 * NaN and infinity among weights. A model with one of them computes on and answers with rubbish that looks like an answer, so they
 * are looked for while a tensor is in memory anyway: one pass over its bits, about as long as the sum of its elements.
 */

import type { FloatDType } from "@soft-tokens/tensor";

/** The least magnitude, as bits, that is no finite number of the dtype: 0x7f7f8000 is rounded to infinity in bfloat16. */
const LIMIT: Readonly<Record<FloatDType, number>> = { float32: 0x7f800000, bfloat16: 0x7f7f8000 };

/** What is wrong with some values. */
export interface NotFinite {
  readonly count: number;
  /** Place of the first of them, and what it is. */
  readonly index: number;
  readonly value: number;
}

/** The values that are not finite, or would not be once they are stored as `dtype`; null where all are. */
export function findNotFinite(values: Float32Array, dtype: FloatDType): NotFinite | null {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length);
  const limit = LIMIT[dtype];
  if (!reaches(words, limit)) return null;
  const isBad = (word: number) => (word & 0x7fffffff) >= limit;
  const index = words.findIndex(isBad);
  const count = words.reduce((total, word) => total + (isBad(word) ? 1 : 0), 0);
  return { count, index, value: values[index] as number };
}

/** Whether some magnitude is at least `limit`. Four sums that do not wait for each other: twice as fast as one. */
function reaches(words: Int32Array, limit: number): boolean {
  // A sum reaches the sign bit exactly where the magnitude reaches the limit.
  const toSignBit = 0x80000000 - limit;
  const signBit = (at: number) => (((words[at] as number) & 0x7fffffff) + toSignBit) | 0;
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = words.length - (words.length % 4);
  for (let at = 0; at < whole; at += 4) {
    a |= signBit(at);
    b |= signBit(at + 1);
    c |= signBit(at + 2);
    d |= signBit(at + 3);
  }
  for (let at = whole; at < words.length; at++) a |= signBit(at);
  return (a | b | c | d) < 0;
}

/** "1 of 4096 values is not finite, the first at [1, 5]: NaN" */
export function describeNotFinite(
  { count, index, value }: NotFinite,
  shape: readonly number[],
  dtype: FloatDType,
): string {
  const size = shape.reduce((product, length) => product * length, 1);
  const what = Number.isFinite(value) ? `${value}, which is infinite as ${dtype}` : `${value}`;
  return `${count} of ${size} values ${count === 1 ? "is" : "are"} not finite, the first at [${placeOf(index, shape).join(", ")}]: ${what}`;
}

function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let rest = index;
  for (const length of shape.toReversed()) {
    place.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return place;
}
