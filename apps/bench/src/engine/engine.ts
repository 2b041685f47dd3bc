/**
 * An engine under measurement, in a process of its own: one backend, one random model, one trainer per kind of thought.
 * The parent asks for single steps of several engines in turn, so that a drifting machine slows all of them alike.
 */

import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { embeddingRms } from "@soft-tokens/model";
import { createThoughtPolicy } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { createRlooTrainer, type TrainerEvent, type TrainingSample } from "@soft-tokens/trainer";
import { z } from "zod";
import { ModelShape, randomModel } from "./random-model.ts";

export const THOUGHTS = ["hard", "soft", "fuzzy"] as const;
export type Thought = (typeof THOUGHTS)[number];

export const EngineSettings = z.object({
  variant: z.enum(["wasm", "cpu", "node", "node-gpu"]),
  /** Our kernels (true) or TensorFlow.js's own (false). */
  repairs: z.boolean(),
  shape: ModelShape,
  prompts: z.int(),
  samples: z.int(),
  promptTokens: z.int(),
  thoughtSteps: z.int(),
  answerTokens: z.int(),
  headElements: z.int(),
});
export type EngineSettings = z.infer<typeof EngineSettings>;

/** One RLOO step, in seconds and bytes. */
export interface StepMeasurement {
  readonly sampleSeconds: number;
  readonly decodeStepSeconds: number;
  readonly trainSeconds: number;
  readonly gapRelative: number;
  readonly tensors: number;
  readonly bytes: number;
  readonly peakBytes: number;
  readonly parameters: number;
}

export interface Engine {
  readonly device: string;
  step(thought: Thought): Promise<StepMeasurement>;
}

export async function createEngine(settings: EngineSettings): Promise<Engine> {
  const backend = await createTfjsBackend({ variant: settings.variant, repairs: settings.repairs });
  const model = randomModel(backend, settings.shape);
  const parameters = [...model.parameters.values()].reduce((sum, tensor) => sum + tensor.size, 0);
  const rms = await embeddingRms(model);
  const runs = new Map<Thought, AsyncGenerator<TrainerEvent<TrainingSample>>>();

  const startRun = (thought: Thought) =>
    createRlooTrainer({
      model,
      policy: createThoughtPolicy(thought, { rms }),
      problems: {
        size: settings.prompts * 64,
        get: (index) => ({
          id: String(index),
          prompt: String.fromCharCode(97 + (index % 26)).repeat(settings.promptTokens),
          answer: "",
        }),
      },
      // Every sample gets an advantage, so that every sample is trained on.
      reward: ({ rollout }) => ({
        reward: rollout.sampleIndex % 3,
        correct: false,
        boxed: false,
        extracted: null,
      }),
      key: RandomKey.fromSeed(1).fold(thought),
      settings: {
        steps: 1_000_000,
        promptsPerStep: settings.prompts,
        samplesPerPrompt: settings.samples,
        maxThoughtSteps: settings.thoughtSteps,
        maxAnswerTokens: settings.answerTokens,
        // The weights hardly move: what is measured stays the same.
        learningRate: 1e-9,
        validateEvery: 0,
        checkpointEvery: 0,
        headChunkElements: settings.headElements,
      },
    }).run();

  return {
    device: backend.capabilities.device,
    async step(thought) {
      const run = runs.get(thought) ?? startRun(thought);
      runs.set(thought, run);
      for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => run.next() }) }) {
        if (event.type !== "step") continue;
        const value = (name: string) => event.metrics[name] ?? Number.NaN;
        const steps = settings.thoughtSteps + settings.answerTokens;
        const memory = backend.memory();
        return {
          sampleSeconds: value("time/sample"),
          decodeStepSeconds: value("time/sample") / steps,
          trainSeconds: value("time/train"),
          gapRelative: value("logprob/gapRelative"),
          tensors: memory.tensors,
          bytes: memory.bytes,
          peakBytes: memory.peakBytes,
          parameters,
        };
      }
      throw new Error("the trainer ended without a step");
    },
  };
}
