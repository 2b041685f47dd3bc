/** Flat options -> what a run is made of. Derived values are computed here and nowhere else. */

import { basename } from "node:path";
import { parseBytes, UsageError } from "@soft-tokens/app-common";
import { RlooSettings, SupervisedSettings } from "@soft-tokens/trainer";
import type { SupervisedOptions, TrainOptions } from "./train-options.ts";

export interface ResolvedTraining {
  readonly options: TrainOptions;
  readonly settings: RlooSettings;
  /** Run folder. */
  readonly folder: string;
}

/** @throws UsageError for settings that contradict each other; the message says what to write instead */
export function resolveTraining(options: TrainOptions): ResolvedTraining {
  const problems = contradictions(options);
  if (problems.length > 0)
    throw new UsageError(
      `these options contradict each other:\n${problems.map((line) => `  ${line}`).join("\n")}`,
    );
  return {
    options,
    settings: RlooSettings.parse({
      ...pick(options, RlooSettings.shape),
      memoryBudgetBytes: parseBytes(options.memoryBudget),
      headChunkElements: options.headElements,
    }),
    folder: options.out ?? defaultFolder(options, options.thought),
  };
}

export function resolveSupervised(options: SupervisedOptions): {
  settings: SupervisedSettings;
  folder: string;
} {
  return {
    settings: SupervisedSettings.parse({
      ...pick(options, SupervisedSettings.shape),
      memoryBudgetBytes: parseBytes(options.memoryBudget),
      headChunkElements: options.headElements,
    }),
    folder: options.out ?? defaultFolder(options, "sft"),
  };
}

function contradictions(options: TrainOptions): string[] {
  const lines: string[] = [];
  if (options.thought === "hard" && options.noiseScale !== undefined) {
    lines.push(
      "--noise-scale with --thought hard: hard thoughts are sampled tokens without noise; drop --noise-scale, or use --thought soft or fuzzy",
    );
  }
  if (options.thought !== "hard" && options.temperature !== undefined && options.temperature > 2) {
    lines.push(
      `--temperature ${options.temperature} with --thought ${options.thought}: mixtures above 2 are nearly the mean embedding; use 0.5 (soft) or 0.0001 (fuzzy)`,
    );
  }
  if (options.warmupSteps >= options.steps && options.steps > 1) {
    lines.push(
      `--warmup-steps ${options.warmupSteps} with --steps ${options.steps}: the run would end inside its warm-up; use --warmup-steps ${Math.floor(options.steps / 10)} or more steps`,
    );
  }
  if (options.validationData !== undefined && options.validateEvery === 0) {
    lines.push(
      "--validation-data with --validate-every 0: validation is off; use --validate-every 100, or drop --validation-data",
    );
  }
  if (options.rewardCorrect <= options.rewardBoxed) {
    lines.push(
      `--reward-correct ${options.rewardCorrect} is not above --reward-boxed ${options.rewardBoxed}: a right answer must pay more than a wrong one`,
    );
  }
  if (!options.promptTemplate.includes("QUESTION")) {
    lines.push("--prompt-template: the text lacks the word QUESTION, which stands for the question");
  }
  return lines;
}

function pick(options: Record<string, unknown>, shape: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key in shape));
}

function defaultFolder(options: { model: string; data: string; seed: number }, kind: string): string {
  const name = (path: string) =>
    basename(path)
      .replace(/\.jsonl?$/, "")
      .replace(/[^\w.-]+/g, "-")
      .toLowerCase();
  return `runs/${name(options.model)}-${name(options.data)}-${kind}-seed${options.seed}`;
}
