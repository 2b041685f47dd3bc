/**
 * Every question of a likelihood task before the first one is scored: encoded, with an embedding for each token and room for
 * each choice. What does not fit is named with its line; the rest is scored from the ids that are made here.
 */

import { idProblem } from "@soft-tokens/app-common";
import { badRowsError, type ChoiceQuestion, type ChoiceTask, EvaluationError } from "@soft-tokens/evals";
import type { LanguageModel } from "@soft-tokens/model";
import { type EncodedQuestion, encodeChoices } from "./encode-choices.ts";

export interface CheckedChoices {
  /** The first `limit` questions, without those that do not fit. */
  readonly task: ChoiceTask;
  /** By the question's id. */
  readonly encoded: ReadonlyMap<string, EncodedQuestion>;
}

export interface CheckChoicesOptions {
  readonly file: string;
  /** Leave questions out that do not fit, instead of stopping. Not where none would be left. */
  readonly skipBad: boolean;
  readonly limit?: number | undefined;
}

/** @throws EvaluationError TASK_ROW_UNFIT, QUESTION_NOT_SCORABLE */
export function checkChoices(
  model: Pick<LanguageModel, "tokenizer" | "config">,
  task: ChoiceTask,
  { file, skipBad, limit }: CheckChoicesOptions,
): CheckedChoices {
  const encoded = new Map<string, EncodedQuestion>();
  const errors: EvaluationError[] = [];
  for (const question of task.questions.slice(0, limit)) {
    const made = encode(model, question, file);
    if (made instanceof EvaluationError) errors.push(made);
    else encoded.set(question.id, made);
  }
  if (errors.length > 0 && (!skipBad || encoded.size === 0)) throw badRowsError(errors, ADVICE);
  const questions = task.questions.filter(({ id }) => encoded.has(id));
  return { task: { ...task, questions, source: { ...task.source, unfit: errors.length } }, encoded };
}

const ADVICE = "Leave these rows out and count them with --skip-bad.";

function encode(
  model: Pick<LanguageModel, "tokenizer" | "config">,
  question: ChoiceQuestion,
  file: string,
): EncodedQuestion | EvaluationError {
  const at = question.line === undefined ? file : `${file}, line ${question.line}`;
  const place = { file, ...(question.line !== undefined && { line: question.line }) };
  try {
    const made = encodeChoices(model.tokenizer, question, model.config.maxPositions);
    const problem = idProblem(model, [made.contextIds, ...made.choiceIds].flat());
    if (problem === null) return made;
    return new EvaluationError("TASK_ROW_UNFIT", `${at}: question ${question.id} ${problem}`, place);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    return new EvaluationError(error.code, `${at}: ${error.message}`, { ...place, cause: error });
  }
}
