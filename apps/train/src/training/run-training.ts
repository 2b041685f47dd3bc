/**
 * One RLOO run, from a loaded model to a full run folder: wires problems, reward, policy and trainer together and writes
 * what the trainer says to disk. Prints nothing; the train command and the demo show its events in their own ways.
 */

import { createHash } from "node:crypto";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Grading,
  loadProblems,
  type OpenedModel,
  UsageError,
  versions,
  writeWhole,
} from "@soft-tokens/app-common";
import { type Question, renderPrompt, type Task } from "@soft-tokens/evals";
import { embeddingRms, encodePrompt } from "@soft-tokens/model";
import {
  createThoughtPolicy,
  inferencePolicy,
  mostForcedTokens,
  type ThoughtPolicy,
  writeRollouts,
} from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import {
  createRlooTrainer,
  type ProblemSource,
  type TrainerEvent,
  type TrainingSample,
} from "@soft-tokens/trainer";
import type { ResolvedTraining } from "../config/resolve.ts";
import type { TrainOptions } from "../config/train-options.ts";
import { openRunFolder, type RunFolder } from "../run-folder.ts";
import { createRunReward, type RunReward, type TrainingProblem } from "./reward.ts";

/** The trainer's events, and what grading has to say: steps and validations have `grader/*` metrics beside the trainer's. */
export type TrainingEvent =
  | TrainerEvent<TrainingSample>
  | {
      readonly type: "grader-warning";
      readonly step: number;
      readonly code: "GRADER";
      readonly message: string;
    };

export interface Problems {
  readonly training: readonly Question[];
  readonly validation: readonly Question[];
  readonly source: Task["source"];
}

/** Reads the data and holds the validation part out: evenly spread rows, so that a sorted file is split fairly. */
export async function loadTrainingProblems(options: TrainOptions): Promise<Problems> {
  const task = await loadProblems({
    data: options.data,
    task: options.task,
    split: "train",
    skipBad: options.skipBad,
    ...(options.limit !== undefined && { limit: options.limit }),
  });
  const isOff = options.validateEvery === 0 || options.validationSize === 0;
  if (options.validationData !== undefined) {
    const held = await loadProblems({
      data: options.validationData,
      task: options.task,
      split: "test",
      skipBad: options.skipBad,
      ...(options.validationSize > 0 && { limit: options.validationSize }),
    });
    return { training: task.questions, validation: isOff ? [] : held.questions, source: task.source };
  }
  const size = isOff ? 0 : Math.min(options.validationSize, Math.floor(task.questions.length / 4));
  const stride = size > 0 ? task.questions.length / size : Number.POSITIVE_INFINITY;
  const isHeldOut = (index: number) => Math.floor((index + 1) / stride) > Math.floor(index / stride);
  return {
    training: task.questions.filter((_, index) => !isHeldOut(index)),
    validation: task.questions.filter((_, index) => isHeldOut(index)),
    source: task.source,
  };
}

