/**
 * The paper's reward (method.md, section 5) on the answer of a rollout, in this thread: for measurements. Training and evaluation
 * grade in worker threads (grading.ts).
 */

import { gradeResponse, mathRewards } from "@soft-tokens/graders";

export interface BoxedGrade {
  readonly correct: boolean;
  /** Right, or wrong but readable from a closed box: what the paper pays 10 for. */
  readonly boxed: boolean;
  readonly extracted: string | null;
  readonly reason: string;
}

/** Grades the answer part of a sample, which begins with the box that was opened for it. A box inside a thought earns nothing. */
export function gradeBoxed(answer: string, gold: string): BoxedGrade {
  const { correct, reward, extracted, reason, verdict } = gradeResponse(answer, gold, { mode: "first-box" });
  // The grader's bound on work is counted apart from wrong answers.
  const gaveUp = verdict?.method === "limit";
  return { correct, boxed: reward >= mathRewards.wrongInBox, extracted, reason: gaveUp ? "timeout" : reason };
}
