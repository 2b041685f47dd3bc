/**
 * The paper's reward (method.md, section 5) on what follows the thought, in this thread: for measurements. Training and evaluation
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

/**
 * Grades a whole sample: thought, forced text and answer. Only what stands after the last stop string counts, so that a box
 * inside a thought earns nothing.
 */
export function gradeBoxed(text: string, gold: string, stopString: string): BoxedGrade {
  const answer = answerPart(text, stopString);
  const { correct, reward, extracted, reason, verdict } = gradeResponse(answer, gold, { mode: "boxed" });
  // The grader's bound on work is counted apart from wrong answers.
  const gaveUp = verdict?.method === "limit";
  return { correct, boxed: reward >= mathRewards.wrongInBox, extracted, reason: gaveUp ? "timeout" : reason };
}

/** What stands after the thought: the last stop string and all that follows, or everything where there is none. */
export function answerPart(text: string, stopString: string): string {
  const end = text.lastIndexOf(stopString);
  return end < 0 ? text : text.slice(end);
}
