/**
 * `score`: recomputes each sample's log-probabilities from a stored rollout file, so that anyone can audit a run with
 * another program. One JSON line per sample on standard output: {"sample", "thoughtLogProb", "answerLogProb"}.
 */

import { modelOptions, openModel, UsageError } from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import {
  checkRollouts,
  createThoughtPolicy,
  readRollouts,
  THOUGHT_NAMES,
  type ThoughtName,
} from "@soft-tokens/sampler";
import { scoreRollouts } from "@soft-tokens/trainer";
import { z } from "zod";

export const ScoreOptions = z.strictObject({
  ...modelOptions,
  rollouts: z.string().min(1).describe("Rollout file (safetensors), as training writes it to rollouts/"),
  batch: z.int().positive().default(8).describe("Samples scored together"),
});
export type ScoreOptions = z.infer<typeof ScoreOptions>;

export async function score(options: ScoreOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const file = await readRollouts(options.rollouts);
  const lengths = file.rollouts.map((rollout) => rollout.shadowIds.length + rollout.answerIds.length);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  using opened = await openModel(options, { rows: options.batch, tokensPerRow: longest }, signal);
  const { model, chunk } = opened;
  checkRollouts(model.config, file.rollouts, { file: options.rollouts });
  const thought = thoughtName(file.thought, options.rollouts);
  const policy = createThoughtPolicy(thought, {
    temperature: file.temperature,
    sigma: thought === "hard" ? 0 : file.sigma, // other programs may write the run's sigma for hard thoughts too
  });
  for (let begin = 0; begin < file.rollouts.length; begin += options.batch) {
    signal.throwIfAborted();
    const scored = await scoreRollouts({
      model,
      policy,
      answerTemperature: file.answerTemperature,
      rollouts: file.rollouts.slice(begin, begin + options.batch),
      chunk,
      nameOf: (index) => `${options.rollouts}: sample ${begin + index}`,
    });
    const lines = scored.map(({ thoughtLogProb, answerLogProb }, index) =>
      toJson(
        { sample: begin + index, thoughtLogProb, answerLogProb },
        `${options.rollouts}: sample ${begin + index}`,
      ),
    );
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

function thoughtName(name: string, file: string): ThoughtName {
  const known = THOUGHT_NAMES.find((thought) => thought === name);
  if (!known)
    throw new UsageError(
      `${file}: thoughts of kind ${JSON.stringify(name)}; known are ${THOUGHT_NAMES.join(", ")}`,
    );
  return known;
}
