/** Runs of the tiny reference model: seconds short, with every part of the real thing. */

import { embeddingRms, type LanguageModel } from "@soft-tokens/model";
import { createThoughtPolicy, inferencePolicy, type ThoughtName } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import type { Metrics, Problem, RewardFunction } from "../contract.ts";
import type { Trainer, TrainerEvent } from "../events.ts";
import type { RlooTrainerOptions } from "../rloo-trainer.ts";

export const tinyProblems = sourceOf(
  Array.from({ length: 7 }, (_, i) => ({ id: `p${i}`, prompt: `${i} + ${i * 3}?`, answer: String(4 * i) })),
);
const tinyValidation = sourceOf([8, 9].map((i) => ({ id: `v${i}`, prompt: `${i}?`, answer: String(i) })));

/** An untrained model is never right: pay for digits in the answer, so that groups differ. */
export const digitReward: RewardFunction = ({ rollout }) => {
  const digits = rollout.answerText.replace(/\D/g, "").length;
  return { reward: 10 * digits, correct: digits > 1, boxed: digits > 0, extracted: null };
};

const tinySettings = {
  steps: 6,
  promptsPerStep: 2,
  samplesPerPrompt: 3,
  maxThoughtSteps: 4,
  maxAnswerTokens: 3,
  stopString: "=",
  answerPrefix: "{", // one token
  learningRate: 1e-3,
  warmupSteps: 2,
  validationMaxThoughtSteps: 3,
  validateEvery: 2,
  checkpointEvery: 2,
} as const;

/** Everything but the settings that a test changes. */
export async function tinyOptions(
  model: LanguageModel,
  thought: ThoughtName,
  settings: RlooTrainerOptions["settings"] = {},
): Promise<RlooTrainerOptions> {
  const rms = await embeddingRms(model);
  return {
    model,
    policy: createThoughtPolicy(thought, { rms }),
    validationPolicy: inferencePolicy(`${thought}-greedy`, { rms }),
    problems: tinyProblems,
    validation: tinyValidation,
    reward: digitReward,
    key: RandomKey.fromSeed(5),
    settings: { ...tinySettings, ...settings },
  };
}

export async function collect<Sample>(
  trainer: Trainer<Sample>,
  options: { signal?: AbortSignal } = {},
): Promise<TrainerEvent<Sample>[]> {
  const events: TrainerEvent<Sample>[] = [];
  for await (const event of trainer.run(options)) events.push(event);
  return events;
}

/** What has to be equal to the last bit in a continued run: everything but clocks and memory. */
export function reproducible<Sample>(events: readonly TrainerEvent<Sample>[]): [string, number, Metrics][] {
  return events.flatMap((event) =>
    event.type === "step" || event.type === "validation"
      ? [[event.type, event.step, withoutClocks(event.metrics)]]
      : [],
  );
}

export function withoutClocks(metrics: Metrics): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => !/^(time|speed|memory)\//.test(name)));
}

function sourceOf(problems: readonly Problem[]) {
  return { size: problems.length, get: (index: number) => problems[index] as Problem };
}
