/**
 * pass@k, the chance that at least one of k samples is correct, without bias from n >= k samples of which c were:
 *   1 - C(n - c, k) / C(n, k)        (Chen et al. 2021, arXiv:2107.03374, section 2.1)
 * as the product of k ratios, because the binomials themselves overflow.
 */

/** The k of the paper's curves. */
export const PASS_AT = [1, 2, 4, 8, 16, 32] as const;

/** n samples, c of them correct. @throws RangeError for k > n and for counts that cannot be. */
export function passAtK(n: number, c: number, k: number): number {
  if (!Number.isInteger(n) || !Number.isInteger(c) || c < 0 || c > n) {
    throw new RangeError(`passAtK: wanted whole counts with 0 <= correct <= samples, got ${c} of ${n}`);
  }
  if (!Number.isInteger(k) || k < 1 || k > n) {
    throw new RangeError(`passAtK: k must be between 1 and the ${n} samples, got ${k}`);
  }
  if (k === 1) return c / n; // exactly, without 1 - (1 - x)
  if (n - c < k) return 1;
  let allWrong = 1;
  for (let drawn = 0; drawn < k; drawn++) allWrong *= (n - c - drawn) / (n - drawn);
  return 1 - allWrong;
}
