/**
 * The reward of a run, graded in worker threads, and what it says about gradings without a verdict: a sample that took too long or
 * made a grader of one's own fail earns 0 and is counted apart. A grader that fails for a whole step's samples is broken and ends
 * the run: training on zeros would look like training on wrong answers.
 */

import { type Grading, type SampleGrade, UsageError } from "@soft-tokens/app-common";
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

/** `failuresAllowed`: failed gradings in a row after which the run ends. */
export function createRunReward(
  grading: Grading,
  { grader, rewardCorrect, rewardBoxed }: RewardOptions,
  failuresAllowed: number,
): RunReward {
  let failedInRow = 0;
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
      failedInRow = status === "failed" ? failedInRow + 1 : 0;
      if (status === "failed") {
        failure ??= `problem ${id}: ${reason}`;
        if (failedInRow >= failuresAllowed) {
          throw new UsageError(
            `${grader === undefined ? "grading" : `--grader ${grader}`} failed for ${failedInRow} samples in a row, the last time with ${problem.id}: ${reason}`,
          );
        }
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