export interface RunTrainingOptions {
  readonly resolved: ResolvedTraining;
  readonly opened: OpenedModel;
  readonly problems: Problems;
  readonly grading: Grading;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** Trains to the end, or to the abort, and returns the folder. The model then has the last step's weights. */
export async function runTraining(
  run: RunTrainingOptions,
): Promise<{ folder: string; step: number; rms: number }> {
  const { resolved, opened, problems, grading, signal, onEvent } = run;
  const { options } = resolved;
  const room = roomForThoughts(opened, problems, options);
  const settings = {
    ...resolved.settings,
    validationMaxThoughtSteps: Math.min(resolved.settings.validationMaxThoughtSteps, room),
  };
  const folder = openRunFolder(resolved.folder, "rloo", options);
  const { promptsPerStep, samplesPerPrompt } = settings;
  const runReward = createRunReward(grading, options, promptsPerStep * samplesPerPrompt);
  try {
    const rms = (folder.config?.resolved.rms as number | undefined) ?? (await embeddingRms(opened.model));
    const policy = trainingPolicy(options, rms);
    folder.writeConfig({
      format: "soft-tokens-run/1",
      kind: "rloo",
      options,
      resolved: {
        rms,
        sigma: policy.settings.sigma,
        temperature: policy.settings.temperature,
        noiseScale: policy.settings.noiseScale,
        dtype: opened.dtype,
        data: problems.source,
        ...(options.grader !== undefined && { graderSha256: sha256(options.grader) }),
        trainingProblems: problems.training.length,
        validationProblems: problems.validation.length,
        validationMaxThoughtSteps: settings.validationMaxThoughtSteps,
        versions: versions(opened.backend),
      },
    });
    using trainer = createRlooTrainer({
      model: opened.model,
      policy,
      validationPolicy: greedyPolicy(options, rms),
      problems: problemSource(problems.training, options),
      validation: problems.validation.length > 0 ? problemSource(problems.validation, options) : null,
      reward: runReward.reward,
      key: RandomKey.fromSeed(options.seed).fold("train"),
      settings,
      checkpointFolder: folder.checkpoints,
    });
    if (!folder.isNew) await trainer.resume();
    folder.truncateMetrics(trainer.step);
    for await (const trainerEvent of trainer.run({ signal })) {
      for (const event of withGrading(trainerEvent, runReward)) {
        await record(folder, event, options, policy);
        onEvent(event);
      }
    }
    return { folder: folder.path, step: trainer.step, rms };
  } finally {
    folder.close();
  }
}

/**
 * Most thought steps that every problem leaves room for among the model's positions. The longest texts stand for all.
 * @throws UsageError where training would not fit: better now than at the step that meets it
 */
function roomForThoughts({ model }: OpenedModel, problems: Problems, options: TrainOptions): number {
  const tokens = (question: string) =>
    encodePrompt(model.tokenizer, renderPrompt(question, options.promptTemplate)).length;
  const longest = [...problems.training, ...problems.validation]
    .toSorted((a, b) => b.question.length - a.question.length)
    .slice(0, 32)
    .map(({ id, question }) => ({ id, tokens: tokens(question) }))
    .toSorted((a, b) => b.tokens - a.tokens)[0];
  if (!longest) throw new UsageError(`--data ${options.data}: no problems to train on`);
  const { maxPositions } = model.config;
  const forced = mostForcedTokens(model, options);
  const room = maxPositions - longest.tokens - forced - options.maxAnswerTokens;
  if (options.maxThoughtSteps <= room) return room;
  throw new UsageError(
    `the prompt of problem ${longest.id} has ${longest.tokens} tokens; with --max-thought-steps ${options.maxThoughtSteps}, up to ${forced} forced tokens and --max-answer-tokens ${options.maxAnswerTokens} that exceeds the model's ${maxPositions} positions` +
      (room > 0
        ? `; use --max-thought-steps ${room} or less`
        : "; use shorter problems or a shorter --prompt-template"),
  );
}

function trainingPolicy(options: TrainOptions, rms: number): ThoughtPolicy {
  return createThoughtPolicy(options.thought, {
    rms,
    ...(options.temperature !== undefined && { temperature: options.temperature }),
    ...(options.noiseScale !== undefined && { noiseScale: options.noiseScale }),
  });
}

/** Validation: greedy in the variant's own mode, without noise. */
function greedyPolicy(options: TrainOptions, rms: number): ThoughtPolicy {
  const isMixture = options.thought !== "hard";
  return inferencePolicy(`${options.thought}-greedy`, {
    rms,
    ...(isMixture && options.temperature !== undefined && { temperature: options.temperature }),
  });
}

function problemSource(questions: readonly Question[], options: TrainOptions): ProblemSource {
  return {
    size: questions.length,
    get(index): TrainingProblem {
      const question = questions[index];
      if (!question) throw new RangeError(`there is no problem ${index} among ${questions.length}`);
      return {
        id: question.id,
        question: question.question,
        prompt: renderPrompt(question.question, options.promptTemplate),
        answer: question.answer,
      };
    },
  };
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** A step or validation with its `grader/*` metrics, and a warning behind it where there is one. */
function withGrading(event: TrainerEvent<TrainingSample>, runReward: RunReward): TrainingEvent[] {
  if (event.type !== "step" && event.type !== "validation") return [event];
  const message = runReward.takeWarning();
  const graded = { ...event, metrics: { ...event.metrics, ...runReward.takeMetrics() } };
  if (message === null) return [graded];
  return [graded, { type: "grader-warning", step: event.step, code: "GRADER", message }];
}

async function record(
  folder: RunFolder,
  event: TrainingEvent,
  options: TrainOptions,
  policy: ThoughtPolicy,
): Promise<void> {
  switch (event.type) {
    case "step":
      folder.appendMetrics({ step: event.step, ...event.metrics });
      if (options.saveRolloutsEvery > 0 && event.step % options.saveRolloutsEvery === 0) {
        await saveRollouts(folder, event.step, event.samples, options, policy);
      }
      return;
    case "validation":
      folder.appendMetrics({ step: event.step, ...event.metrics });
      return;
    case "warning":
    case "grader-warning":
      appendFileSync(join(folder.path, "warnings.jsonl"), `${JSON.stringify(event)}\n`);
      return;
    case "resumed":
    case "checkpoint":
    case "stopped":
      return;
    default:
      event satisfies never;
  }
}

/** For programs (safetensors) and for people (JSON lines), under the same name. */
async function saveRollouts(
  folder: RunFolder,
  step: number,
  samples: readonly TrainingSample[],
  options: TrainOptions,
  policy: ThoughtPolicy,
): Promise<void> {
  const name = join(folder.rollouts, `step-${String(step).padStart(6, "0")}`);
  await writeRollouts(
    `${name}.safetensors`,
    samples.map((sample) => sample.rollout),
    { policy, answerTemperature: options.answerTemperature, metadata: { step: String(step) } },
  );
  const rows = samples.map(({ problem, rollout, result, advantage, trainerLogProb }, sample) => ({
    sample,
    problem: problem.id,
    sampleIndex: rollout.sampleIndex,
    thought: rollout.thoughtText,
    answer: rollout.forcedText + rollout.answerText,
    gold: problem.answer,
    ...result,
    advantage,
    thoughtStop: rollout.thoughtStop,
    answerStop: rollout.answerStop,
    thoughtLogProb: rollout.thoughtLogProb,
    answerLogProb: rollout.answerLogProb,
    trainer: trainerLogProb,
    entropies: Array.from(rollout.entropies, (value) => Number(value.toFixed(4))),
  }));
  writeWhole(`${name}.jsonl`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}
