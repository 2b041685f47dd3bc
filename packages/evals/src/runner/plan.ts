/** What an evaluation is going to do, checked before anything is generated or written. */

import type { GenerateFunction, GradeFunction, InferenceMode, Question } from "../contract.ts";
import { isGreedyMode } from "../contract.ts";
import type { Contamination, EvaluationResults, ModeResult } from "../results/schema.ts";
import type { Task } from "../tasks/load-task.ts";
import { PAPER_TEMPLATE, renderPrompt } from "../tasks/prompt-template.ts";
import type { EvaluationIdentity } from "./evaluation-folder.ts";

export interface EvaluateOptions {
  readonly task: Task;
  /** Names the model in results; the same folder refuses another name. */
  readonly model: string;
  readonly modes: readonly InferenceMode[];
  /** Of the sampled modes; greedy modes have one. */
  readonly samplesPerQuestion: number;
  readonly generate: GenerateFunction;
  readonly grade: GradeFunction;
  /** Where `results.json` and `samples.jsonl` go; nothing is written without it. */
  readonly folder?: string;
  /** Only the first questions of the task. */
  readonly limit?: number;
  /** Defaults to the paper's prompt. */
  readonly template?: string;
  /** Which k to estimate; those above the number of samples are left out. Defaults to 1, 2, 4, 8, 16, 32. */
  readonly passAt?: readonly number[];
  /** Samples that are written at once, rounded up to whole questions: what a killed run loses at most. Defaults to 16. */
  readonly samplesPerWrite?: number;
  /** For how many questions and samples of each mode the steps are kept for reports. Defaults to 8 and 2. */
  readonly record?: { readonly questions: number; readonly samples: number };
  /** Of the bootstrap. Defaults to 0. */
  readonly seed?: number;
  /** What else decides the samples (generation settings, its seed, sigma); another folder's are refused. */
  readonly settings?: EvaluationResults["settings"];
  readonly versions?: Readonly<Record<string, string>>;
  /** What a look into the training file found; kept with the results. */
  readonly contamination?: Contamination;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  readonly signal?: AbortSignal;
}

/** At the start of every mode and whenever samples were written. */
export interface EvaluationProgress {
  readonly mode: InferenceMode;
  /** Position of the mode among `modes`. */
  readonly modeIndex: number;
  /** Samples of all modes that exist now, and that will. */
  readonly done: number;
  readonly total: number;
  /** Of `done`, those that were there before this run. */
  readonly restored: number;
  /** Share of correct samples of this mode so far; null before the first. */
  readonly accuracy: number | null;
  /** Samples of this run that failed with an error. */
  readonly errors: number;
}

/** Options with every default filled in. */
export interface Plan {
  readonly options: EvaluateOptions;
  readonly identity: EvaluationIdentity;
  readonly modes: readonly InferenceMode[];
  readonly questions: readonly Question[];
  readonly seed: number;
  readonly samplesPerWrite: number;
  readonly record: { readonly questions: number; readonly samples: number };
}

/** @throws RangeError for options that cannot be; EvaluationError INVALID_TEMPLATE */
export function makePlan(options: EvaluateOptions): Plan {
  const { task, samplesPerWrite = 16, template = PAPER_TEMPLATE } = options;
  positive("samplesPerQuestion", options.samplesPerQuestion);
  positive("samplesPerWrite", samplesPerWrite);
  if (options.limit !== undefined) positive("limit", options.limit);
  for (const k of options.passAt ?? []) positive("passAt", k);
  if (options.modes.length === 0) throw new RangeError("evaluate: no modes");
  const questions = task.questions.slice(0, options.limit);
  if (questions.length === 0) throw new RangeError(`evaluate: task ${task.name} has no questions`);
  renderPrompt("", template);
  return {
    options,
    identity: {
      task: task.name,
      model: options.model,
      checksum: task.source.sha256,
      template,
      settings: options.settings ?? {},
    },
    modes: [...new Set(options.modes)],
    questions,
    seed: options.seed ?? 0,
    samplesPerWrite,
    record: options.record ?? { questions: 8, samples: 2 },
  };
}

/** Samples per question of a mode. */
export function samplesOf(plan: Plan, mode: InferenceMode): number {
  return isGreedyMode(mode) ? 1 : plan.options.samplesPerQuestion;
}

/** The content of `results.json`. */
export function assembleResults(
  plan: Plan,
  results: readonly ModeResult[],
  complete: boolean,
): EvaluationResults {
  const shown = results.reduce<ModeResult | undefined>(
    (most, result) => (most && most.n >= result.n ? most : result),
    undefined,
  );
  return {
    format: 1,
    ...plan.identity,
    source: { ...plan.options.task.source },
    n: shown?.n ?? Math.max(...plan.modes.map((mode) => samplesOf(plan, mode))),
    questions: plan.questions.length,
    seed: plan.seed,
    versions: { node: process.versions.node, ...plan.options.versions },
    complete,
    ...(plan.options.contamination ? { contamination: plan.options.contamination } : {}),
    ...(shown ? { mode: shown.mode, metrics: shown.metrics } : {}),
    results: [...results],
  };
}

function positive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`evaluate: ${name} must be a whole number of at least 1, got ${value}`);
  }
}
