/** Options that say which model and which machine; shared by all commands that run a model. */

import { z } from "zod";

export const modelOptions = {
  model: z
    .string()
    .min(1)
    .describe("Hugging Face folder, or hub id such as HuggingFaceTB/SmolLM2-135M-Instruct"),
  backend: z
    .enum(["auto", "libtorch", "tfjs", "tfjs-node-gpu", "tfjs-node", "tfjs-wasm", "tfjs-cpu"])
    .default("auto")
    .describe("Tensor backend; auto takes the best one that loads and says which"),
  dtype: z
    .enum(["auto", "float32", "bfloat16"])
    .default("auto")
    .describe("Weights in memory; auto: as in the file, where the backend computes in it"),
  headElements: z
    .int()
    .positive()
    .default(2 ** 22)
    .describe("Most elements of one [tokens, vocabulary] tile of the language head (4 bytes each)"),
  ignoreMemoryCheck: z
    .boolean()
    .default(false)
    .describe("Load a model even if it is estimated not to fit in memory"),
} as const;

export const ModelOptions = z.strictObject(modelOptions);
export type ModelOptions = z.infer<typeof ModelOptions>;
