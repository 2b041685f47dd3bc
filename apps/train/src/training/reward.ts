/**
 * The reward of a run, and what it says about gradings without a verdict: a sample that took too long, was refused, or made a
 * grader of one's own fail earns 0 and is counted apart. A grader that has no verdict for a whole step's samples ends the run,
 * whatever the reason: training on zeros would look like training on wrong answers.
 */

import { type Grading, type GradingCounts, type SampleGrade, UsageError } from "@soft-tokens/app-common";
import type { Metrics, Problem, RewardFunction, RewardResult } from "@soft-tokens/trainer";
import type { TrainOptions } from "../config/train-options.ts";

/** A problem that still knows its question: the prompt has the template's text around it. */
export interface TrainingProblem extends Problem {
  readonly question: string;
}

export interface RunReward {
  readonly reward: RewardFunction;
  /** `grader/*` of the samples since the last call. */
  takeMetrics(): Metrics;
  /** What a person should know of the samples since the last call, or null. */
  takeWarning(): string | null;
}

type RewardOptions = Pick<TrainOptions, "grader" | "rewardCorrect" | "rewardBoxed">;

/** `missingAllowed`: samples without a verdict in a row after which the run ends. */
export function createRunReward(
  grading: Grading,
  { grader, rewardCorrect, rewardBoxed }: RewardOptions,
  missingAllowed: number,
): RunReward {
  const missing = { timeout: 0, refused: 0, failed: 0 };
  let failure: string | null = null;
  let late: string | null = null;

  const paperReward = ({ correct, boxed }: SampleGrade) =>
    correct ? rewardCorrect : boxed ? rewardBoxed : 0;

  return {
    async reward({ problem, text, answer }): Promise<RewardResult> {
      const { id, answer: gold, question } = problem as TrainingProblem;
      const grade = await grading.grade({ id, question, gold, text, answer });
      const { status, correct, boxed, extracted, reason } = grade;
      if (status === "timeout") late ??= `problem ${id}: ${reason}`;
      if (status === "failed") failure ??= `problem ${id}: ${reason}`;
      if (status === "graded") Object.assign(missing, { timeout: 0, refused: 0, failed: 0 });
      else missing[status]++;
      if (missing.timeout + missing.refused + missing.failed >= missingAllowed) {
        const who = grader === undefined ? "grading" : `--grader ${grader}`;
        throw new UsageError(`${who} ${describeMissing(missing)}, the last time on problem ${id}: ${reason}`);
      }
      return { reward: grader === undefined ? paperReward(grade) : grade.reward, correct, boxed, extracted };
    },
    takeMetrics() {
      const { timeout, refused, failed } = grading.takeCounts();
      return { "grader/timeouts": timeout, "grader/refused": refused, "grader/failures": failed };
    },
    takeWarning() {
      const warnings = [
        ...(late === null ? [] : [`an answer ran out of the grader's time (${late})`]),
        ...(failure === null ? [] : [`the grader failed (${failure})`]),
      ];
      late = null;
      failure = null;
      return warnings.length > 0 ? warnings.join("; ") : null;
    },
  };
}

/** What the grader did instead of giving a verdict. */
function describeMissing({ timeout, refused, failed }: GradingCounts): string {
  const inRow = timeout + refused + failed;
  if (failed === inRow) return `failed for ${inRow} samples in a row`;
  if (timeout === inRow) return `ran out of time for ${inRow} samples in a row`;
  if (refused === inRow) return `refused ${inRow} samples in a row`;
  const parts = [
    ...(timeout > 0 ? [`${timeout} timed out`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  return `gave no verdict for ${inRow} samples in a row (${parts.join(", ")})`;
}
