/** What `speed` and `scaling` share: the options of what is measured, and on what. */

import { memoryBudget, modelOptions } from "@soft-tokens/app-common";
import { DEFAULT_MEMORY_BUDGET_BYTES } from "@soft-tokens/trainer";
import { z } from "zod";
import { SHAPE_NAMES } from "./shapes.ts";

/** A whole number of at least 1. */
export const count = () => z.int().positive();

/** Keys of an options schema: the model under measurement. */
export const subjectOptions = {
  ...modelOptions,
  model: z
    .string()
    .min(1)
    .describe(`Hugging Face folder or hub id, or a shape with random weights: ${SHAPE_NAMES.join(", ")}`),
  threads: z.int().nonnegative().default(0).describe("Threads of libtorch on a CPU (0: its own choice)"),
};

/** Those of its work that mean the same in both. */
export const workOptions = {
  promptTokens: count().default(150).describe("Tokens of a prompt"),
  answerTokens: count().default(32).describe("Tokens of every answer"),
  train: z.boolean().default(true).describe("Measure RLOO steps too, and not decoding alone"),
  memoryBudget: memoryBudget(DEFAULT_MEMORY_BUDGET_BYTES),
  checkpointLayers: z.boolean().default(false).describe("Recompute each layer in the backward pass"),
  json: z.string().optional().describe("Also write all figures to this file"),
};
