/**
 * A small seeded generator for resampling, nothing else: xoshiro128** (Blackman and Vigna, 2018, arXiv:1805.01407)
 * with its state filled by splitmix32. The seed stands beside every interval it made, so intervals are reproducible.
 */

/** Uniform integers in [0, bound). */
export type IntegerGenerator = (bound: number) => number;

/** The same seed gives the same integers on every machine. @throws RangeError for an unsafe seed. */
export function createGenerator(seed: number): IntegerGenerator {
  if (!Number.isSafeInteger(seed))
    throw new RangeError(`createGenerator: wanted a safe integer seed, got ${seed}`);
  let filler = seed ^ Math.imul(Math.floor(seed / 2 ** 32), 0x9e3779b1);
  const fill = () => {
    filler = (filler + 0x9e3779b9) | 0;
    let mixed = Math.imul(filler ^ (filler >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let [a, b, c, d] = [fill(), fill(), fill(), fill()];
  const rotate = (x: number, by: number) => (x << by) | (x >>> (32 - by));
  const next = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  // The bias of a plain scaling is below bound / 2^32: nothing for a few thousand questions.
  return (bound) => Math.floor((next() / 2 ** 32) * bound);
}
