/**
 * One RLOO step through the real trainer, phase by phase, and what is measured beside it: decoding of a given batch, and a
 * micro-batch with and without a shared prompt. Every clock is read when the backend has finished, not when it was asked.
 */

import { gradeBoxed } from "@soft-tokens/app-common";
import { embeddingRms, encodePrompt } from "@soft-tokens/model";
import { createThoughtPolicy, generate, type Rollout, type ThoughtPolicy } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { createRlooTrainer, scoreRollouts } from "@soft-tokens/trainer";
import type { Thought } from "../engine/engine.ts";
import { problemTexts, type Subject } from "./subject.ts";
import { finish } from "./timing.ts";

export interface Workload {
  readonly prompts: number;
  readonly samples: number;
  readonly promptTokens: number;
  readonly thoughtSteps: number;
  readonly answerTokens: number;
  readonly memoryBudgetBytes: number;
  readonly checkpointLayers: boolean;
  readonly optimizerMoments: "float32" | "bfloat16";
  readonly headElements: number;
}

/** In seconds; they add up to the step but for what the trainer does between them. */
export interface PhaseSeconds {
  readonly prefill: number;
  readonly thoughts: number;
  /** Forced tokens too. */
  readonly answer: number;
  readonly grade: number;
  /** A forward pass over the same batch without gradients, measured after the step. */
  readonly forward: number;
  /** What the gradient pass takes beyond that. */
  readonly backward: number;
  readonly optimizer: number;
}

export interface StepMeasurement {
  readonly phases: PhaseSeconds;
  readonly rlooSeconds: number;
  /** Forward, backward and optimizer. */
  readonly trainSeconds: number;
  readonly passSeconds: number;
  /** Tokens of all rows per second of decoding, prefill apart. */
  readonly decodeTokensPerSecond: number;
  /** Chosen tokens per second with the prefill: forced ones do not count. */
  readonly generateTokensPerSecond: number;
  readonly microBatches: number;
  /** Gone through the linear layers in the trainer's pass, a prompt as often as it passed. */
  readonly computedTokens: number;
  /** Mean |sampler - trainer| of log pi over thought steps, nats. */
  readonly logProbGap: number;
  readonly promptTokens: number;
  readonly suffixTokens: number;
}

export interface DecodeMeasurement {
  readonly decodeTokensPerSecond: number;
  readonly generateTokensPerSecond: number;
}

export interface Bench {
  step(thought: Thought, round: number): Promise<StepMeasurement>;
  decode(thought: Thought, rows: number, round: number): Promise<DecodeMeasurement>;
  /** Seconds of forward and backward through the layers, of `rows` rows of one prompt. */
  pass(rows: number, isShared: boolean): Promise<number>;
}

