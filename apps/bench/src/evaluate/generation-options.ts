/** What `evaluate` and `grid` share: the options of generating answers, and what the evaluator is told by them. */

import { type EvaluateModelOptions, UsageError } from "@soft-tokens/app-common";
import { INFERENCE_MODES, type InferenceMode, PAPER_TEMPLATE } from "@soft-tokens/evals";
import { defaultGenerationSettings } from "@soft-tokens/sampler";
import { z } from "zod";

/** Keys of an options schema, in the order of the help. */
export const generationOptions = {
  maxThoughtSteps: z.int().nonnegative().default(512).describe("Most steps of a thought"),
  maxAnswerTokens: z.int().positive().default(32).describe("Most tokens of an answer"),
  stopString: z
    .string()
    .min(1)
    .default(defaultGenerationSettings.stopString)
    .describe("Text that ends a thought, as in training"),
  noiseScale: z
    .number()
    .positive()
    .default(0.33)
    .describe("Noise of soft-sample and fuzzy-sample in units of rms(E)"),
  promptTemplate: z
    .string()
    .default(PAPER_TEMPLATE)
    .describe("Text given to the model; QUESTION stands for the question"),
  batch: z.int().positive().default(64).describe("Most samples decoded together"),
  batchTokens: z
    .int()
    .positive()
    .default(4096)
    .describe(
      "Most tokens computed together in likelihood tasks; padding, which only attention sees, counts an eighth",
    ),
};

type GenerationOptions = z.infer<z.ZodObject<typeof generationOptions>>;

/** What the model has to have room for. */
export function generationNeeds({ batch, maxThoughtSteps, maxAnswerTokens }: GenerationOptions) {
  return { rows: batch, tokensPerRow: maxThoughtSteps + maxAnswerTokens };
}

/** The part of an evaluation that the options say. */
export function generationSettings(
  options: GenerationOptions &
    Pick<EvaluateModelOptions, "seed" | "grader"> &
    Required<Pick<EvaluateModelOptions, "graderWorkers" | "graderTimeoutMs">> & { readonly record: number },
) {
  const { maxThoughtSteps, maxAnswerTokens, stopString, noiseScale, seed } = options;
  const { grader, graderWorkers, graderTimeoutMs } = options;
  return {
    ...{ maxThoughtSteps, maxAnswerTokens, stopString, noiseScale, seed },
    ...{ grader, graderWorkers, graderTimeoutMs },
    template: options.promptTemplate,
    batchRows: options.batch,
    recordedQuestions: options.record,
  };
}

/** "all", or names separated by commas, in the order that was given. @throws UsageError */
export function parseModes(text: string): InferenceMode[] {
  if (text === "all") return [...INFERENCE_MODES];
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !(INFERENCE_MODES as readonly string[]).includes(name));
  if (wrong !== undefined) {
    throw new UsageError(
      `--modes: ${JSON.stringify(wrong)} is no mode; wanted all, or some of ${INFERENCE_MODES.join(",")}`,
    );
  }
  return names as InferenceMode[];
}
