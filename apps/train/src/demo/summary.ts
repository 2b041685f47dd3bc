/**
 * The demo's findings in plain words, computed from the measured results: what rose, what fell, what was kept, each with its
 * interval, and "no clear change" where the interval says so.
 */

import {
  compareMode,
  type EvaluationResults,
  type InferenceMode,
  isClear,
  modeResult,
} from "@soft-tokens/evals";
import { DEMO_THOUGHTS, type DemoThought } from "./settings.ts";

/** One paragraph per training. */
export function summarize(
  base: EvaluationResults,
  trained: Readonly<Record<DemoThought, EvaluationResults>>,
): string[] {
  return DEMO_THOUGHTS.map((thought) => {
    const results = trained[thought];
    const own: InferenceMode = `${thought}-sample`;
    const name = `${thought[0]?.toUpperCase()}${thought.slice(1)} training`;
    return `${name}: ${accuracySentence(base, results, own)} ${keptSentence(base, results)}`;
  });
}

/** True where every training clearly raised accuracy in its own sampled mode. */
export function everyTrainingRose(
  base: EvaluationResults,
  trained: Readonly<Record<DemoThought, EvaluationResults>>,
): boolean {
  return DEMO_THOUGHTS.every(
    (thought) => (compareMode(base, trained[thought], `${thought}-sample`)?.low ?? 0) > 0,
  );
}

function accuracySentence(base: EvaluationResults, results: EvaluationResults, mode: InferenceMode): string {
  const difference = compareMode(base, results, mode);
  if (!difference) return `${mode} was not measured.`;
  const before = percent(modeResult(base, mode)?.metrics.accuracy);
  const after = percent(modeResult(results, mode)?.metrics.accuracy);
  const interval = `95 % interval ${points(difference.low)} to ${points(difference.high)} points`;
  const verdict = !isClear(difference)
    ? "no clear change in so few steps"
    : difference.difference > 0
      ? "a clear rise"
      : "a clear fall";
  return `accuracy in its own mode (${mode}) went from ${before} to ${after}, ${verdict} (${points(difference.difference)}, ${interval}).`;
}

function keptSentence(base: EvaluationResults, results: EvaluationResults): string {
  const mode: InferenceMode = "hard-sample";
  const before = modeResult(base, mode)?.metrics;
  const after = modeResult(results, mode)?.metrics;
  if (!before || !after) return "";
  const entropy =
    before.entropy !== null && after.entropy !== null
      ? `The entropy of sampled thoughts went from ${before.entropy.toFixed(3)} to ${after.entropy.toFixed(3)} nats (${signedPercent(after.entropy / before.entropy - 1)})`
      : "";
  const k = Object.keys(before.passAt)
    .map(Number)
    .sort((a, b) => b - a)[0];
  if (k === undefined || k === 1) return `${entropy}.`;
  return `${entropy}; ${mode} pass@${k} from ${percent(before.passAt[k])} to ${percent(after.passAt[k])}.`;
}

function percent(share: number | undefined): string {
  return share === undefined ? "?" : `${(100 * share).toFixed(1)} %`;
}

function points(share: number): string {
  return `${share >= 0 ? "+" : "-"}${Math.abs(100 * share).toFixed(1)}`;
}

function signedPercent(share: number): string {
  return `${share >= 0 ? "+" : "-"}${Math.abs(100 * share).toFixed(0)} %`;
}
