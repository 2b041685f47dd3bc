/**
 * Every option of a training run, flat, with default, unit and help. The command line, a `--config` file and a recipe all
 * speak these names (kebab-case on the command line, camelCase in files). Settings of the algorithm come from the trainer's
 * own schemas, with the paper's defaults (method.md, section 6); `resolveTraining` derives the rest, once.
 */

import { graderOptions, memoryBudget, modelOptions } from "@soft-tokens/app-common";
import { PAPER_TEMPLATE } from "@soft-tokens/evals";
import { DEFAULT_MEMORY_BUDGET_BYTES, RlooSettings, SupervisedSettings } from "@soft-tokens/trainer";
import { z } from "zod";

const positive = () => z.number().positive();
const count = () => z.int().positive();
const countOrZero = () => z.int().nonnegative();

const skipBad = z
  .boolean()
  .default(false)
  .describe("Leave rows out that cannot be read or are too long for the model, instead of stopping");

const dataOptions = {
  data: z.string().min(1).describe("Problems: a JSON lines file, or gsm8k for the embedded sample of it"),
  task: z
    .enum(["auto", "gsm8k", "math", "jsonl"])
    .default("auto")
    .describe("Form of the data's rows; auto goes by their fields"),
  limit: count().optional().describe("Use the first N problems only"),
  skipBad,
} as const;

const runOptions = {
  seed: countOrZero().default(0).describe("Root of all randomness of the run"),
  memoryBudget: memoryBudget(DEFAULT_MEMORY_BUDGET_BYTES),
  out: z
    .string()
    .optional()
    .describe("Run folder; default runs/MODEL-DATA-THOUGHT-seedN. The same command again continues it"),
} as const;

/** Set from options above under another name, or by the app itself. */
type Derived = "memoryBudgetBytes" | "headChunkElements" | "recordTopK";

function withoutDerived<Shape extends Record<Derived, unknown>>(shape: Shape): Omit<Shape, Derived> {
  const { memoryBudgetBytes: _memory, headChunkElements: _chunk, recordTopK: _top, ...rest } = shape;
  return rest;
}

export const TrainOptions = z.strictObject({
  ...modelOptions,
  ...dataOptions,
  validationData: z
    .string()
    .optional()
    .describe("Validation problems; default: held out of the training data"),
  validationSize: countOrZero().default(128).describe("Problems held out for validation (0: none)"),
  thought: z
    .enum(["hard", "fuzzy", "soft"])
    .describe("Kind of thought: sampled tokens, almost one-hot mixtures, or soft mixtures"),
  temperature: positive()
    .optional()
    .describe("Thought temperature tau; default 1 (hard), 0.0001 (fuzzy), 0.5 (soft)"),
  noiseScale: positive()
    .optional()
    .describe("Noise per embedding component in units of rms(E), soft and fuzzy only; default 0.33"),
  promptTemplate: z
    .string()
    .default(PAPER_TEMPLATE)
    .describe("Text given to the model; QUESTION stands for the question"),
  ...withoutDerived(RlooSettings.shape),
  rewardCorrect: z.number().default(100).describe("Reward of a right answer (a --grader gives its own)"),
  rewardBoxed: z.number().default(10).describe("Reward of a wrong answer in a closed box"),
  ...graderOptions,
  saveRolloutsEvery: countOrZero().default(0).describe("Steps between saved rollout files (0: never)"),
  ...runOptions,
});
export type TrainOptions = z.infer<typeof TrainOptions>;

const {
  memoryBudgetBytes: _memory,
  headChunkElements: _chunk,
  ...supervisedShape
} = SupervisedSettings.shape;

export const SupervisedOptions = z.strictObject({
  ...modelOptions,
  data: z
    .string()
    .min(1)
    .describe(
      "Examples: rows with prompt and completion, or solved problems (question and answer, problem and solution)",
    ),
  limit: count().optional().describe("Use the first N examples only"),
  skipBad,
  promptTemplate: z
    .string()
    .default(PAPER_TEMPLATE)
    .describe("Text given to the model where rows have a question; QUESTION stands for it"),
  ...supervisedShape,
  ...runOptions,
});
export type SupervisedOptions = z.infer<typeof SupervisedOptions>;
