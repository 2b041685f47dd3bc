/**
 * Philox4x32-10, a counter-based generator: 128 bits of output for each (key, counter).
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011; constants of its section 4.3.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Four 32-bit words of input (a counter) that `philox` replaces by four words of output. */
export type PhiloxBlock = Uint32Array;

/** Replaces the counter in `block` (length 4) by the output for that counter under the key (two 32-bit words). */
export function philox(block: PhiloxBlock, keyLow: number, keyHigh: number): void {
  let c0 = block[0] as number;
  let c1 = block[1] as number;
  let c2 = block[2] as number;
  let c3 = block[3] as number;
  let k0 = keyLow;
  let k1 = keyHigh;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c2 = high0 ^ c3 ^ k1;
    c1 = low1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** High 32 bits of the 64-bit product of two 32-bit words, by halves: doubles hold 53 bits only. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const cross = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}
