/**
 * Asks the generator for many questions at once, and when it fails asks for what is missing in halves, so that one
 * impossible question does not cost its neighbours. Several failures in a row end the evaluation: the fault is not the
 * question's.
 */

import type { GeneratedSample, GenerateFunction, GenerationJob, InferenceMode } from "../contract.ts";
import { EvaluationError } from "../errors.ts";

/** What came of one job: its samples, or why there are none. */
export type JobResult<Job> =
  | { readonly job: Job; readonly samples: readonly GeneratedSample[] }
  | { readonly job: Job; readonly error: unknown };

export interface GenerateJobsOptions {
  readonly recordSteps: boolean;
  readonly signal?: AbortSignal;
}

/**
 * One result per job, as they come.
 * @throws the signal's reason; TypeError when the generator breaks its contract; EvaluationError LOGITS_NOT_FINITE
 */
export async function* generateJobs<Job extends GenerationJob>(
  generate: GenerateFunction,
  mode: InferenceMode,
  jobs: readonly Job[],
  options: GenerateJobsOptions,
): AsyncGenerator<JobResult<Job>, void> {
  const open = new Set(jobs);
  const stream = generate(mode, jobs, options)[Symbol.asyncIterator]();
  let failure: { readonly error: unknown } | null = null;
  try {
    while (!failure) {
      // Only what the generator throws is a failure of its questions; what the reader throws ends the iteration.
      const next = await stream.next().catch((error: unknown) => ({ error }));
      if ("error" in next) failure = next;
      else if (next.done) break;
      else yield accept(jobs, open, next.value);
    }
  } finally {
    if (!failure) await stream.return?.();
  }
  if (failure) {
    options.signal?.throwIfAborted(); // stopping is no failure of a question
    if (isOfTheModel(failure.error)) throw failure.error;
    const missing = [...open];
    if (missing.length === 1) yield { job: missing[0] as Job, error: failure.error };
    const half = Math.ceil(missing.length / 2);
    if (missing.length > 1) {
      yield* generateJobs(generate, mode, missing.slice(0, half), options);
      yield* generateJobs(generate, mode, missing.slice(half), options);
    }
  } else if (open.size > 0) {
    throw new TypeError(
      `generate: wanted samples of ${jobs.length} questions, got ${jobs.length - open.size}`,
    );
  }
}

function accept<Job extends GenerationJob>(
  jobs: readonly Job[],
  open: Set<Job>,
  { jobIndex, samples }: { readonly jobIndex: number; readonly samples: readonly GeneratedSample[] },
): JobResult<Job> {
  const job = jobs[jobIndex];
  if (!job || !open.delete(job)) {
    throw new TypeError(`generate: job ${jobIndex} was not asked for, or came twice`);
  }
  const [wanted, got] = [job.sampleIndexes.length, samples.length];
  if (wanted !== got) {
    throw new TypeError(`generate: question ${job.questionId}: wanted ${wanted} samples, got ${got}`);
  }
  for (const [position, { entropies }] of samples.entries()) assertFinite(job, position, entropies);
  return { job, samples };
}

/** @throws EvaluationError LOGITS_NOT_FINITE: an entropy that is no number is that of logits that are none */
function assertFinite(job: GenerationJob, position: number, entropies: readonly number[]): void {
  const step = entropies.findIndex((entropy) => !Number.isFinite(entropy));
  if (step < 0) return;
  throw new EvaluationError(
    "LOGITS_NOT_FINITE",
    `question ${job.questionId}, sample ${job.sampleIndexes[position]}: the entropy of thought step ${step + 1} is ${entropies[step]}; the model's weights are broken, or so large that its numbers leave float32`,
  );
}

function isOfTheModel(error: unknown): boolean {
  return error instanceof EvaluationError && error.code === "LOGITS_NOT_FINITE";
}

/** Counts failures that follow each other. */
export interface FailureGuard {
  record(result: JobResult<unknown>): void;
  /** @throws EvaluationError GENERATION_KEEPS_FAILING with the last failure as cause */
  check(): void;
}

/** How many questions may fail one after the other. */
const FAILURES_IN_A_ROW = 3;

export function createFailureGuard(): FailureGuard {
  let inRow = 0;
  let last: unknown;
  return {
    record(result) {
      inRow = "error" in result ? inRow + 1 : 0;
      if ("error" in result) last = result.error;
    },
    check() {
      if (inRow < FAILURES_IN_A_ROW) return;
      const message = last instanceof Error ? last.message : String(last);
      throw new EvaluationError(
        "GENERATION_KEEPS_FAILING",
        `generation failed for ${inRow} questions in a row, the last time with: ${message}`,
        { cause: last },
      );
    },
  };
}
