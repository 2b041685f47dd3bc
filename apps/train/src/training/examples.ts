/**
 * Examples for supervised fine-tuning: rows that already are (prompt, completion), or solved problems, which become the
 * paper's form: prompt template + reasoning + ` The final answer is: \boxed{ANSWER}`. Rows are read by the reader of
 * training by reward and of evaluation.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { createProgress, findData } from "@soft-tokens/app-common";
import {
  badRowsError,
  EvaluationError,
  loadSolved,
  type ReadyPair,
  renderPrompt,
  type SolvedQuestion,
  type SolvedSource,
} from "@soft-tokens/evals";
import type { LanguageModel } from "@soft-tokens/model";
import {
  type ExampleProblem,
  encodeExamples,
  type SupervisedExample,
  type TokenizedExample,
} from "@soft-tokens/trainer";

export interface ExamplesOptions {
  readonly data: string;
  readonly limit?: number | undefined;
  readonly promptTemplate: string;
  /** Leave rows out that cannot be used, instead of stopping. Defaults to `false`. */
  readonly skipBad?: boolean;
}

export interface LoadedExamples {
  readonly examples: readonly SupervisedExample[];
  /** Line of each example in its file, from 1. */
  readonly lines: readonly number[];
  /** As it was given, for messages. */
  readonly file: string;
  readonly source: SolvedSource;
  /** Problems whose rows have an answer and no solution: nothing but the answer is learned from them. */
  readonly withoutReasoning: number;
}

/** @throws UsageError for an unknown file; EvaluationError that names file, line and field of rows that cannot be used */
export async function loadExamples(options: ExamplesOptions): Promise<LoadedExamples> {
  const file = findData({ data: options.data, split: "train" });
  const { rows, source } = await loadSolved({
    file,
    limit: options.limit,
    badRows: options.skipBad ? "skip" : "error",
  });
  const read = rows.map((row) => ("prompt" in row ? pair(row) : solved(row, options.promptTemplate)));
  return {
    examples: read.map(({ prompt, completion }) => ({ prompt, completion })),
    lines: rows.map(({ line }) => line ?? 0),
    file,
    source,
    withoutReasoning: read.filter(({ hasReasoning }) => !hasReasoning).length,
  };
}

/** Token ids of all examples that the model can learn from, and how many were left out. */
export interface FittedExamples {
  readonly examples: readonly TokenizedExample[];
  readonly unfit: number;
}

/**
 * Encodes every example before the first step, so that none ends a run when its turn comes.
 * @throws EvaluationError TASK_ROW_UNFIT for rows too long for the model, or with tokens that it has no embedding for;
 *   TrainerError INVALID_END_TOKEN; the signal's reason
 */
export async function fitExamples(
  model: LanguageModel,
  { examples, lines, file }: LoadedExamples,
  { skipBad, appendEndOfSequence, signal }: FitOptions,
): Promise<FittedExamples> {
  const progress = createProgress("checking", "example");
  const good: TokenizedExample[] = [];
  const errors: EvaluationError[] = [];
  for (let begin = 0; begin < examples.length; begin += EXAMPLES_AT_ONCE) {
    await yieldToEventLoop();
    signal.throwIfAborted();
    if (begin >= SHOWN_FROM) progress.update(begin, examples.length);
    const part = examples.slice(begin, begin + EXAMPLES_AT_ONCE);
    const source = { size: part.length, get: (index: number) => part[index] as SupervisedExample };
    const encoded = encodeExamples(model, source, { appendEndOfSequence });
    good.push(...encoded.examples);
    for (const problem of encoded.problems) {
      errors.push(unfit(problem, file, lines[begin + problem.index] as number));
    }
  }
  progress.finish();
  if (errors.length > 0 && (!skipBad || good.length === 0)) throw badRowsError(errors, ADVICE);
  return { examples: good, unfit: errors.length };
}

export interface FitOptions {
  readonly appendEndOfSequence: boolean;
  readonly skipBad: boolean;
  readonly signal: AbortSignal;
}

/** Examples encoded between two looks at signals, and from how many on a person is told how far it is. */
const EXAMPLES_AT_ONCE = 64;
const SHOWN_FROM = 1024;

function unfit({ part, message }: ExampleProblem, file: string, line: number): EvaluationError {
  const place = `${file}, line ${line}: ${part === null ? "" : `the ${part} `}`;
  const details = { file, line, ...(part !== null && { field: part }) };
  return new EvaluationError("TASK_ROW_UNFIT", place + message, details);
}

const ADVICE = "Shorten or remove these rows, or leave them out and count them with --skip-bad.";

function pair({ prompt, completion }: ReadyPair) {
  return { prompt, completion, hasReasoning: true };
}

function solved({ question, answer, solution }: SolvedQuestion, template: string) {
  const reasoning = solution === null ? "" : reasoningOf(solution);
  const completion = `${reasoning === "" ? "" : ` ${reasoning}`} The final answer is: \\boxed{${answer}}`;
  return { prompt: renderPrompt(question, template), completion, hasReasoning: reasoning !== "" };
}

/** A worked solution as one line, without a last sentence that is ours. A box alone is no reasoning. */
function reasoningOf(solution: string): string {
  const line = solution.replace(/\s+/g, " ").trim();
  const reasoning = line.replace(/\s*The final answer is:?\s*\$?\\boxed\{[^{}]*\}\$?\.?$/, "");
  return /^[\s$.]*\\(?:boxed|fbox)\s*(?:\{[^{}]*\}|\S+)[\s$.]*$/.test(reasoning) ? "" : reasoning;
}
