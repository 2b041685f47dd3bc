/**
 * What a sample's reward is worth beside its siblings'. Plain numbers, no tensors: groups are small and the result must be
 * exact. A group whose rewards are all equal has advantages of exactly 0, which the trainer uses to skip its backward pass.
 *
 * Axes: P prompts, G samples per prompt.
 */

/** RLOO is the method's; the others are relatives for comparison (method.md section 11). */
export const ESTIMATORS = ["rloo", "reinforce", "grpo"] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/**
 * Advantages of every sample, [P, G] -> [P, G].
 * @throws RangeError when a group has fewer than 2 samples: there is nobody to compare with.
 */
export function advantages(estimator: Estimator, reward_PG: readonly (readonly number[])[]): number[][] {
  const ofGroup = GROUP_ADVANTAGES[estimator];
  return reward_PG.map((reward_G) => {
    if (reward_G.length < 2) {
      throw new RangeError(`advantages: a group needs at least 2 samples, got ${reward_G.length}`);
    }
    return reward_G.every((reward) => reward === reward_G[0]) ? reward_G.map(() => 0) : ofGroup(reward_G);
  });
}

const GROUP_ADVANTAGES: Record<Estimator, (reward_G: readonly number[]) => number[]> = {
  rloo: leaveOneOut,
  reinforce: meanBaseline,
  grpo: standardized,
};

/** A_i = r_i - mean over j != i of r_j (Ahmadian et al. 2024, arXiv:2402.14740). */
function leaveOneOut(reward_G: readonly number[]): number[] {
  const total = sum(reward_G);
  return reward_G.map((reward) => reward - (total - reward) / (reward_G.length - 1));
}

/** A_i = r_i - mean of r: RLOO times (G - 1) / G. */
function meanBaseline(reward_G: readonly number[]): number[] {
  const mean = sum(reward_G) / reward_G.length;
  return reward_G.map((reward) => reward - mean);
}

/** A_i = (r_i - mean of r) / std of r (Shao et al. 2024, arXiv:2402.03300); std with G - 1, as its implementations do. */
function standardized(reward_G: readonly number[]): number[] {
  const centred = meanBaseline(reward_G);
  const std = Math.sqrt(sum(centred.map((value) => value * value)) / (reward_G.length - 1));
  return centred.map((value) => value / std);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
