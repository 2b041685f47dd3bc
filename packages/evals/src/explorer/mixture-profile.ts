/**
 * What recorded thoughts were made of: how much of each step's distribution the likeliest token carries (1 is one-hot: a
 * hard token), along the thought and over all steps, and which tokens share a step. Filled row by row, nothing kept.
 */

import type { SampleRow } from "../results/schema.ts";

/** Lower bounds of the classes that steps are counted in, by the likeliest token's probability. */
const MIXTURE_BOUNDS = [0.99, 0.9, 0.5, 0] as const;

export interface MixtureProfile {
  /** Recorded steps. */
  readonly steps: number;
  /** Mean probability of the likeliest token. */
  readonly topMass: number;
  /** Share of steps per class of {@link MIXTURE_BOUNDS}. */
  readonly shares: readonly number[];
  /** Mean probability of the likeliest token per thought position, and how many steps that is of. */
  readonly byPosition: { readonly mean: readonly number[]; readonly count: readonly number[] };
  /** The pairs of tokens that most often share a step whose likeliest token has less than 0.9. */
  readonly pairs: readonly {
    readonly first: string;
    readonly second: string;
    readonly steps: number;
    /** Mean probabilities in those steps. */
    readonly firstMass: number;
    readonly secondMass: number;
  }[];
}

export interface MixtureTally {
  add(steps: NonNullable<SampleRow["steps"]>): void;
  profile(): MixtureProfile | null;
}

const MIXED_BELOW = 0.9;
const MOST_PAIRS = 8;
/** Pairs kept while counting; beyond it new ones are left out, so that a vocabulary cannot fill the memory. */
const MOST_COUNTED_PAIRS = 20_000;

interface PairTally {
  readonly first: string;
  readonly second: string;
  steps: number;
  firstSum: number;
  secondSum: number;
}

export function createMixtureTally(): MixtureTally {
  const classes = MIXTURE_BOUNDS.map(() => 0);
  const sums: number[] = [];
  const counts: number[] = [];
  const pairs = new Map<string, PairTally>();
  const countPair = (first: Alternative, second: Alternative) => {
    const key = JSON.stringify([first.token, second.token]);
    const known = pairs.get(key);
    if (!known && pairs.size >= MOST_COUNTED_PAIRS) return;
    const tally = known ?? { first: first.token, second: second.token, steps: 0, firstSum: 0, secondSum: 0 };
    tally.steps += 1;
    tally.firstSum += first.probability;
    tally.secondSum += second.probability;
    pairs.set(key, tally);
  };
  return {
    add(steps) {
      for (const [position, { alternatives }] of steps.entries()) {
        const [first, second] = alternatives;
        if (!first) continue;
        const bound = MIXTURE_BOUNDS.findIndex((lowest) => first.probability >= lowest);
        classes[bound] = (classes[bound] ?? 0) + 1;
        sums[position] = (sums[position] ?? 0) + first.probability;
        counts[position] = (counts[position] ?? 0) + 1;
        if (second && first.probability < MIXED_BELOW) countPair(first, second);
      }
    },
    profile() {
      const steps = classes.reduce((sum, count) => sum + count, 0);
      if (steps === 0) return null;
      return {
        steps,
        topMass: sums.reduce((total, sum) => total + (sum ?? 0), 0) / steps,
        shares: classes.map((count) => count / steps),
        byPosition: { mean: sums.map((sum, at) => sum / (counts[at] as number)), count: [...counts] },
        pairs: [...pairs.values()]
          .sort((a, b) => b.steps - a.steps || (a.first + a.second < b.first + b.second ? -1 : 1))
          .slice(0, MOST_PAIRS)
          .map((pair) => ({
            first: pair.first,
            second: pair.second,
            steps: pair.steps,
            firstMass: pair.firstSum / pair.steps,
            secondMass: pair.secondSum / pair.steps,
          })),
      };
    },
  };
}

type Alternative = NonNullable<SampleRow["steps"]>[number]["alternatives"][number];
