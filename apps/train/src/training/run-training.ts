/**
 * One RLOO run, from a loaded model to a full run folder: wires problems, reward, policy and trainer together and writes
 * what the trainer says to disk. Prints nothing; the train command and the demo show its events in their own ways.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkPrompts,
  FileError,
  findData,
  type Grading,
  loadProblems,
  type OpenedModel,
  versions,
  writeWhole,
} from "@soft-tokens/app-common";
import { type Question, renderPrompt, type Task } from "@soft-tokens/evals";
import { embeddingRms } from "@soft-tokens/model";
import {
  createThoughtPolicy,
  inferencePolicy,
  type ThoughtPolicy,
  textParts,
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
import { checkRunData, type RunData } from "../run-data.ts";
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
    }
  /** Rows of a continued run that are lost. */
  | {
      readonly type: "folder-warning";
      readonly step: number;
      readonly code: "ROWS_LOST";
      readonly message: string;
    }
  /** Problems that were left out before the first step. */
  | {
      readonly type: "data-warning";
      readonly step: number;
      readonly code: "ROWS_UNFIT";
      readonly message: string;
    };

export interface Problems {
  readonly training: readonly Question[];
  readonly validation: readonly Question[];
  readonly source: Task["source"];
  /** Null where validation has no file of its own. */
  readonly validationSource: Task["source"] | null;
  /** As they were given, for messages. */
  readonly files: { readonly training: string; readonly validation: string };
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
  const file = findData({ data: options.data, split: "train" });
  if (options.validationData !== undefined) {
    const held = await loadProblems({
      data: options.validationData,
      task: options.task,
      split: "test",
      skipBad: options.skipBad,
      ...(options.validationSize > 0 && { limit: options.validationSize }),
    });
    return {
      training: task.questions,
      validation: isOff ? [] : held.questions,
      source: task.source,
      validationSource: held.source,
      files: { training: file, validation: findData({ data: options.validationData, split: "test" }) },
    };
  }
  const size = isOff ? 0 : Math.min(options.validationSize, Math.floor(task.questions.length / 4));
  const stride = size > 0 ? task.questions.length / size : Number.POSITIVE_INFINITY;
  const isHeldOut = (index: number) => Math.floor((index + 1) / stride) > Math.floor(index / stride);
  return {
    training: task.questions.filter((_, index) => !isHeldOut(index)),
    validation: task.questions.filter((_, index) => isHeldOut(index)),
    source: task.source,
    validationSource: null,
    files: { training: file, validation: file },
  };
}

/** What the run is compared with when it is continued. */
export function runData({ source, validationSource }: Problems): RunData {
  return { data: source, validationData: validationSource };
}

export interface RunTrainingOptions {
  readonly resolved: ResolvedTraining;
  readonly opened: OpenedModel;
  readonly problems: Problems;
  readonly grading: Grading;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
}

/** Trains in a folder that is locked, to the end or to the abort, and returns the folder. The model then has the last step's weights. */
export async function runTraining(
  run: RunTrainingOptions,
): Promise<{ folder: string; step: number; rms: number }> {
  const { resolved, opened, grading, signal, onEvent } = run;
  const { options } = resolved;
  checkRunData(resolved.folder, options, runData(run.problems));
  const { room, unfit, ...problems } = await checkProblems(opened, run.problems, options, signal);
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
        data: { ...run.problems.source, unfit: unfit.training },
        validationData: run.problems.validationSource && {
          ...run.problems.validationSource,
          unfit: unfit.validation,
        },
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
      beforeCheckpoint: folder.sync,
    });
    if (!folder.isNew) await trainer.resume();
    if (unfit.training + unfit.validation > 0) {
      const message = `${unfit.training} training and ${unfit.validation} validation problems left out that the model has no room or no embeddings for`;
      onEvent({ type: "data-warning", step: trainer.step, code: "ROWS_UNFIT", message });
    }
    const { step } = trainer;
    const lost = folder.cutBack(trainer);
    if (lost !== null) onEvent({ type: "folder-warning", step, code: "ROWS_LOST", message: lost });
    let during: "step" | "validation" = "step"; // what a warning belongs to comes before it
    for await (const trainerEvent of trainer.run({ signal })) {
      for (const event of withGrading(trainerEvent, runReward)) {
        if (event.type === "step" || event.type === "validation") during = event.type;
        await record(folder, event, during, options, policy);
        onEvent(event);
      }
    }
    return { folder: folder.path, step: trainer.step, rms };
  } finally {
    folder.close();
  }
}

/** Both lists without what does not fit, and the most thought steps that all of the rest leave room for. */
async function checkProblems(
  { model }: OpenedModel,
  { training, validation, files }: Problems,
  options: TrainOptions,
  signal: AbortSignal,
) {
  const limits = { ...options, template: options.promptTemplate };
  const check = (questions: readonly Question[], file: string) =>
    checkPrompts(model, questions, limits, { file, skipBad: options.skipBad, signal });
  const trained = await check(training, files.training);
  const held = validation.length > 0 ? await check(validation, files.validation) : null;
  return {
    training: trained.questions,
    validation: held?.questions ?? [],
    unfit: { training: trained.unfit, validation: held?.unfit ?? 0 },
    room: Math.min(trained.room, held?.room ?? Number.POSITIVE_INFINITY),
  };
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
  during: "step" | "validation",
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
      folder.appendWarning(during === "validation" ? { ...event, during } : event);
      return;
    case "folder-warning": // of a start, not of the run
    case "data-warning": // of a start, not of the run
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
  ).catch((error: unknown) => {
    const isOfTheDisk = typeof (error as NodeJS.ErrnoException).errno === "number";
    throw isOfTheDisk ? new FileError("WRITE_FAILED", `${name}.safetensors`, error) : error;
  });
  const rows = samples.map(({ problem, rollout, result, advantage, trainerLogProb }, sample) => ({
    sample,
    problem: problem.id,
    sampleIndex: rollout.sampleIndex,
    ...textParts(rollout),
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
