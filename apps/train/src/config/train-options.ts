/**
 * Every option of a training run, flat, with default, unit and help. The command line, a `--config` file and a recipe all
 * speak these names (kebab-case on the command line, camelCase in files); `resolveConfig` turns them into the full,
 * typed configuration of a run. Defaults are those of method.md's section 6, i.e. the paper's.
 */

import { modelOptions } from "@soft-tokens/app-common";
import { z } from "zod";

export const DEFAULT_PROMPT_TEMPLATE =
  "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant first " +
  "shows the complete reasoning process step by step, then provides the final answer in \\boxed{}. The assistant must always " +
  "follow the format: 'User: [question] Assistant: [detailed reasoning] The final answer is: \\boxed{[answer]}.' " +
  "User: QUESTION Assistant:";

const positive = () => z.number().positive();
const count = () => z.int().positive();
const countOrZero = () => z.int().nonnegative();

/** How thoughts are made and where they end. */
export const thoughtOptions = {
  thought: z
    .enum(["hard", "fuzzy", "soft"])
    .describe("Kind of thought: sampled tokens, near-one-hot or soft mixtures"),
  temperature: positive()
    .optional()
    .describe("Thought temperature tau; default 1 (hard), 0.0001 (fuzzy), 0.5 (soft)"),
  noiseScale: positive()
    .optional()
    .describe("Noise per embedding component in units of rms(E), soft and fuzzy only; default 0.33"),
  maxThoughtSteps: countOrZero().default(128).describe("Most steps of a thought"),
  maxAnswerTokens: count().default(32).describe("Most tokens of an answer"),
  answerTemperature: positive().default(1).describe("Temperature of answer tokens in training"),
  promptTemplate: z
    .string()
    .default(DEFAULT_PROMPT_TEMPLATE)
    .describe("Text given to the model; QUESTION is replaced"),
  stopString: z.string().min(1).default("The final answer is: ").describe("Text that ends a thought"),
  answerPrefix: z.string().default("\\boxed{").describe("Text forced after a thought"),
} as const;

/** Options of the optimizer, the same for RLOO and supervised training. */
export const optimizerOptions = {
  learningRate: positive().default(6e-6).describe("Peak learning rate of AdamW"),
  schedule: z
    .enum(["cosine", "constant"])
    .default("cosine")
    .describe("Learning rate after the warm-up: cosine to 0, or constant"),
  warmupSteps: countOrZero().default(20).describe("Steps of linear warm-up"),
  beta1: z.number().min(0).lt(1).default(0.9).describe("AdamW first-moment decay"),
  beta2: z.number().min(0).lt(1).default(0.999).describe("AdamW second-moment decay"),
  epsilon: positive().default(1e-8).describe("AdamW epsilon"),
  weightDecay: z.number().min(0).default(0).describe("AdamW decoupled weight decay"),
  gradientClip: positive().default(1).describe("Largest global gradient norm"),
  memoryBudget: z
    .string()
    .regex(/^\d+(\.\d+)?\s*(B|[KMGT]i?B)$/i, "wanted a size such as 512MiB or 2GiB")
    .default("1GiB")
    .describe("Activations of one micro-batch (sets its size)"),
  checkpointLayers: z
    .boolean()
    .default(false)
    .describe("Recompute each layer in the backward pass instead of keeping it"),
  seed: countOrZero().default(0).describe("Root of all randomness of the run"),
} as const;

export const TrainOptions = z.strictObject({
  ...modelOptions,
  data: z.string().min(1).describe("Training problems: a JSON lines file, or gsm8k for the embedded sample"),
  task: z
    .enum(["auto", "gsm8k", "math", "jsonl"])
    .default("auto")
    .describe("Form of the data; auto goes by the fields of its rows"),
  limit: count().optional().describe("Use the first N problems only"),
  validationData: z
    .string()
    .optional()
    .describe("Validation problems; default: held out of the training data"),
  validationSize: countOrZero().default(128).describe("Problems held out for validation (0: none)"),
  ...thoughtOptions,
  estimator: z.enum(["rloo", "reinforce", "grpo"]).default("rloo").describe("Advantage estimator"),
  embeddingGradient: z
    .boolean()
    .default(true)
    .describe("Let the gradient flow through E in the mixture h = p E"),
  steps: count().default(4000).describe("Optimizer steps"),
  promptsPerStep: count().default(2).describe("Prompts per step (P)"),
  samplesPerPrompt: z.int().min(2).default(32).describe("Samples per prompt (G)"),
  rewardCorrect: z.number().default(100).describe("Reward of a right answer"),
  rewardBoxed: z.number().default(10).describe("Reward of a wrong answer in a closed box"),
  ...optimizerOptions,
  validateEvery: countOrZero().default(100).describe("Steps between validations (0: never)"),
  checkpointEvery: countOrZero().default(100).describe("Steps between checkpoints (0: only at the end)"),
  keepCheckpoints: count().default(2).describe("Checkpoints kept beside the best one"),
  saveRolloutsEvery: countOrZero().default(0).describe("Steps between saved rollout files (0: never)"),
  out: z
    .string()
    .optional()
    .describe("Run folder; default runs/MODEL-DATA-THOUGHT-seedN. The same command again continues it"),
});
export type TrainOptions = z.infer<typeof TrainOptions>;
