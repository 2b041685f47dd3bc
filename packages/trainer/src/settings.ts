/**
 * Settings of both trainers, with the method's defaults (method.md section 6). Zod checks them once, in the factories;
 * everything inside takes the parsed, plain objects.
 */

import type { HeadChunk } from "@soft-tokens/tensor";
import { z } from "zod";
import { ESTIMATORS } from "./advantages.ts";
import { SCHEDULES } from "./schedule.ts";

const positive = () => z.number().positive();
const count = () => z.int().positive();
const countOrZero = () => z.int().nonnegative();

const optimizerKeys = {
  learningRate: positive().describe("Peak learning rate of AdamW"),
  schedule: z
    .enum(SCHEDULES)
    .default("cosine")
    .describe("Learning rate after the warm-up: cosine to 0, or constant"),
  warmupSteps: countOrZero().default(20).describe("Steps of linear warm-up"),
  beta1: z.number().min(0).lt(1).default(0.9).describe("AdamW first-moment decay"),
  beta2: z.number().min(0).lt(1).default(0.999).describe("AdamW second-moment decay"),
  epsilon: positive().default(1e-8).describe("AdamW epsilon"),
  weightDecay: z.number().nonnegative().default(0).describe("AdamW decoupled weight decay"),
  optimizerMoments: z
    .enum(["float32", "bfloat16"])
    .default("float32")
    .describe("How AdamW's two moments are stored; bfloat16 saves 4 bytes per parameter"),
  gradientClip: z.number().nonnegative().default(1).describe("Largest global gradient norm (0: no clip)"),
  gradientSpikeFactor: z
    .number()
    .nonnegative()
    .default(0)
    .describe("Skip a step whose gradient norm exceeds this many times the median of the last 50 (0: never)"),
  embeddingLearningRateFactor: positive()
    .default(1)
    .describe("Learning rate of the embeddings in units of the others'"),
};

/** With it a step of a model of 135M parameters stays within 1.5 GiB beyond weights, gradients and optimizer state. */
export const DEFAULT_MEMORY_BUDGET_BYTES = 768 * 2 ** 20;

/** Keys that change speed and bookkeeping, but not what is computed: free to differ when a run is continued. */
const operationKeys = {
  memoryBudgetBytes: count()
    .default(DEFAULT_MEMORY_BUDGET_BYTES)
    .describe("Activations of one micro-batch, in bytes; sets its size"),
  maxRowsPerMicroBatch: countOrZero()
    .default(0)
    .describe("Most sequences of one micro-batch (0: as memory allows)"),
  checkpointLayers: z
    .boolean()
    .default(false)
    .describe("Recompute each layer in the backward pass instead of keeping it"),
  headChunkElements: countOrZero()
    .default(0)
    .describe("Most float32 elements of a [rows, vocabulary] tile (0: the tensor package's default)"),
  validateEvery: countOrZero()
    .default(100)
    .describe("Steps between validations, and one before the first step (0: never)"),
  checkpointEvery: countOrZero().default(100).describe("Steps between checkpoints (0: only at the end)"),
  keepCheckpoints: count().default(2).describe("Newest checkpoints kept beside the best one"),
};

/** Settings of {@link createRlooTrainer}. */
export const RlooSettings = z.strictObject({
  estimator: z.enum(ESTIMATORS).default("rloo").describe("Advantage estimator"),
  embeddingGradient: z
    .boolean()
    .default(true)
    .describe("Let the gradient flow through E in the mixture h = p E"),
  steps: count().default(4000).describe("Optimizer steps of the whole run"),
  promptsPerStep: count().default(2).describe("Prompts per step (P)"),
  samplesPerPrompt: z.int().min(2).default(32).describe("Samples per prompt (G)"),
  maxThoughtSteps: countOrZero().default(128).describe("Most steps of a thought in training"),
  maxAnswerTokens: count().default(32).describe("Most tokens of an answer"),
  answerTemperature: positive().default(1).describe("Temperature of answer tokens in training"),
  stopString: z.string().min(1).default("The final answer is: ").describe("Text that ends a thought"),
  answerPrefix: z.string().default("\\boxed{").describe("Text forced after a thought"),
  ...optimizerKeys,
  learningRate: optimizerKeys.learningRate.default(6e-6),
  validationMaxThoughtSteps: countOrZero().default(512).describe("Most steps of a thought in validation"),
  validationBatchSize: count().default(64).describe("Validation problems decoded at once"),
  termNormsEvery: countOrZero()
    .default(0)
    .describe(
      "Steps between measurements of the thought and answer terms' gradient norms apart, at the cost of one more pass (0: never)",
    ),
  recordTopK: countOrZero().default(0).describe("Alternatives of each thought step to record in rollouts"),
  ...operationKeys,
});
export type RlooSettings = z.infer<typeof RlooSettings>;

/** Settings of {@link createSupervisedTrainer}. */
export const SupervisedSettings = z.strictObject({
  steps: count().default(1000).describe("Optimizer steps of the whole run"),
  batchSize: count().default(64).describe("Examples per step"),
  appendEndOfSequence: z
    .boolean()
    .default(true)
    .describe("End every completion with the model's first end-of-sequence token, which carries loss"),
  inputNoiseScale: z
    .number()
    .nonnegative()
    .default(0)
    .describe(
      "Gaussian noise on the embeddings of the completion's inputs in units of rms(E), for a model that has to bear noisy thoughts (0: none)",
    ),
  lengthBucket: count()
    .default(16)
    .describe("Batches whose examples are sorted by length together, so that attention pads less (1: none)"),
  ...optimizerKeys,
  learningRate: optimizerKeys.learningRate.default(1e-5),
  ...operationKeys,
});
export type SupervisedSettings = z.infer<typeof SupervisedSettings>;

/**
 * The settings that define what is computed; a checkpoint refuses to continue where one of them differs. A run with a
 * constant learning rate may become longer: its steps so far are the same.
 */
export function definingSettings(settings: RlooSettings | SupervisedSettings): Record<string, unknown> {
  const free = new Set([
    ...Object.keys(operationKeys),
    "termNormsEvery",
    "recordTopK",
    "validationBatchSize",
  ]);
  if (settings.schedule === "constant") free.add("steps");
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !free.has(key)));
}

/** The head's tile size as its operations take it; undefined for their own default. */
export function headChunk(settings: { readonly headChunkElements: number }): HeadChunk | undefined {
  return settings.headChunkElements > 0 ? { maxElements: settings.headChunkElements } : undefined;
}
