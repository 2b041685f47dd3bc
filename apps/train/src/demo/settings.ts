/**
 * What the demo trains and how long. The numbers were found and checked over several seeds (docs/demo.md says how and shows
 * the results with intervals); they are settings of the ordinary training options, nothing here is special.
 */

import { TrainOptions } from "../config/train-options.ts";

export const DEMO_TEMPLATE = "User: QUESTION Assistant:";
export const DEMO_THOUGHTS = ["hard", "fuzzy", "soft"] as const;
export type DemoThought = (typeof DEMO_THOUGHTS)[number];

/** `quick` is for checks of the machinery: it is too short to learn anything. */
export type DemoLength = "quick" | "standard" | "long";

export interface DemoSettings {
  readonly testQuestions: number;
  readonly samplesPerQuestion: number;
  readonly maxThoughtSteps: number;
  readonly noiseScale: number;
  readonly steps: Readonly<Record<DemoThought, number>>;
}

const SETTINGS: Readonly<Record<DemoLength, DemoSettings>> = {
  quick: {
    testQuestions: 8,
    samplesPerQuestion: 4,
    maxThoughtSteps: 24,
    noiseScale: 0.33,
    steps: { hard: 3, fuzzy: 3, soft: 3 },
  },
  standard: {
    testQuestions: 128,
    samplesPerQuestion: 16,
    maxThoughtSteps: 24,
    noiseScale: 0.33,
    steps: { hard: 100, fuzzy: 400, soft: 150 },
  },
  long: {
    testQuestions: 512,
    samplesPerQuestion: 32,
    maxThoughtSteps: 24,
    noiseScale: 0.33,
    steps: { hard: 300, fuzzy: 1200, soft: 600 },
  },
};

export function demoSettings(length: DemoLength): DemoSettings {
  return SETTINGS[length];
}

/**
 * Fuzzy thoughts are almost one token each: their gradient reaches the logits at near-ties only, in spikes, and otherwise
 * flows through E. So E learns faster than the rest, and spikes are left out.
 */
const OPTIMIZER: Readonly<Record<DemoThought, Partial<TrainOptions>>> = {
  hard: { learningRate: 3e-4 },
  fuzzy: { learningRate: 1e-5, embeddingLearningRateFactor: 50, gradientSpikeFactor: 3 },
  soft: { learningRate: 5e-5 },
};

/** The options of one training, as `npm run train` would take them. */
export function demoTrainOptions(
  thought: DemoThought,
  settings: DemoSettings,
  paths: { readonly model: string; readonly data: string; readonly out: string },
  common: { readonly seed: number; readonly backend: TrainOptions["backend"] },
): TrainOptions {
  return TrainOptions.parse({
    ...paths,
    ...common,
    thought,
    task: "jsonl",
    promptTemplate: DEMO_TEMPLATE,
    maxThoughtSteps: settings.maxThoughtSteps,
    maxAnswerTokens: 4,
    ...(thought !== "hard" && { noiseScale: settings.noiseScale }),
    promptsPerStep: 8,
    samplesPerPrompt: 16,
    steps: settings.steps[thought],
    ...OPTIMIZER[thought],
    warmupSteps: Math.min(5, settings.steps[thought] - 1),
    validateEvery: 0,
    checkpointEvery: 50,
    saveRolloutsEvery: settings.steps[thought],
  });
}
