/**
 * What the trainers take and give: problems and a reward come in as values, metrics and rollouts go out as data.
 */

import type { Rollout } from "@soft-tokens/sampler";

/** One training problem. `prompt` is the whole text given to the model. */
export interface Problem {
  readonly id: string;
  readonly prompt: string;
  /** The reference answer, passed to the reward as it is. */
  readonly answer: string;
}

/** Problems by position; the trainer shuffles by key and epoch. */
export interface ProblemSource {
  readonly size: number;
  get(index: number): Problem;
}

/** What a reward function says of one sample. */
export interface RewardResult {
  readonly reward: number;
  readonly correct: boolean;
  /** An answer could be read from a closed box. */
  readonly boxed: boolean;
  readonly extracted: string | null;
}

/** Graders are passed in as values. */
export type RewardFunction = (sample: {
  readonly problem: Problem;
  readonly rollout: Rollout;
  /** Shadow text + forced text + answer text. */
  readonly text: string;
  /** What is to be graded: the answer prefix and the answer's tokens, `\boxed{42}`; the end of `text`, never searched for in it. */
  readonly answer: string;
}) => RewardResult | Promise<RewardResult>;

/** Flat `group/name` numbers of one step. */
export type Metrics = Readonly<Record<string, number>>;

/** One (prompt, completion) pair for supervised fine-tuning: only the completion carries loss. */
export interface SupervisedExample {
  readonly prompt: string;
  readonly completion: string;
}

/** Prompt and completion as token ids; only the completion carries loss. */
export interface TokenizedExample {
  readonly promptIds: readonly number[];
  readonly completionIds: readonly number[];
}

/** Examples by position, as text or as what `encodeExamples` made of it; the trainer shuffles by key and epoch. */
export interface SupervisedSource {
  readonly size: number;
  get(index: number): SupervisedExample | TokenizedExample;
}
