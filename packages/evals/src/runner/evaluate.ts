/**
 * The runner: questions x modes x samples -> graded samples on disk -> metrics. It generates what is missing only, so a
 * killed evaluation continues, and more modes, questions or samples can be added to a folder later.
 * Bad model output is data. A failing generator or grader is recorded with the sample and counted; only when
 * several questions fail one after the other does the evaluation stop, because then nothing is being measured.
 */

import type { GeneratedSample, InferenceMode, Question } from "../contract.ts";
import {
  type EvaluationResults,
  EvaluationResultsSchema,
  type ModeResult,
  type SampleRow,
} from "../results/schema.ts";
import { GSM8K_FORMAT } from "../tasks/formats.ts";
import { renderPrompt } from "../tasks/prompt-template.ts";
import { openEvaluationFolder, writeResults } from "./evaluation-folder.ts";
import { createFailureGuard, type FailureGuard, generateJobs, type JobResult } from "./generate-jobs.ts";
import { createGradingGuard, failedRow, type GradingGuard, gradeSample } from "./grade-sample.ts";
import { assembleResults, type EvaluateOptions, makePlan, type Plan, samplesOf } from "./plan.ts";
import type { SampleLog } from "./sample-log.ts";
import { createSampleStore, type SampleStore } from "./sample-store.ts";
import { summarizeMode } from "./summarize.ts";

/**
 * Evaluates a model and returns what `results.json` holds.
 * @throws EvaluationError FOLDER_OF_ANOTHER_EVALUATION, SAMPLE_LOG_INVALID, WRITE_FAILED, GENERATION_KEEPS_FAILING,
 *   GRADER_KEEPS_FAILING, LOGITS_NOT_FINITE, RESULT_NOT_FINITE
 * @throws the signal's reason when aborted; what was sampled by then is on disk.
 */
export async function evaluate(options: EvaluateOptions): Promise<EvaluationResults> {
  const plan = makePlan(options);
  const { folder } = options;
  const store = createSampleStore();
  const opened = folder ? await openEvaluationFolder(folder, plan.identity, (row) => store.keep(row)) : null;
  const results = new Map(opened?.previous?.results.map((result) => [result.mode, result]));
  const fill: FillContext = {
    store,
    log: opened?.log ?? null,
    guard: createFailureGuard(),
    gradings: createGradingGuard(),
    report: createProgressReport(plan, store),
  };
  const save = async (complete: boolean) => {
    const whole = assembleResults(plan, [...results.values()], complete);
    if (folder) await writeResults(folder, whole, EvaluationResultsSchema);
    return whole;
  };
  try {
    await save(false); // says whose samples these are, even if nothing else comes
    for (const mode of plan.modes) {
      await fillMode(plan, mode, fill);
      results.set(mode, summarize(plan, mode, store));
      await save(false);
    }
    return await save(true);
  } finally {
    await opened?.log.close();
  }
}

interface FillContext {
  readonly store: SampleStore;
  readonly log: SampleLog | null;
  readonly guard: FailureGuard;
  readonly gradings: GradingGuard;
  readonly report: (mode: InferenceMode, rows: readonly SampleRow[]) => void;
}

