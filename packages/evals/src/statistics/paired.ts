/**
 * Two models on the same questions: the difference is far better known than either figure, because hard questions
 * are hard for both. So differences are taken per question and the questions are resampled.
 */

import { type BootstrapOptions, bootstrapMean } from "./intervals.ts";

/** Share correct per question id. */
export type ScoreByQuestion = ReadonlyMap<string, number>;

export interface PairedDifference {
  /** Mean of (after - before) over the questions both answered. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly questions: number;
  /** Ids with a higher share correct after than before, and the other way round. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** @throws RangeError when the two have no question in common. */
export function pairedDifference(
  before: ScoreByQuestion,
  after: ScoreByQuestion,
  options: BootstrapOptions,
): PairedDifference {
  const ids = [...before.keys()].filter((id) => after.has(id));
  if (ids.length === 0) throw new RangeError("pairedDifference: no question in common");
  const deltas = ids.map((id) => (after.get(id) as number) - (before.get(id) as number));
  const difference = deltas.reduce((sum, delta) => sum + delta, 0) / deltas.length;
  return {
    difference,
    ...bootstrapMean(deltas, options),
    questions: ids.length,
    gained: ids.filter((_, index) => (deltas[index] as number) > 0),
    lost: ids.filter((_, index) => (deltas[index] as number) < 0),
  };
}
