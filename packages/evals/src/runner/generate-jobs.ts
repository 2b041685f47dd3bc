/**
 * Asks the generator for a batch, and when a batch fails asks for its questions one by one, so that one impossible
 * question does not cost its neighbours. Several failures in a row end the evaluation: the fault is not the question's.
 */

import type { GeneratedSample, GenerateFunction, GenerationJob, InferenceMode } from "../contract.ts";
import { EvaluationError } from "../errors.ts";

/** What came of one job: its samples, or why there are none. */
export type JobResult = { readonly samples: readonly GeneratedSample[] } | { readonly error: unknown };

export interface GenerateJobsOptions {
  readonly recordSteps: boolean;
  readonly signal?: AbortSignal;
}

/** Results in the order of the jobs. @throws the signal's reason; TypeError when the generator breaks its contract. */
export async function generateJobs(
  generate: GenerateFunction,
  mode: InferenceMode,
  jobs: readonly GenerationJob[],
  options: GenerateJobsOptions,
): Promise<JobResult[]> {
  const attempt = async (batch: readonly GenerationJob[]): Promise<JobResult[]> => {
    let lists: Awaited<ReturnType<GenerateFunction>>;
    try {
      lists = await generate(mode, batch, options);
    } catch (error) {
      options.signal?.throwIfAborted(); // stopping is no failure of a question
      if (batch.length === 1) return [{ error }];
      const results: JobResult[] = [];
      for (const job of batch) results.push(...(await attempt([job])));
      return results;
    }
    checkCounts(batch, lists);
    return lists.map((samples) => ({ samples }));
  };
  return attempt(jobs);
}

function checkCounts(jobs: readonly GenerationJob[], lists: readonly (readonly GeneratedSample[])[]): void {
  if (lists.length !== jobs.length) {
    throw new TypeError(`generate: wanted samples of ${jobs.length} questions, got ${lists.length}`);
  }
  for (const [index, job] of jobs.entries()) {
    const [wanted, got] = [job.sampleIndexes.length, lists[index]?.length ?? 0];
    if (wanted !== got) {
      throw new TypeError(`generate: question ${job.questionId}: wanted ${wanted} samples, got ${got}`);
    }
  }
}

/** Counts failures that follow each other. */
export interface FailureGuard {
  record(result: JobResult): void;
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
