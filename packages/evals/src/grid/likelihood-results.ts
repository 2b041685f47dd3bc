/**
 * Results of a likelihood task in the form of the others, so that one reader serves tables, differences and the explorer:
 * one answer per question, no thought, the mode {@link LIKELIHOOD_MODE}.
 */

import type { InferenceMode } from "../contract.ts";
import { LIKELIHOOD_MODE, type LikelihoodResults } from "../likelihood/schema.ts";
import type { EvaluationResults, Metrics, ModeResult } from "../results/schema.ts";

/** Figures that only likelihood tasks have: accuracy after division by length, and negative log-likelihoods in nats. */
export const LIKELIHOOD_METRICS = ["accuracyNormalized", "nllPerToken", "nllPerTokenPooled"] as const;

/** Without figures while questions are missing, as the file itself. */
export function likelihoodAsEvaluation(results: LikelihoodResults): EvaluationResults {
  const { format, task, model, checksum, source, questions, seed, settings, versions, complete } = results;
  return {
    format,
    task,
    model,
    checksum,
    source,
    n: 1,
    questions,
    template: "",
    seed,
    settings,
    versions,
    complete,
    results: results.metrics ? [modeResult(results, results.metrics)] : [],
  };
}

function modeResult(results: LikelihoodResults, of: NonNullable<LikelihoodResults["metrics"]>): ModeResult {
  const correct = Object.values(results.correctByQuestion).reduce((sum, count) => sum + count, 0);
  const samples = Object.keys(results.correctByQuestion).length;
  const { accuracy, acc_norm, nllPerToken, nllPerTokenPooled, intervals } = of;
  const bounds: Metrics["intervals"] & Readonly<Record<string, unknown>> = {
    accuracy: intervals.accuracy,
    accuracyNormalized: intervals.acc_norm,
    nllPerToken: intervals.nllPerToken,
    passAt: { "1": intervals.accuracy },
  };
  const metrics = {
    accuracy,
    accuracyNormalized: acc_norm,
    nllPerToken,
    nllPerTokenPooled,
    passAt: { "1": accuracy },
    entropy: null,
    thoughtLength: 0,
    intervals: bounds,
  } satisfies Metrics & Record<string, unknown>;
  return {
    task: results.task,
    // Not one of the six: lists of those pass it over, which is meant.
    mode: LIKELIHOOD_MODE as unknown as InferenceMode,
    model: results.model,
    n: 1,
    questions: results.questions,
    metrics,
    outcomes: {
      samples,
      correct,
      wrong: samples - correct,
      noAnswer: 0,
      graderTimeout: 0,
      errors: 0,
      limitReached: 0,
    },
    entropyByPosition: { mean: [], count: [] },
    correctByQuestion: results.correctByQuestion,
  };
}
