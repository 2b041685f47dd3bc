/**
 * Every prompt of a run before its first step: whether the model has an embedding for each of its tokens, and positions for
 * prompt, thought, forced text and answer together. What does not fit is named with its line, not met in the middle of a run.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { badRowsError, EvaluationError, type Question, renderPrompt } from "@soft-tokens/evals";
import { encodePrompt, type LanguageModel } from "@soft-tokens/model";
import { mostForcedTokens } from "@soft-tokens/sampler";
import { createProgress } from "./progress.ts";

export interface PromptLimits {
  readonly template: string;
  /** Most steps of a thought. */
  readonly maxThoughtSteps: number;
  readonly maxAnswerTokens: number;
  /** Text that ends a thought, and text that is forced after it. */
  readonly stopString: string;
  readonly answerPrefix: string;
}

export interface CheckPromptsOptions {
  /** As it was given, for messages. */
  readonly file: string;
  /** Leave questions out that do not fit, instead of stopping. Not where none would be left. */
  readonly skipBad: boolean;
  readonly signal?: AbortSignal;
}

export interface CheckedPrompts {
  /** In the order that they came in. */
  readonly questions: readonly Question[];
  /** Questions that were left out. */
  readonly unfit: number;
  /** Most thought steps that every question leaves room for. */
  readonly room: number;
}

/** Prompts encoded between two looks at signals. */
const PROMPTS_AT_ONCE = 64;

/** @throws EvaluationError TASK_ROW_UNFIT for one bad prompt or all of them; the signal's reason */
export async function checkPrompts(
  model: LanguageModel,
  questions: readonly Question[],
  limits: PromptLimits,
  { file, skipBad, signal }: CheckPromptsOptions,
): Promise<CheckedPrompts> {
  const { maxPositions } = model.config;
  const forced = mostForcedTokens(model, limits);
  const needed = limits.maxThoughtSteps + forced + limits.maxAnswerTokens;
  const progress = createProgress("checking", "prompt");
  const errors: EvaluationError[] = [];
  const good: Question[] = [];
  let longest = 0;
  let longestBad = 0;
  for (const [index, question] of questions.entries()) {
    if (index % PROMPTS_AT_ONCE === 0) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      if (index > 0 && questions.length > SHOWN_FROM) progress.update(index, questions.length, "");
    }
    const ids = encodePrompt(model.tokenizer, renderPrompt(question.question, limits.template));
    const message =
      idProblem(model, ids) ??
      (ids.length + needed > maxPositions
        ? `has ${ids.length} tokens; with a thought of ${limits.maxThoughtSteps}, up to ${forced} forced tokens and an answer of ${limits.maxAnswerTokens} that exceeds the model's ${maxPositions} positions`
        : null);
    if (message === null) {
      good.push(question);
      longest = Math.max(longest, ids.length);
    } else {
      longestBad = Math.max(longestBad, ids.length);
      errors.push(unfit(question, file, message));
    }
  }
  progress.finish();
  if (errors.length > 0 && (!skipBad || good.length === 0)) {
    throw badRowsError(errors, advice(maxPositions - longestBad - forced - limits.maxAnswerTokens, limits));
  }
  const room = maxPositions - longest - forced - limits.maxAnswerTokens;
  return { questions: good, unfit: errors.length, room };
}

/** Fewer prompts are checked before a person would look. */
const SHOWN_FROM = 1000;

function unfit({ id, line }: Question, file: string, message: string): EvaluationError {
  const place = line === undefined ? `${file}, problem ${id}` : `${file}, line ${line} (problem ${id})`;
  return new EvaluationError("TASK_ROW_UNFIT", `${place}: the prompt ${message}`, {
    file,
    ...(line !== undefined && { line }),
  });
}

function advice(room: number, { maxThoughtSteps }: PromptLimits): string {
  const shorter =
    room > 0 && room < maxThoughtSteps
      ? `Use --max-thought-steps ${room} or less`
      : "Use shorter problems or a shorter --prompt-template";
  return `${shorter}, or leave these rows out and count them with --skip-bad.`;
}

/** Why the model cannot read the ids; null where it can. */
export function idProblem(
  { tokenizer, config }: Pick<LanguageModel, "tokenizer" | "config">,
  ids: readonly number[],
): string | null {
  if (ids.length === 0) return "has no token";
  const outside = ids.find((id) => !(id >= 0 && id < config.vocabularySize));
  if (outside === undefined) return null;
  const text = tokenizer.decode([outside], { keepSpecialTokens: true });
  return `cannot be embedded: token ${text} is id ${outside}, the model has ${config.vocabularySize} embeddings`;
}
