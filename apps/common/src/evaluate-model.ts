/** A loaded model, a task and some of the six modes -> results.json and samples.jsonl in a folder. */

import {
  type Contamination,
  type EvaluationProgress,
  type EvaluationResults,
  evaluate,
  type InferenceMode,
  type Task,
} from "@soft-tokens/evals";
import { embeddingRms } from "@soft-tokens/model";
import { defaultGenerationSettings } from "@soft-tokens/sampler";
import { RandomKey } from "@soft-tokens/tensor";
import { createGenerateFunction } from "./generate-function.ts";
import { gradeBoxed } from "./grade.ts";
import type { OpenedModel } from "./open-model.ts";
import { versions } from "./versions.ts";

export interface EvaluateModelOptions {
  readonly opened: OpenedModel;
  /** Names the model in the results. */
  readonly name: string;
  readonly task: Task;
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
  readonly batchRows: number;
  readonly recordedQuestions: number;
  readonly seed: number;
  /** What a look into the training file found. */
  readonly contamination?: Contamination;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: EvaluationProgress) => void;
}

export async function evaluateModel(options: EvaluateModelOptions): Promise<EvaluationResults> {
  const { opened, seed, noiseScale, maxThoughtSteps, maxAnswerTokens, template } = options;
  const { stopString = defaultGenerationSettings.stopString } = options;
  const rms = options.rms ?? (await embeddingRms(opened.model));
  const generate = await createGenerateFunction({
    model: opened.model,
    key: RandomKey.fromSeed(seed),
    settings: { ...defaultGenerationSettings, maxThoughtSteps, maxAnswerTokens, stopString },
    chunk: opened.chunk,
    maxRows: options.batchRows,
    rms,
    noiseScale,
  });
  return evaluate({
    task: options.task,
    model: options.name,
    modes: options.modes,
    samplesPerQuestion: options.samplesPerQuestion,
    generate,
    grade: (text, question) => gradeBoxed(text, question.answer, stopString),
    folder: options.folder,
    ...(options.limit !== undefined && { limit: options.limit }),
    template,
    samplesPerBatch: options.batchRows,
    record: { questions: options.recordedQuestions, samples: 2 },
    seed,
    settings: { seed, rms, noiseScale, maxThoughtSteps, maxAnswerTokens, stopString, dtype: opened.dtype },
    versions: versions(opened.backend),
    ...(options.contamination && { contamination: options.contamination }),
    signal: options.signal,
    onProgress: options.onProgress,
  });
}
