/**
 * What a likelihood evaluation leaves behind: `results.json` and `samples.jsonl`, one row per question. Names are a promise to
 * other programs; readers allow fields they do not know. Shares are between 0 and 1, logarithms natural, intervals 95 %.
 */

import { z } from "zod";
import { ContaminationSchema, IntervalSchema, TaskSourceSchema } from "../results/schema.ts";

/** The value of `mode` by which these files are told from those of generation. */
export const LIKELIHOOD_MODE = "likelihood";

const share = z.number().min(0).max(1);

export const LikelihoodMetricsSchema = z.object({
  /** The same number as `acc`. */
  accuracy: share,
  /** The same number again, under the name that it has where models generate. */
  passAt: z.object({ "1": share }),
  /** Share of questions whose right choice has the largest log-probability: lm-evaluation-harness's `acc`. */
  acc: share,
  /** The same after division by the characters of each choice: lm-evaluation-harness's `acc_norm`. */
  acc_norm: share,
  /** Mean over questions of the right choice's negative log-probability divided by its tokens, in nats. */
  nllPerToken: z.number(),
  /** The right choices' negative log-probability in all, divided by their tokens in all. */
  nllPerTokenPooled: z.number(),
  intervals: z.object({
    accuracy: IntervalSchema,
    passAt: z.object({ "1": IntervalSchema }),
    acc: IntervalSchema,
    acc_norm: IntervalSchema,
    nllPerToken: IntervalSchema,
  }),
});

export const LikelihoodGroupSchema = z.object({
  name: z.string(),
  questions: z.int().min(1),
  metrics: LikelihoodMetricsSchema,
});

export const LikelihoodResultsSchema = z.object({
  format: z.literal(1),
  task: z.string(),
  mode: z.literal(LIKELIHOOD_MODE),
  model: z.string(),
  /** Answers per question: a likelihood has one. */
  n: z.literal(1),
  /** Questions evaluated: the first of the file where a limit was given. */
  questions: z.int().min(1),
  /** Absent while questions are missing. */
  metrics: LikelihoodMetricsSchema.optional(),
  /** By subject, in alphabetical order; empty where questions have no group. */
  groups: z.array(LikelihoodGroupSchema),
  /** Questions whose context was longer than the model's positions and lost its beginning. */
  truncated: z.int(),
  /** Question ids whose right choice has the largest log-probability, as 1 or 0, for paired comparisons. */
  correctByQuestion: z.record(z.string(), z.int()),
  /** sha256 of the question file as read. */
  checksum: z.string(),
  source: TaskSourceSchema,
  contamination: ContaminationSchema.optional(),
  /** Of the bootstrap. */
  seed: z.int(),
  /** Whatever else decides the numbers, such as the dtype of the weights. */
  settings: z.record(z.string(), z.json()),
  versions: z.record(z.string(), z.string()),
  complete: z.boolean(),
});

/** One line of `samples.jsonl`. */
export const LikelihoodRowSchema = z.object({
  id: z.string(),
  /** Subject and the like, where the task has it. */
  group: z.string().optional(),
  context: z.string(),
  choices: z
    .array(
      z.object({
        /** As it follows the context, space included. */
        text: z.string(),
        /** How many tokens were scored. */
        tokens: z.int().min(1),
        /** Sum of their log-probabilities. */
        logProb: z.number(),
      }),
    )
    .min(2)
    .max(1000),
  /** Index of the right choice. */
  gold: z.int().min(0),
  /** Tokens at the start of the context that the model had no room for. */
  droppedTokens: z.int().optional(),
});

export type LikelihoodMetrics = z.infer<typeof LikelihoodMetricsSchema>;
export type LikelihoodResults = z.infer<typeof LikelihoodResultsSchema>;
export type LikelihoodRow = z.infer<typeof LikelihoodRowSchema>;
