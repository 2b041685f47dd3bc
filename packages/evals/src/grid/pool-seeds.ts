/**
 * Several trainings of one variant (its seeds), evaluated on the same questions -> one result that tables and charts read
 * as if it were a single training's.
 *
 * What is pooled: every figure is the mean over the seeds. Intervals of accuracy and pass@k resample questions, each with
 * its mean over the seeds; where a result keeps no figure per question (majority, likelihood) the bounds are the mean of the
 * seeds' bounds, which is never too narrow: the spread of a mean is at most the mean of the spreads. The spread between
 * seeds is not in the interval; it is given beside it, as {@link seedSpread}.
 */

import type { EntropyProfile, EvaluationResults, Metrics, ModeResult, Outcomes } from "../results/schema.ts";
import { type Interval, meanInterval } from "../statistics/intervals.ts";
import { passAtK } from "../statistics/pass-at-k.ts";

/** Mean of one figure over seeds, and how far the seeds lie apart. */
export interface SeedSpread {
  readonly mean: number;
  /** Standard error of the mean over seeds: sample standard deviation / sqrt(seeds); null for one seed. */
  readonly standardError: number | null;
  readonly values: readonly number[];
}

/** @throws RangeError for no values */
export function seedSpread(values: readonly number[]): SeedSpread {
  const count = values.length;
  if (count === 0) throw new RangeError("seedSpread: no values");
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  if (count === 1) return { mean, standardError: null, values };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, standardError: Math.sqrt(variance / count), values };
}

/**
 * Seeds of one variant on one task -> one result per mode that at least one of them has. A single one comes back as it is.
 * In a pooled result `n` counts the samples of all seeds, so that a question's share of correct ones is the mean over them.
 * @throws RangeError for none, and for seeds evaluated on different question files
 */
export function poolSeeds(seeds: readonly EvaluationResults[]): EvaluationResults {
  const first = seeds[0];
  if (!first) throw new RangeError("poolSeeds: no results");
  if (seeds.length === 1) return first;
  const other = seeds.find(({ checksum }) => checksum !== first.checksum);
  if (other) {
    throw new RangeError(
      `poolSeeds: ${first.task} of other questions (${first.checksum}, ${other.checksum})`,
    );
  }
  const modes = [...new Set(seeds.flatMap(({ results }) => results.map(({ mode }) => mode)))];
  const { mode: _mode, metrics: _metrics, ...rest } = first;
  return {
    ...rest,
    n: seeds.reduce((sum, { n }) => sum + n, 0),
    questions: Math.max(...seeds.map(({ questions }) => questions)),
    complete: seeds.every(({ complete }) => complete),
    results: modes.map((mode) =>
      poolMode(
        seeds.flatMap(({ results }) => results.filter((result) => result.mode === mode)),
        first.seed,
      ),
    ),
  };
}

function poolMode(seeds: readonly ModeResult[], seed: number): ModeResult {
  const first = seeds[0] as ModeResult;
  if (seeds.length === 1) return first;
  const ids = [...new Set(seeds.flatMap(({ correctByQuestion }) => Object.keys(correctByQuestion)))].sort();
  return {
    ...first,
    n: seeds.reduce((sum, { n }) => sum + n, 0),
    questions: ids.length,
    metrics: poolMetrics(seeds, ids, seed),
    outcomes: sumOutcomes(seeds.map(({ outcomes }) => outcomes)),
    entropyByPosition: poolProfiles(seeds.map(({ entropyByPosition }) => entropyByPosition)),
    correctByQuestion: Object.fromEntries(
      ids.map((id) => [id, seeds.reduce((sum, result) => sum + (result.correctByQuestion[id] ?? 0), 0)]),
    ),
  };
}

function poolMetrics(seeds: readonly ModeResult[], ids: readonly string[], seed: number): Metrics {
  const metrics = seeds.map((result) => result.metrics);
  const ks = Object.keys(metrics[0]?.passAt ?? {}).filter((k) => metrics.every(({ passAt }) => k in passAt));
  const passAt: Record<string, number> = {};
  const intervals: Record<string, Interval> = {};
  for (const k of ks) {
    const values = ids.flatMap((id) => {
      const ofSeeds = seeds.flatMap(({ n, correctByQuestion }) => {
        const correct = correctByQuestion[id];
        return correct === undefined ? [] : [passAtK(n, correct, Number(k))];
      });
      return ofSeeds.length === 0 ? [] : [seedSpread(ofSeeds).mean];
    });
    passAt[k] = seedSpread(metrics.map((of) => of.passAt[k] as number)).mean;
    intervals[k] = meanInterval(values, { seed });
  }
  const pooled = poolNumbers(metrics) as Metrics;
  return {
    ...pooled,
    accuracy: passAt["1"] ?? pooled.accuracy,
    passAt,
    intervals: {
      ...pooled.intervals,
      accuracy: intervals["1"] ?? pooled.intervals.accuracy,
      passAt: intervals,
    },
  };
}

/** Mean of every number that all have, at every depth; what is no number, or not in all, is the first one's or left out. */
function poolNumbers(values: readonly unknown[]): unknown {
  const first = values[0];
  if (values.every((value) => typeof value === "number")) return seedSpread(values as number[]).mean;
  if (typeof first !== "object" || first === null || Array.isArray(first)) return first;
  const records = values as readonly Readonly<Record<string, unknown>>[];
  const keys = Object.keys(first).filter((key) =>
    records.every((record) => record !== null && record[key] !== undefined),
  );
  return Object.fromEntries(keys.map((key) => [key, poolNumbers(records.map((record) => record[key]))]));
}

function sumOutcomes(outcomes: readonly Outcomes[]): Outcomes {
  const keys = Object.keys(outcomes[0] ?? {}) as (keyof Outcomes)[];
  return Object.fromEntries(
    keys.map((key) => [key, outcomes.reduce((sum, of) => sum + (of[key] ?? 0), 0)]),
  ) as Outcomes;
}

/** As if all samples were of one training: weighted by how many are still thinking. */
function poolProfiles(profiles: readonly EntropyProfile[]): EntropyProfile {
  const length = Math.max(0, ...profiles.map(({ count }) => count.length));
  const positions = Array.from({ length }, (_, position) => position);
  const count = positions.map((at) => profiles.reduce((sum, profile) => sum + (profile.count[at] ?? 0), 0));
  const mean = positions.map((at) => {
    const total = profiles.reduce(
      (sum, profile) => sum + (profile.mean[at] ?? 0) * (profile.count[at] ?? 0),
      0,
    );
    return count[at] ? total / count[at] : 0;
  });
  return { mean, count };
}