export async function createBench(subject: Subject, workload: Workload, signal: AbortSignal): Promise<Bench> {
  const { backend, model } = subject;
  const { prompts: P, samples: G, thoughtSteps, answerTokens } = workload;
  const rms = await embeddingRms(model);
  const texts = await problemTexts(model, P, workload.promptTokens);
  const promptIds = texts.map((text) => encodePrompt(model.tokenizer, text));
  const root = RandomKey.fromSeed(1);
  const chunk = { maxElements: workload.headElements };
  const { stopString, answerPrefix } = subject;
  const generation = {
    ...{ maxThoughtSteps: thoughtSteps, maxAnswerTokens: answerTokens, stopString, answerPrefix },
    ...{ answerTemperature: 1, recordTopK: 0 },
  };

  /** A trainer of its own: three of them at once would hold three optimizer states. */
  const newTrainer = (policy: ThoughtPolicy, key: RandomKey) =>
    createRlooTrainer({
      model,
      policy,
      problems: {
        size: P,
        get: (index) => ({ id: String(index), prompt: texts[index] as string, answer: "42" }),
      },
      reward: ({ rollout, answer }) => {
        const { extracted } = gradeBoxed(answer, "42");
        // Whatever the grader found: every sample gets an advantage, so that every sample is trained on.
        return { reward: rollout.sampleIndex % 3, correct: false, boxed: false, extracted };
      },
      key,
      settings: {
        ...generation,
        steps: 1,
        warmupSteps: 0,
        learningRate: 1e-9, // the weights hardly move: what is measured stays the same
        promptsPerStep: P,
        samplesPerPrompt: G,
        validateEvery: 0,
        checkpointEvery: 0,
        memoryBudgetBytes: workload.memoryBudgetBytes,
        checkpointLayers: workload.checkpointLayers,
        optimizerMoments: workload.optimizerMoments,
        headChunkElements: workload.headElements,
      },
    });

  async function step(thought: Thought, round: number): Promise<StepMeasurement> {
    const policy = createThoughtPolicy(thought, { rms });
    const clocked = withClock(policy);
    using trainer = newTrainer(clocked.policy, root.fold(thought, round));
    await finish(backend);
    const start = performance.now();
    for await (const event of trainer.run({ signal })) {
      if (event.type !== "step") continue;
      await finish(backend);
      const rlooSeconds = (performance.now() - start) / 1000;
      const rollouts = event.samples.map(({ rollout }) => rollout);
      // Measured beside the step: on a machine whose speed changes it may come out longer than the pass that it is a part of.
      const forwardAlone = await forwardSeconds(policy, rollouts);
      const value = (name: string) => event.metrics[name] ?? Number.NaN;
      const prefill = value("time/prefill");
      const decode = value("time/decode");
      const passSeconds = value("time/pass");
      const optimizer = rlooSeconds - value("time/sample") - value("time/grade") - passSeconds;
      const steps = thoughtSteps + (rollouts[0]?.forcedIds.length ?? 0) + answerTokens;
      const thoughts = Math.min(clocked.secondsOfThoughts(), decode);
      const forward = Math.min(forwardAlone, passSeconds);
      return {
        phases: {
          ...{ prefill, thoughts, answer: decode - thoughts, grade: value("time/grade") },
          ...{ forward, backward: passSeconds - forward, optimizer },
        },
        rlooSeconds,
        trainSeconds: passSeconds + optimizer,
        passSeconds,
        decodeTokensPerSecond: (P * G * steps) / decode,
        generateTokensPerSecond: (P * G * (thoughtSteps + answerTokens)) / (prefill + decode),
        microBatches: value("speed/microBatches"),
        computedTokens: value("speed/trainTokensPerSecond") * value("time/train"),
        logProbGap: value("logprob/gapPerThoughtStep"),
        promptTokens: Math.max(...promptIds.map((ids) => ids.length)),
        suffixTokens: steps - 1,
      };
    }
    signal.throwIfAborted();
    throw new Error("the trainer ended without a step");
  }

  async function forwardSeconds(policy: ThoughtPolicy, rollouts: readonly Rollout[]): Promise<number> {
    const start = performance.now();
    const { memoryBudgetBytes } = workload;
    await scoreRollouts({ model, policy, rollouts, memoryBudgetBytes, chunk, signal });
    return (performance.now() - start) / 1000;
  }

  async function decode(thought: Thought, rows: number, round: number): Promise<DecodeMeasurement> {
    const used = promptIds.slice(0, Math.min(P, rows));
    const perPrompt = Math.ceil(rows / used.length);
    const { timings } = await generate(model, {
      policy: createThoughtPolicy(thought, { rms }),
      settings: generation,
      prompts: used.map((ids, p) => ({
        ids,
        sampleKeys: Array.from({ length: perPrompt }, (_, g) => root.fold("decode", round, p, g)),
      })),
      chunk,
      signal,
    });
    const chosen = used.length * perPrompt * (thoughtSteps + answerTokens);
    return {
      decodeTokensPerSecond: (1000 * timings.tokens) / timings.decodeMs,
      generateTokensPerSecond: (1000 * chosen) / (timings.prefillMs + timings.decodeMs),
    };
  }

  async function pass(rows: number, isShared: boolean): Promise<number> {
    const ids = promptIds[0] as readonly number[];
    const length = thoughtSteps + answerTokens;
    const parameters = [...model.parameters.values()];
    await finish(backend);
    const start = performance.now();
    const { value, gradients } = backend.valueAndGrad(
      () =>
        backend.tidy(() => {
          const rowIds = Int32Array.from({ length: rows * length }, (_, i) => (7 * i) % 256);
          const { suffix_MD } = model.forwardGrouped({
            promptIds: isShared ? [ids] : Array.from({ length: rows }, () => ids),
            rowsPerPrompt: isShared ? [rows] : Array.from({ length: rows }, () => 1),
            suffixLengths: Array<number>(rows).fill(length),
            suffix_MD: model.embed(backend.tensor(rowIds, [rows * length], "int32")),
            checkpointLayers: workload.checkpointLayers,
          });
          return backend.mean(backend.cast(suffix_MD, "float32"));
        }),
      parameters,
    );
    await finish(backend);
    const seconds = (performance.now() - start) / 1000;
    for (const tensor of [value, ...gradients]) tensor.dispose();
    return seconds;
  }

  return { step, decode, pass };
}

/** The policy, noting when it thinks: what lies between its first and last step is thought, one mean step more at the end. */
function withClock(policy: ThoughtPolicy): { policy: ThoughtPolicy; secondsOfThoughts: () => number } {
  const times: number[] = [];
  return {
    policy: {
      name: policy.name,
      settings: policy.settings,
      storesThoughts: policy.storesThoughts,
      think(hidden_RD, context) {
        times.push(performance.now());
        return policy.think(hidden_RD, context);
      },
      score: (...args) => policy.score(...args),
    },
    secondsOfThoughts() {
      const [first = 0] = times;
      const between = ((times.at(-1) ?? 0) - first) / 1000;
      return times.length > 1 ? (between * times.length) / (times.length - 1) : 0;
    },
  };
}
