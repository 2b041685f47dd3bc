/** `generate`: one question, thought about in one of the six inference modes, printed as text. */

import { modelOptions, openModel, printGenerated } from "@soft-tokens/app-common";
import { INFERENCE_MODES, PAPER_TEMPLATE, renderPrompt, toJson } from "@soft-tokens/evals";
import { embeddingRms, encodePrompt } from "@soft-tokens/model";
import { defaultGenerationSettings, generate, inferencePolicy, textParts } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { z } from "zod";

export const GenerateOptions = z.strictObject({
  ...modelOptions,
  question: z.string().min(1).describe("The question"),
  mode: z.enum(INFERENCE_MODES).default("soft-greedy").describe("Inference mode"),
  samples: z.int().positive().default(1).describe("How many samples (a greedy mode always gives the same)"),
  maxThoughtSteps: z.int().nonnegative().default(512).describe("Most steps of a thought"),
  maxAnswerTokens: z.int().positive().default(32).describe("Most tokens of an answer"),
  promptTemplate: z
    .string()
    .default(PAPER_TEMPLATE)
    .describe("Text given to the model; QUESTION stands for the question"),
  seed: z.int().nonnegative().default(0).describe("Root of all randomness"),
  json: z.boolean().default(false).describe("One JSON line per sample instead of text"),
});
export type GenerateOptions = z.infer<typeof GenerateOptions>;

export async function generateText(
  options: GenerateOptions,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const prompt = renderPrompt(options.question, options.promptTemplate);
  using opened = await openModel(
    options,
    { rows: options.samples, tokensPerRow: options.maxThoughtSteps + options.maxAnswerTokens },
    signal,
  );
  const { model, chunk } = opened;
  const key = RandomKey.fromSeed(options.seed);
  const { rollouts, timings } = await generate(model, {
    prompts: [
      {
        ids: encodePrompt(model.tokenizer, prompt),
        sampleKeys: Array.from({ length: options.samples }, (_, sample) => key.fold("generate", sample)),
      },
    ],
    policy: inferencePolicy(options.mode, { rms: await embeddingRms(model) }),
    settings: {
      ...defaultGenerationSettings,
      maxThoughtSteps: options.maxThoughtSteps,
      maxAnswerTokens: options.maxAnswerTokens,
      answerTemperature: 0,
    },
    chunk,
    signal,
  });
  for (const rollout of rollouts) {
    const { sampleIndex, thoughtText, forcedText, answerText, thoughtStop, answerStop } = rollout;
    const parts = textParts(rollout);
    const entropy =
      rollout.entropies.reduce((sum, value) => sum + value, 0) / Math.max(1, rollout.entropies.length);
    if (options.json) {
      const thoughtSteps = rollout.shadowIds.length;
      const row = {
        sampleIndex,
        mode: options.mode,
        ...parts,
        thoughtSteps,
        thoughtStop,
        answerStop,
        entropy,
      };
      process.stdout.write(`${toJson(row, `sample ${sampleIndex}`)}\n`);
    } else {
      const heading = rollouts.length > 1 ? `--- sample ${sampleIndex + 1}\n` : "";
      printGenerated(`${heading}${thoughtText}${forcedText}${answerText}\n`);
    }
    process.stderr.write(
      `${rollout.shadowIds.length} thought steps (${thoughtStop}), answer: ${answerStop}, mean entropy ${entropy.toFixed(3)} nats\n`,
    );
  }
  process.stderr.write(
    `${timings.tokens} tokens in ${((timings.prefillMs + timings.decodeMs) / 1000).toFixed(1)} s\n`,
  );
}
