/** A loaded model, a task and some of the six modes -> results.json and samples.jsonl in a folder. */

import {
  type Contamination,
  type EvaluationProgress,
  type EvaluationResults,
  evaluate,
  type GradeFunction,
  type InferenceMode,
  type Task,
} from "@soft-tokens/evals";
import { embeddingRms } from "@soft-tokens/model";
import { defaultGenerationSettings, type NoisePlace } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { checkPrompts } from "./check-prompts.ts";
import { createGenerateFunction, type DecodedBatch } from "./generate-function.ts";
import { type Grading, openGrading } from "./grading.ts";
import type { OpenedModel } from "./open-model.ts";
import { versions } from "./versions.ts";

export interface EvaluateModelOptions {
  readonly opened: OpenedModel;
  /** Names the model in the results. */
  readonly name: string;
  /** Fingerprint of the model's files: a folder of results refuses another model of the same name. */
  readonly modelFiles?: string;
  readonly task: Task;
  /** The task's file as it was given, for messages. Defaults to its name. */
  readonly file?: string;
  /** Leave questions out that the model has no room or no embeddings for, instead of stopping. Defaults to `false`. */
  readonly skipBad?: boolean;
  readonly modes: readonly InferenceMode[];
  readonly samplesPerQuestion: number;
  readonly folder: string;
  readonly limit?: number | undefined;
  readonly template: string;
  readonly maxThoughtSteps: number;
  readonly maxAnswerTokens: number;
  /** Text that ends a thought. Defaults to the paper's. */
  readonly stopString?: string;
  /** Of soft-sample and fuzzy-sample, in units of `rms`. */
  readonly noiseScale: number;
  /** rms(E) that the noise is measured in. Defaults to the model's own. */
  readonly rms?: number;
  /** Of soft-sample and fuzzy-sample, where they are not the mode's own: what an ablation changes. */
  readonly thought?: { readonly temperature?: number; readonly noisePlace?: NoisePlace };
  readonly batchRows: number;
  readonly recordedQuestions: number;
  readonly seed: number;
  /** Path of a grader of one's own. Defaults to the paper's reward. */
  readonly grader?: string | undefined;
  /** Defaults to 2. */
  readonly graderWorkers?: number;
  /** Defaults to 2,000. */
  readonly graderTimeoutMs?: number;
  /** What a look into the training file found. */
  readonly contamination?: Contamination;
  readonly onBatch?: (batch: DecodedBatch) => void;
  /** Told once, before anything is generated, of questions whose reference the grader cannot read. */
  readonly onUnreadable?: (ids: readonly string[]) => void;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EvaluationProgress) => void;
}

export async function evaluateModel(options: EvaluateModelOptions): Promise<EvaluationResults> {
  const { opened, seed, noiseScale, maxThoughtSteps, maxAnswerTokens, template } = options;
  const { stopString = defaultGenerationSettings.stopString } = options;
  const { grader, graderWorkers = 2, graderTimeoutMs = 2000, signal } = options;
  await using grading = await openGrading({ grader, graderWorkers, graderTimeoutMs, signal });
  const limits = { template, maxThoughtSteps, maxAnswerTokens, stopString };
  const { questions, unfit } = await checkPrompts(
    opened.model,
    options.task.questions.slice(0, options.limit),
    { ...limits, answerPrefix: defaultGenerationSettings.answerPrefix },
    { file: options.file ?? options.task.source.file, skipBad: options.skipBad ?? false, signal },
  );
  const unreadable = await grading.unreadable(questions);
  if (unreadable.length > 0) options.onUnreadable?.(unreadable);
  const task = { ...options.task, questions, source: { ...options.task.source, unfit } };
  const rms = options.rms ?? (await embeddingRms(opened.model));
  const generate = await createGenerateFunction({
    model: opened.model,
    key: RandomKey.fromSeed(seed),
    settings: { ...defaultGenerationSettings, maxThoughtSteps, maxAnswerTokens, stopString },
    chunk: opened.chunk,
    maxRows: options.batchRows,
    rms,
    noiseScale,
    ...(options.thought && { thought: options.thought }),
    ...(options.onBatch && { onBatch: options.onBatch }),
  });
  // Awaited here: the grading is closed behind it.
  return await evaluate({
    task,
    model: options.name,
    modes: options.modes,
    samplesPerQuestion: options.samplesPerQuestion,
    generate,
    grade: gradeFunction(grading),
    folder: options.folder,
    template,
    record: { questions: options.recordedQuestions, samples: 2 },
    seed,
    settings: {
      ...{ seed, rms, noiseScale, maxThoughtSteps, maxAnswerTokens, stopString, dtype: opened.dtype },
      ...options.thought,
      ...(options.modelFiles !== undefined && { modelFiles: options.modelFiles }),
      ...(grader !== undefined && { grader }),
    },
    versions: versions(opened.backend),
    ...(options.contamination && { contamination: options.contamination }),
    signal,
    onProgress: options.onProgress,
  });
}

/** A grading without a verdict is a timeout where the sample was too much, and an error where the grader was wrong. */
function gradeFunction(grading: Grading): GradeFunction {
  return async (text, { id, question, answer: gold }, answer) => {
    const { status, reason, correct, boxed, extracted } = await grading.grade({
      ...{ id, question, gold, text, answer },
    });
    if (status === "failed") throw new Error(reason);
    return { correct, boxed, extracted, reason: status === "graded" ? reason : "timeout" };
  };
}
