/** Prompt templates: one string with the word QUESTION where the question goes. No chat templates here. */

import { EvaluationError } from "../errors.ts";

/** The placeholder of a template. */
export const QUESTION_PLACEHOLDER = "QUESTION";

/** The paper's prompt, the same for every model family (arXiv:2509.19170; method.md section 4). */
export const PAPER_TEMPLATE =
  "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. " +
  "The assistant first shows the complete reasoning process step by step, then provides the final answer in \\boxed{}. " +
  "The assistant must always follow the format: 'User: [question] Assistant: [detailed reasoning] " +
  "The final answer is: \\boxed{[answer]}.' User: QUESTION Assistant:";

/** Puts a question into a template. @throws EvaluationError INVALID_TEMPLATE */
export function renderPrompt(question: string, template: string = PAPER_TEMPLATE): string {
  const parts = template.split(QUESTION_PLACEHOLDER);
  if (parts.length !== 2) {
    throw new EvaluationError(
      "INVALID_TEMPLATE",
      `prompt template: wanted the word ${QUESTION_PLACEHOLDER} exactly once, got it ${parts.length - 1} times`,
    );
  }
  return parts.join(question); // no replace(): a `$&` in a question must stay as it is
}
