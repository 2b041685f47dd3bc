/** Rewards of rollouts, by the function that was passed in. */

import { type Rollout, textParts } from "@soft-tokens/sampler";
import type { Problem, RewardFunction, RewardResult } from "./contract.ts";
import { TrainerError } from "./errors.ts";

/** In the order of the rollouts. @throws INVALID_REWARD for a reward that is not a finite number; whatever `reward` throws */
export async function gradeAll(
  rollouts: readonly Rollout[],
  problemOf: (rollout: Rollout) => Problem,
  reward: RewardFunction,
): Promise<RewardResult[]> {
  return Promise.all(
    rollouts.map(async (rollout) => {
      const problem = problemOf(rollout);
      const text = rollout.thoughtText + rollout.forcedText + rollout.answerText;
      const { answer } = textParts(rollout);
      const result = await reward({ problem, rollout, text, answer });
      if (!Number.isFinite(result.reward)) {
        throw new TrainerError(
          "INVALID_REWARD",
          `reward of problem ${JSON.stringify(problem.id)}, sample ${rollout.sampleIndex}: wanted a finite number, got ${result.reward}`,
        );
      }
      return result;
    }),
  );
}
