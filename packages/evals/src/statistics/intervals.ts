/**
 * 95 % intervals. Questions are the sampling unit everywhere: the samples of one question are not independent, so the
 * bootstrap draws whole questions (clusters), never single samples.
 */

import { createGenerator } from "./generator.ts";

/** An estimate's interval and how it was made. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly method: "bootstrap" | "wilson";
}

export const CONFIDENCE = 0.95;
/** Normal quantile of 0.975. */
const Z = 1.959963984540054;

export interface BootstrapOptions {
  readonly seed: number;
  /** Defaults to 2000. */
  readonly resamples?: number;
}

/**
 * Percentile bootstrap of the mean over questions: `values[i]` is question i's own estimate (pass@k, share correct), in [0, 1].
 * Where every question has the same value, resampling would claim certainty, so Wilson's interval of that share is given.
 * @throws RangeError for no values.
 */
export function meanInterval(values: readonly number[], options: BootstrapOptions): Interval {
  const first = values[0];
  if (first === undefined) throw new RangeError("meanInterval: no values");
  if (values.every((value) => value === first)) return wilsonInterval(first * values.length, values.length);
  return { ...bootstrapMean(values, options), method: "bootstrap" };
}

/** Percentile bootstrap bounds of a mean. @throws RangeError for no values. */
export function bootstrapMean(
  values: readonly number[],
  { seed, resamples = 2000 }: BootstrapOptions,
): { low: number; high: number } {
  const count = values.length;
  if (count === 0) throw new RangeError("bootstrapMean: no values");
  const draw = createGenerator(seed);
  const source = Float64Array.from(values);
  const means = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += source[draw(count)] as number;
    means[resample] = sum / count;
  }
  means.sort();
  return { low: quantile(means, (1 - CONFIDENCE) / 2), high: quantile(means, (1 + CONFIDENCE) / 2) };
}

/** Score interval of a share (Wilson 1927), for one trial per question. @throws RangeError for no trials. */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (!(trials > 0) || successes < 0 || successes > trials) {
    throw new RangeError(`wilsonInterval: got ${successes} of ${trials}`);
  }
  const share = successes / trials;
  const spread = (Z * Z) / trials;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (Z / (1 + spread)) * Math.sqrt((share * (1 - share)) / trials + spread / (4 * trials));
  // At the edges the bound is the edge itself; rounding must not leave it a hair inside.
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
    method: "wilson",
  };
}

/** Linear interpolation between order statistics. */
function quantile(sorted: Float64Array, at: number): number {
  const position = at * (sorted.length - 1);
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}
