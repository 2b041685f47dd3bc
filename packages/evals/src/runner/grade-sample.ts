/** One generated sample -> one row of the sample log. A grader that throws is recorded with the sample. */

import type { GeneratedSample, Grade, GradeFunction, InferenceMode, Question } from "../contract.ts";
import { EvaluationError } from "../errors.ts";
import type { SampleRow } from "../results/schema.ts";

export interface SamplePlace {
  readonly mode: InferenceMode;
  readonly question: Question;
  readonly sampleIndex: number;
  readonly prompt: string;
}

/** The reason of a row whose grader threw. */
const GRADER_ERROR = "grader-error";
/** The grader's word for "gave up": out of time, or too expensive to compare. */
export const TIMEOUT_REASON = "timeout";

/** @throws the signal's reason */
export async function gradeSample(
  place: SamplePlace,
  sample: GeneratedSample,
  grade: GradeFunction,
  signal?: AbortSignal,
): Promise<SampleRow> {
  const row: SampleRow = {
    ...emptyRow(place),
    thought: sample.thought,
    ...(sample.forced ? { forced: sample.forced } : {}),
    answer: sample.answer,
    stopReason: sample.stopReason,
    ...(sample.answerStopReason === undefined ? {} : { answerStopReason: sample.answerStopReason }),
    entropies: sample.entropies.map((entropy) => Math.round(entropy * 1e4) / 1e4),
    ...(sample.steps ? { steps: sample.steps.map(copyStep) } : {}),
  };
  let result: Grade;
  try {
    const { thought, forced = "", answer } = sample;
    result = await grade(thought + forced + answer, place.question, answer);
  } catch (error) {
    signal?.throwIfAborted(); // stopping is no failure of the sample
    return { ...row, reason: GRADER_ERROR, error: describe(error) };
  }
  const { correct, boxed, extracted, reason } = result;
  return { ...row, correct, boxed, extracted, reason };
}

/** The row of a sample that could not be generated. */
export function failedRow(place: SamplePlace, error: unknown): SampleRow {
  return { ...emptyRow(place), error: describe(error) };
}

/** Counts rows in a row that got no verdict: the grader failed, or gave up. */
export interface GradingGuard {
  /** @throws EvaluationError GRADER_KEEPS_FAILING */
  check(rows: readonly SampleRow[]): void;
  /** After a mode, with all its samples: few samples without a single verdict are no result either. @throws the same */
  finish(mode: InferenceMode, samples: readonly { readonly reason: string }[]): void;
}

/** How many samples may go without a verdict one after the other: more is the grader's fault, not the answers'. */
const MISSING_IN_A_ROW = 32;

export function createGradingGuard(): GradingGuard {
  let failed = 0;
  let late = 0;
  let said = "";
  return {
    check(rows) {
      for (const { reason, error } of rows) {
        if (reason === "generation-error") continue;
        if (reason === GRADER_ERROR) {
          failed += 1;
          said = error?.message ?? "";
        } else if (reason === TIMEOUT_REASON) late += 1;
        else [failed, late, said] = [0, 0, ""];
        if (failed + late < MISSING_IN_A_ROW) continue;
        throw new EvaluationError("GRADER_KEEPS_FAILING", describeMissing(failed, late, said));
      }
    },
    finish(mode, samples) {
      const graded = samples.filter(({ reason }) => reason !== GRADER_ERROR && reason !== TIMEOUT_REASON);
      if (samples.length < 2 || graded.length > 0) return;
      throw new EvaluationError(
        "GRADER_KEEPS_FAILING",
        `${mode}: none of the ${samples.length} samples got a verdict of the grader${said && `, the last failure: ${said}`}`,
      );
    },
  };
}

function describeMissing(failed: number, late: number, said: string): string {
  const last = said === "" ? "" : `, the last failure: ${said}`;
  if (late === 0) return `grading failed for ${failed} samples in a row${last}`;
  if (failed === 0)
    return `the grader gave up on ${late} samples in a row: it ran out of time or refused them`;
  return `${failed + late} samples in a row got no verdict: the grader gave up on ${late} and failed on ${failed}${last}`;
}

function emptyRow({ mode, question, sampleIndex, prompt }: SamplePlace): SampleRow {
  return {
    id: question.id,
    sampleIndex,
    mode,
    question: question.question,
    gold: question.answer,
    prompt,
    thought: "",
    answer: "",
    extracted: null,
    correct: false,
    boxed: false,
    reason: "generation-error",
    stopReason: "error",
    entropies: [],
  };
}

type Step = NonNullable<GeneratedSample["steps"]>[number];

function copyStep({ token, alternatives }: Step): NonNullable<SampleRow["steps"]>[number] {
  return {
    token,
    alternatives: alternatives.map((alternative) => ({
      token: alternative.token,
      probability: Number(alternative.probability.toPrecision(4)), // a log of doubles is mostly digits
    })),
  };
}

function describe(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}
