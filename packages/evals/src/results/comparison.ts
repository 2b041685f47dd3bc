/** Two evaluations of the same questions, mode by mode: what the grid and the report draw as differences. */

import type { InferenceMode } from "../contract.ts";
import { type PairedDifference, pairedDifference } from "../statistics/paired.ts";
import type { EvaluationResults, ModeResult } from "./schema.ts";

/** The result of a mode, if it was evaluated. */
export function modeResult(results: EvaluationResults, mode: InferenceMode): ModeResult | undefined {
  return results.results.find((result) => result.mode === mode);
}

/** Paired difference of accuracy, or null when the two cannot be compared (no mode, other data, no common question). */
export function compareMode(
  before: EvaluationResults,
  after: EvaluationResults,
  mode: InferenceMode,
): PairedDifference | null {
  const [was, is] = [modeResult(before, mode), modeResult(after, mode)];
  if (!was || !is || before.checksum !== after.checksum) return null;
  const shares = (result: ModeResult) =>
    new Map(Object.entries(result.correctByQuestion).map(([id, correct]) => [id, correct / result.n]));
  const [wasShares, isShares] = [shares(was), shares(is)];
  if (![...wasShares.keys()].some((id) => isShares.has(id))) return null;
  return pairedDifference(wasShares, isShares, { seed: after.seed });
}

/** Whether a difference's interval leaves out zero. */
export function isClear(difference: PairedDifference): boolean {
  return difference.low > 0 || difference.high < 0;
}