/** Generates and grades what a mode still lacks. Generation goes on while samples wait to be graded and written. */
async function fillMode(plan: Plan, mode: InferenceMode, context: FillContext): Promise<void> {
  const { store, log, guard, gradings, report } = context;
  const { generate, signal } = plan.options;
  report(mode, []);
  let pending: Promise<SampleRow[]>[] = [];
  let samples = 0;
  const settle = async () => {
    const graded = await Promise.allSettled(pending);
    const rows = graded.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
    pending = [];
    samples = 0;
    await log?.append(rows);
    for (const row of rows) store.keep(row);
    report(mode, rows);
    gradings.check(rows);
    const stopped = graded.find((result) => result.status === "rejected");
    if (stopped) throw stopped.reason;
  };
  for (const { questions, recordSteps } of parts(plan)) {
    const jobs = questions.flatMap((question) => {
      const sampleIndexes = store.missing(mode, question.id, samplesOf(plan, mode));
      const prompt = renderPrompt(question.question, plan.identity.template);
      return sampleIndexes.length > 0 ? [{ question, questionId: question.id, prompt, sampleIndexes }] : [];
    });
    if (jobs.length === 0) continue;
    signal?.throwIfAborted();
    try {
      for await (const result of generateJobs(generate, mode, jobs, {
        recordSteps,
        ...(signal ? { signal } : {}),
      })) {
        guard.record(result);
        const graded = gradeJob(plan, mode, result, recordSteps);
        graded.catch(() => {}); // reported when it is awaited
        pending.push(graded);
        samples += result.job.sampleIndexes.length;
        if (samples >= plan.samplesPerWrite) await settle();
        guard.check();
        signal?.throwIfAborted();
      }
    } finally {
      await settle(); // whatever ends the generation, what was sampled is kept
    }
  }
}

interface QuestionJob {
  readonly questionId: string;
  readonly question: Question;
  readonly prompt: string;
  readonly sampleIndexes: readonly number[];
}

async function gradeJob(
  plan: Plan,
  mode: InferenceMode,
  result: JobResult<QuestionJob>,
  recordSteps: boolean,
): Promise<SampleRow[]> {
  const { grade, signal } = plan.options;
  const { question, prompt, sampleIndexes } = result.job;
  return Promise.all(
    sampleIndexes.map(async (sampleIndex, position) => {
      const place = { mode, question, prompt, sampleIndex };
      if ("error" in result) return failedRow(place, result.error);
      const { steps, ...sample } = result.samples[position] as GeneratedSample;
      const isShown = recordSteps && sampleIndex < plan.record.samples;
      return gradeSample(place, isShown && steps ? { ...sample, steps } : sample, grade, signal);
    }),
  );
}

/** Questions whose steps are recorded come first and apart, because a call records all or nothing. */
function parts(plan: Plan): { questions: readonly Question[]; recordSteps: boolean }[] {
  const shown = plan.record.samples > 0 ? plan.record.questions : 0;
  return [
    { questions: plan.questions.slice(0, shown), recordSteps: true },
    { questions: plan.questions.slice(shown), recordSteps: false },
  ];
}

function summarize(plan: Plan, mode: InferenceMode, store: SampleStore): ModeResult {
  const n = samplesOf(plan, mode);
  const { task, model } = plan.identity;
  const { passAt } = plan.options;
  const withFlexible = plan.options.task.source.format === GSM8K_FORMAT.name;
  const samplesByQuestion = new Map(plan.questions.map(({ id }) => [id, store.list(mode, id, n)]));
  return summarizeMode(
    { task, model, mode, n, samplesByQuestion, withFlexible, ...(passAt ? { passAt } : {}) },
    { seed: plan.seed },
  );
}

function createProgressReport(plan: Plan, store: SampleStore): FillContext["report"] {
  const tallies = new Map(
    plan.modes.map((mode) => {
      const n = samplesOf(plan, mode);
      const samples = plan.questions.flatMap(({ id }) => store.list(mode, id, n));
      const usable = samples.filter((sample) => !sample.failed);
      return [mode, { done: usable.length, correct: usable.filter((sample) => sample.correct).length }];
    }),
  );
  const done = () => [...tallies.values()].reduce((sum, tally) => sum + tally.done, 0);
  const total = plan.modes.reduce((sum, mode) => sum + samplesOf(plan, mode) * plan.questions.length, 0);
  const restored = done();
  let errors = 0;
  return (mode, rows) => {
    const tally = tallies.get(mode) ?? { done: 0, correct: 0 };
    for (const row of rows) {
      if (row.error) errors += 1;
      else tally.done += 1;
      if (row.correct) tally.correct += 1;
    }
    plan.options.onProgress?.({
      mode,
      modeIndex: plan.modes.indexOf(mode),
      done: done(),
      total,
      restored,
      accuracy: tally.done === 0 ? null : tally.correct / tally.done,
      errors,
    });
  };
}
