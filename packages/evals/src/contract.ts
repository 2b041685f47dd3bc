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

/** Greedy modes are deterministic: one sample per question. */
export function isGreedyMode(mode: InferenceMode): boolean {
  return mode.endsWith("-greedy");
}

/** One question of a task. */
export interface Question {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
  /** Of its row in the file, from 1; for messages. */
  readonly line?: number;
}

/** One generated sample, as an evaluator and a report see it. */
export interface GeneratedSample {
  readonly thought: string;
  /** What the program wrote between thought and answer. Defaults to nothing. */
  readonly forced?: string;
  /** What is graded, as it was generated: the box that was opened for it and all that came. */
  readonly answer: string;
  /** Why the thought ended; what begins with `limit` is counted as a limit reached. */
  readonly stopReason: string;
  /** Why the answer ended. */
  readonly answerStopReason?: string;
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

/** All samples of one job, in the order of its sample indexes. */
export interface JobSamples {
  /** Place of the job in the list that was given. */
  readonly jobIndex: number;
  readonly samples: readonly GeneratedSample[];
}

/**
 * Generates all samples of some questions in one mode; a job's samples are given when the last of them has ended, in any
 * order of jobs, so that the generator can start the next samples while others go on. What it throws is recorded with the questions
 * it concerns, but for an EvaluationError LOGITS_NOT_FINITE: a broken model is no failure of a question and ends the evaluation.
 */
export type GenerateFunction = (
  mode: InferenceMode,
  jobs: readonly GenerationJob[],
  options: { readonly recordSteps: boolean; readonly signal?: AbortSignal },
) => AsyncIterable<JobSamples>;

/** What a grader says of one sample. */
export interface Grade {
  readonly correct: boolean;
  /** An answer could be read from a closed box. */
  readonly boxed: boolean;
  readonly extracted: string | null;
  /** The grader's own word; `timeout` is counted apart from wrong answers. */
  readonly reason: string;
}

/**
 * Graders are passed in as values. `text` is thought, forced text and answer; `answer` is the part that counts, as the generator
 * gave it. Several samples are asked for at once; what is thrown is recorded with its sample.
 */
export type GradeFunction = (text: string, question: Question, answer: string) => Grade | Promise<Grade>;
