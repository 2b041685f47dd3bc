/**
 * Metrics of one step as flat `group/name` numbers. Only finite numbers are reported: what a step has no value of (the log pi
 * gap where nothing was scored) is absent and not 0 or NaN.
 *
 * Axes: P prompts, G samples per prompt.
 */

import type { Rollout } from "@soft-tokens/sampler";
import type { Metrics, Problem, RewardResult } from "./contract.ts";
import type { RowLogProb } from "./pass.ts";

/** One sample of a training step with all that was made of it. */
export interface TrainingSample {
  readonly problem: Problem;
  readonly rollout: Rollout;
  readonly result: RewardResult;
  readonly advantage: number;
  /** Sums of log pi by the teacher-forced pass; null where the sample had no advantage and was not passed. */
  readonly trainerLogProb: RowLogProb | null;
}

/** Rewards, groups, thoughts and the log pi gap of a step's samples, ordered by prompt. */
export function sampleMetrics(samples: readonly TrainingSample[], samplesPerPrompt: number): Metrics {
  return finiteOnly({
    ...rewardMetrics(samples.map((sample) => sample.result)),
    ...groupMetrics(samples, samplesPerPrompt),
    ...thoughtMetrics(samples.map((sample) => sample.rollout)),
    ...gapMetrics(samples),
  });
}

/** Shares are fractions of 1; `reward/std` is over all samples of the step. */
export function rewardMetrics(results: readonly RewardResult[]): Metrics {
  const rewards = results.map((result) => result.reward);
  const average = mean(rewards);
  return {
    "reward/mean": average,
    "reward/std": Math.sqrt(mean(rewards.map((reward) => (reward - average) ** 2))),
    "reward/correct": share(results, (result) => result.correct),
    "reward/boxed": share(results, (result) => result.boxed),
  };
}

/** Only groups whose rewards differ carry a gradient: `groups/zeroVariance` is the share that does not. */
function groupMetrics(samples: readonly TrainingSample[], G: number): Metrics {
  const groups = Array.from({ length: samples.length / G }, (_, p) => samples.slice(p * G, (p + 1) * G));
  const allRight = share(groups, (group) => group.every((sample) => sample.result.correct));
  const allWrong = share(groups, (group) => group.every((sample) => !sample.result.correct));
  return {
    "groups/allRight": allRight,
    "groups/allWrong": allWrong,
    "groups/mixed": 1 - allRight - allWrong,
    "groups/zeroVariance": share(groups, (group) => group.every((sample) => sample.advantage === 0)),
  };
}

/** Length in steps; entropy in nats, the mean over all steps of all samples. */
export function thoughtMetrics(rollouts: readonly Rollout[]): Metrics {
  const steps = rollouts.reduce((total, rollout) => total + rollout.shadowIds.length, 0);
  const entropy = rollouts.reduce(
    (total, rollout) => rollout.entropies.reduce((sum, value) => sum + value, total),
    0,
  );
  return {
    "thought/length": steps / rollouts.length,
    "thought/limitRate": share(rollouts, (rollout) => rollout.thoughtStop === "limit"),
    "thought/entropy": entropy / steps,
  };
}

/**
 * |log pi of the sampler - log pi of the trainer|: the mean over scored samples, the same relative to |log pi|, and the mean
 * over single thought steps, where gaps of opposite sign do not cancel.
 */
function gapMetrics(samples: readonly TrainingSample[]): Metrics {
  let scored = 0;
  let gap = 0;
  let magnitude = 0;
  let stepGap = 0;
  let steps = 0;
  for (const { rollout, trainerLogProb } of samples) {
    if (!trainerLogProb) continue;
    const sampler = (rollout.thoughtLogProb ?? 0) + (rollout.answerLogProb ?? 0);
    scored++;
    gap += Math.abs(sampler - (trainerLogProb.thought + trainerLogProb.answer));
    magnitude += Math.abs(sampler);
    rollout.thoughtLogProbs?.forEach((value, step) => {
      stepGap += Math.abs(value - (trainerLogProb.thoughtSteps[step] as number));
      steps++;
    });
  }
  return {
    "logprob/gap": gap / scored,
    "logprob/gapRelative": gap / magnitude,
    "logprob/gapPerThoughtStep": stepGap / steps,
  };
}

/** Leaves NaN and infinite values out. */
export function finiteOnly(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function share<T>(items: readonly T[], is: (item: T) => boolean): number {
  return items.filter(is).length / items.length;
}
