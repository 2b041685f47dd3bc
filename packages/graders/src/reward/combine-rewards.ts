/**
 * Several rewards as one: a weighted sum, with its parts kept for metrics. A reward is any function of whatever the caller grades
 * (a text, a sample with its length, a group's member); weights may be negative.
 */

/** One reward of a sum. */
export interface WeightedReward<Sample> {
  /** Names the part in the result, such as `correct` or `format`. */
  readonly name: string;
  /** Defaults to 1. */
  readonly weight?: number;
  readonly reward: (sample: Sample) => number;
}

export interface CombinedReward {
  readonly reward: number;
  /** Each part before its weight. */
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * A function that adds rewards up, each times its weight.
 * @throws {RangeError} for two parts of one name and weights that are not finite; the function throws it for a part that is not a
 *   finite number, and names the part.
 */
export function combineRewards<Sample>(
  rewards: readonly WeightedReward<Sample>[],
): (sample: Sample) => CombinedReward {
  const names = new Set<string>();
  for (const { name, weight = 1 } of rewards) {
    if (names.has(name))
      throw new RangeError(`combineRewards: two rewards are called ${JSON.stringify(name)}`);
    if (!Number.isFinite(weight)) throw new RangeError(`combineRewards: the weight of ${name} is ${weight}`);
    names.add(name);
  }
  return (sample) => {
    let reward = 0;
    const parts: Record<string, number> = {};
    for (const part of rewards) {
      const value = part.reward(sample);
      if (!Number.isFinite(value)) {
        throw new RangeError(`combineRewards: ${part.name} gave ${value}, wanted a finite number`);
      }
      parts[part.name] = value;
      reward += (part.weight ?? 1) * value;
    }
    return { reward, parts };
  };
}
