/**
 * Samples of one mode -> its metrics. Pure: the same samples give the same numbers, whatever order they came in.
 * An error counts as not correct here and is counted apart, so an accuracy is never better than what was shown.
 */

import type { InferenceMode } from "../contract.ts";
import type { EntropyProfile, Metrics, ModeResult, Outcomes } from "../results/schema.ts";
import {
  type BootstrapOptions,
  type Interval,
  meanInterval,
  wilsonInterval,
} from "../statistics/intervals.ts";
import { majorityCorrect } from "../statistics/majority.ts";
import { PASS_AT, passAtK } from "../statistics/pass-at-k.ts";
import { TIMEOUT_REASON } from "./grade-sample.ts";

/** What of a sample is kept in memory. */
export interface SampleOutcome {
  readonly correct: boolean;
  readonly extracted: string | null;
  readonly reason: string;
  readonly limitReached: boolean;
  readonly failed: boolean;
  /** The last number of the whole text is the reference. Defaults to `false`. */
  readonly flexible?: boolean;
  /** Nats per thought step. */
  readonly entropies: ArrayLike<number>;
}

export interface ModeSamples {
  readonly task: string;
  readonly model: string;
  readonly mode: InferenceMode;
  /** Samples per question. */
  readonly n: number;
  /** Per question id exactly `n` samples, by sample index. */
  readonly samplesByQuestion: ReadonlyMap<string, readonly SampleOutcome[]>;
  /** Which k to estimate; those above `n` are left out. Defaults to 1, 2, 4, 8, 16, 32. */
  readonly passAt?: readonly number[];
  /** Also give the strict and the lenient score that are usual for GSM8K. Defaults to `false`. */
  readonly withFlexible?: boolean;
}

/** @throws RangeError when a question does not have `n` samples. */
export function summarizeMode(samples: ModeSamples, bootstrap: BootstrapOptions): ModeResult {
  const { task, model, mode, n, samplesByQuestion } = samples;
  const questions = [...samplesByQuestion].sort(([a], [b]) => (a < b ? -1 : 1)); // resuming must not move an interval
  for (const [id, list] of questions) {
    if (list.length !== n) throw new RangeError(`question ${id}: wanted ${n} samples, got ${list.length}`);
  }
  const all = questions.flatMap(([, list]) => list);
  return {
    task,
    mode,
    model,
    n,
    questions: questions.length,
    metrics: {
      ...accuracyMetrics(
        questions.map(([, list]) => list),
        samples,
        bootstrap,
      ),
      ...(samples.withFlexible
        ? gsm8kScores(
            questions.map(([, list]) => list),
            bootstrap,
          )
        : {}),
      entropy: meanEntropy(all),
      thoughtLength: all.reduce((steps, sample) => steps + sample.entropies.length, 0) / all.length,
    },
    outcomes: countOutcomes(all),
    entropyByPosition: entropyProfile(all),
    correctByQuestion: Object.fromEntries(questions.map(([id, list]) => [id, countCorrect(list)])),
  };
}

function accuracyMetrics(
  lists: readonly (readonly SampleOutcome[])[],
  { n, passAt = PASS_AT }: ModeSamples,
  bootstrap: BootstrapOptions,
): Pick<Metrics, "accuracy" | "passAt" | "majority" | "intervals"> {
  const estimates: Record<string, number> = {};
  const intervals: Record<string, Interval> = {};
  const correct = lists.map(countCorrect);
  for (const k of new Set([1, ...passAt])) {
    if (k > n) continue;
    const values = correct.map((count) => passAtK(n, count, k));
    estimates[k] = mean(values);
    intervals[k] = n === 1 ? wilsonInterval(sum(correct), correct.length) : meanInterval(values, bootstrap);
  }
  const majority = n > 1 ? lists.map(majorityCorrect) : null;
  return {
    accuracy: estimates["1"] as number,
    passAt: estimates,
    ...(majority ? { majority: mean(majority) } : {}),
    intervals: {
      accuracy: intervals["1"] as Interval,
      passAt: intervals,
      ...(majority ? { majority: meanInterval(majority, bootstrap) } : {}),
    },
  };
}

/** Strict: the grader's verdict on the box, as `accuracy`. Flexible: the last number anywhere, over the same samples. */
function gsm8kScores(
  lists: readonly (readonly SampleOutcome[])[],
  bootstrap: BootstrapOptions,
): Pick<Metrics, "gsm8k"> {
  const score = (isRight: (sample: SampleOutcome) => boolean) => {
    const shares = lists.map((list) => list.filter(isRight).length / list.length);
    return { value: mean(shares), interval: meanInterval(shares, bootstrap) };
  };
  return {
    gsm8k: { strict: score(({ correct }) => correct), flexible: score(({ flexible = false }) => flexible) },
  };
}

function countOutcomes(samples: readonly SampleOutcome[]): Outcomes {
  const outcomes = {
    samples: 0,
    correct: 0,
    wrong: 0,
    noAnswer: 0,
    graderTimeout: 0,
    errors: 0,
    limitReached: 0,
  };
  for (const sample of samples) {
    outcomes.samples += 1;
    if (sample.limitReached) outcomes.limitReached += 1;
    if (sample.failed) outcomes.errors += 1;
    else if (sample.correct) outcomes.correct += 1;
    else if (sample.reason === TIMEOUT_REASON) outcomes.graderTimeout += 1;
    else if (!sample.extracted) outcomes.noAnswer += 1;
    else outcomes.wrong += 1;
  }
  return outcomes;
}

/** Mean over the samples still thinking at each position (method.md section 7). */
function entropyProfile(samples: readonly SampleOutcome[]): EntropyProfile {
  const sums: number[] = [];
  const count: number[] = [];
  for (const { entropies } of samples) {
    for (let position = 0; position < entropies.length; position++) {
      sums[position] = (sums[position] ?? 0) + (entropies[position] as number);
      count[position] = (count[position] ?? 0) + 1;
    }
  }
  return { mean: sums.map((sum, position) => round(sum / (count[position] as number))), count };
}

function meanEntropy(samples: readonly SampleOutcome[]): number | null {
  let total = 0;
  let count = 0;
  for (const { entropies } of samples) {
    for (let position = 0; position < entropies.length; position++) total += entropies[position] as number;
    count += entropies.length;
  }
  return count === 0 ? null : total / count;
}

function countCorrect(samples: readonly SampleOutcome[]): number {
  return samples.filter((sample) => sample.correct).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function round(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
