/**
 * Rewards for the length of a response. Lengths are counts of whatever the caller counts: tokens or characters.
 */

/** Ends of the cosine: the values at length 0 and at the longest length, for right and for wrong answers. */
export interface CosineRange {
  /** Defaults to 0.5: a right answer of the longest length. */
  readonly minCorrect?: number;
  /** Defaults to 1: a right answer of length 0. */
  readonly maxCorrect?: number;
  /** Defaults to -1: a wrong answer of length 0. */
  readonly minWrong?: number;
  /** Defaults to -0.5: a wrong answer of the longest length. */
  readonly maxWrong?: number;
}

/**
 * Cosine-scaled reward (Yeo et al. 2025, arXiv:2502.03373): a right answer earns more when it is shorter, a wrong one loses
 * less when it is longer. Lengths above `maxLength` count as `maxLength`.
 */
export function cosineLengthReward(
  isCorrect: boolean,
  length: number,
  maxLength: number,
  range: CosineRange = {},
): number {
  const { minCorrect = 0.5, maxCorrect = 1, minWrong = -1, maxWrong = -0.5 } = range;
  const [atZero, atEnd] = isCorrect ? [maxCorrect, minCorrect] : [minWrong, maxWrong];
  const progress = Math.min(1, length / maxLength);
  return atEnd + 0.5 * (atZero - atEnd) * (1 + Math.cos(Math.PI * progress));
}

/**
 * Length rewards of a group (Kimi k1.5, arXiv:2501.12599): 0.5 for the shortest to -0.5 for the longest, and never above 0
 * for a wrong answer. All 0 where all lengths are equal.
 */
export function groupLengthRewards(
  samples: readonly { readonly isCorrect: boolean; readonly length: number }[],
): number[] {
  const lengths = samples.map((sample) => sample.length);
  const shortest = Math.min(...lengths);
  const longest = Math.max(...lengths);
  if (longest === shortest) return samples.map(() => 0);
  return samples.map(({ isCorrect, length }) => {
    const reward = 0.5 - (length - shortest) / (longest - shortest);
    return isCorrect ? reward : Math.min(0, reward);
  });
}

/**
 * Soft punishment of overlong responses (DAPO, arXiv:2503.14476, equation 13): 0 up to `maxLength - cache`, then falling to
 * -1 at `maxLength` and beyond.
 */
export function overlongPenalty(length: number, maxLength: number, cache: number): number {
  if (length <= maxLength - cache) return 0;
  return length <= maxLength ? (maxLength - cache - length) / cache : -1;
}
