/**
 * Evaluation knows generation only as a function type: no backend, no model, no sampler.
 */

/** The six inference modes of method.md section 7. */
export const INFERENCE_MODES = [
  "hard-greedy",
  "hard-sample",
  "soft-greedy",
  "soft-sample",
  "fuzzy-greedy",
  "fuzzy-sample",
] as const;
export type InferenceMode = (typeof INFERENCE_MODES)[number];

/** One question of a task. */
export interface Question {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
}

/** One generated sample, as an evaluator and a report see it. */
export interface GeneratedSample {
  readonly thought: string;
  /** Forced text and answer: ends with the box. */
  readonly answer: string;
  readonly stopReason: string;
  /** Nats per thought step. */
  readonly entropies: readonly number[];
  /** Per thought step, when recorded: shadow token text and its alternatives with probabilities. */
  readonly steps?: readonly {
    readonly token: string;
    readonly alternatives: readonly { readonly token: string; readonly probability: number }[];
  }[];
}

export interface GenerationJob {
  readonly prompt: string;
  readonly questionId: string;
  /** Names the sample's randomness, with the question's id. */
  readonly sampleIndexes: readonly number[];
}

/** Generates all samples of some questions in one mode; results in the order of jobs and sample indexes. */
export type GenerateFunction = (
  mode: InferenceMode,
  jobs: readonly GenerationJob[],
  options: { readonly recordSteps: boolean; readonly signal?: AbortSignal },
) => Promise<readonly (readonly GeneratedSample[])[]>;
