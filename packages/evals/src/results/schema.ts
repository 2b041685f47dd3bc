/**
 * What an evaluation leaves behind: `results.json` (one object) and `samples.jsonl` (one row per sample).
 * Both are read by other programs, so names here are a promise; readers allow fields they do not know.
 * Shares are between 0 and 1, entropies in nats, intervals 95 %.
 */

import { z } from "zod";
import { INFERENCE_MODES } from "../contract.ts";

const share = z.number().min(0).max(1);

export const IntervalSchema = z.object({
  low: z.number(),
  high: z.number(),
  method: z.enum(["bootstrap", "wilson"]),
});

/** Keys are k, written in decimal. */
const byK = <T extends z.ZodType>(value: T) => z.record(z.string().regex(/^\d+$/), value);

export const MetricsSchema = z.object({
  /** Mean over questions of the share of correct samples; the same number as `passAt["1"]`. */
  accuracy: share,
  passAt: byK(share),
  /** Share of questions whose most frequent answer is correct; absent for one sample. */
  majority: share.optional(),
  /** Rows of GSM8K only: the box's verdict, and the last number of the whole text as lm-evaluation-harness reads it. */
  gsm8k: z
    .object({
      strict: z.object({ value: share, interval: IntervalSchema }),
      flexible: z.object({ value: share, interval: IntervalSchema }),
    })
    .optional(),
  /** Mean negative log-likelihood per token of the right answer; likelihood tasks only. */
  nllPerToken: z.number().optional(),
  intervals: z.object({
    accuracy: IntervalSchema,
    passAt: byK(IntervalSchema),
    majority: IntervalSchema.optional(),
  }),
  /** Mean entropy over all thought positions of all samples. */
  entropy: z.number().nullable(),
  /** Mean number of thought steps. */
  thoughtLength: z.number(),
});

/** Every sample is in exactly one of these, except that `limitReached` is counted beside them. */
export const OutcomesSchema = z.object({
  samples: z.int(),
  correct: z.int(),
  wrong: z.int(),
  /** No answer could be read, or an empty one. */
  noAnswer: z.int(),
  /** The grader gave up. */
  graderTimeout: z.int(),
  /** Generation or grading failed with an error; counted as not correct, tried again on resuming. */
  errors: z.int(),
  /** Thoughts that ran into the length limit. */
  limitReached: z.int(),
});

/** Mean entropy per thought position over the samples still thinking there, and how many those are. */
export const EntropyProfileSchema = z.object({
  mean: z.array(z.number()),
  count: z.array(z.int()),
});

export const ModeResultSchema = z.object({
  task: z.string(),
  mode: z.enum(INFERENCE_MODES),
  model: z.string(),
  /** Samples per question. */
  n: z.int().min(1),
  questions: z.int().min(1),
  metrics: MetricsSchema,
  outcomes: OutcomesSchema,
  entropyByPosition: EntropyProfileSchema,
  /** Correct samples per question id, for paired comparisons. */
  correctByQuestion: z.record(z.string(), z.int()),
});

export const TaskSourceSchema = z.object({
  file: z.string(),
  sha256: z.string(),
  format: z.string(),
  rows: z.int(),
  duplicates: z.int(),
  skipped: z.int(),
  unfit: z.int().optional(),
  repeatedIds: z.int().optional(),
});

/** Evaluated questions that also stand in a training file, by normalised text. */
export const ContaminationSchema = z.object({
  file: z.string(),
  sha256: z.string(),
  /** Rows of the training file that have a question. */
  rows: z.int(),
  /** Ids of the evaluated questions that were found there; they are kept. */
  ids: z.array(z.string()),
});

export const EvaluationResultsSchema = z.object({
  format: z.literal(1),
  task: z.string(),
  model: z.string(),
  /** sha256 of the question file as read. */
  checksum: z.string(),
  source: TaskSourceSchema,
  /** Samples per question of `mode`; before the first mode is done, of the sampled modes. */
  n: z.int().min(1),
  /** Questions evaluated: the first of the file where a limit was given. */
  questions: z.int().min(1),
  template: z.string(),
  /** Of the bootstrap, not of the generation. */
  seed: z.int(),
  /** Whatever else decides the samples: generation settings, the generation's seed, sigma. */
  settings: z.record(z.string(), z.json()),
  versions: z.record(z.string(), z.string()),
  /** False while samples are missing. */
  complete: z.boolean(),
  contamination: ContaminationSchema.optional(),
  /** The evaluated mode with the most samples per question (the first of equals) stands here too, with its metrics. */
  mode: z.enum(INFERENCE_MODES).optional(),
  metrics: MetricsSchema.optional(),
  /** One for each mode, so few: a page is drawn of all of them. */
  results: z.array(ModeResultSchema).max(1000),
});

const StepSchema = z.object({
  token: z.string(),
  alternatives: z.array(z.object({ token: z.string(), probability: z.number() })),
});

/** One line of `samples.jsonl`. */
export const SampleRowSchema = z.object({
  id: z.string(),
  sampleIndex: z.int().min(0),
  mode: z.enum(INFERENCE_MODES),
  question: z.string(),
  /** Reference answer. */
  gold: z.string(),
  prompt: z.string(),
  thought: z.string(),
  /** What the program wrote between thought and answer; absent where that is nothing. */
  forced: z.string().optional(),
  /** What was graded. Thought, forced text and answer are all of the text. */
  answer: z.string(),
  extracted: z.string().nullable(),
  correct: z.boolean(),
  boxed: z.boolean(),
  /** The grader's reason. */
  reason: z.string(),
  stopReason: z.string(),
  answerStopReason: z.string().optional(),
  /** Nats per thought step, four decimals. */
  entropies: z.array(z.number()),
  /** Token text and alternatives per thought step, for the samples a report shows. */
  steps: z.array(StepSchema).optional(),
  /** Present when generation or grading failed: nothing else of the row counts. */
  error: z.object({ name: z.string(), message: z.string() }).optional(),
});

export type Metrics = z.infer<typeof MetricsSchema>;
export type Outcomes = z.infer<typeof OutcomesSchema>;
export type EntropyProfile = z.infer<typeof EntropyProfileSchema>;
export type ModeResult = z.infer<typeof ModeResultSchema>;
export type Contamination = z.infer<typeof ContaminationSchema>;
export type EvaluationResults = z.infer<typeof EvaluationResultsSchema>;
export type SampleRow = z.infer<typeof SampleRowSchema>;
