/**
 * Multiple-choice text -> token ids, as lm-evaluation-harness splits them: context and choice are encoded together, and what
 * follows the context's own number of tokens is the choice (`_encode_pair` in lm_eval/api/model.py). All choices of a question
 * therefore continue the same ids.
 */

import { type ChoiceQuestion, EvaluationError, moveTrailingSpace } from "@soft-tokens/evals";
import { cutText } from "@soft-tokens/graders";
import { encodePrompt, type Tokenizer } from "@soft-tokens/model";

export interface EncodedQuestion {
  readonly id: string;
  readonly contextIds: readonly number[];
  /** At least one id each. */
  readonly choiceIds: readonly (readonly number[])[];
  /** Left out at the start of the context, because the model has no more positions. */
  readonly droppedTokens: number;
}

/** @throws EvaluationError QUESTION_NOT_SCORABLE when a choice adds no token, or alone is longer than the model's positions */
export function encodeChoices(
  tokenizer: Pick<Tokenizer, "encode">,
  { id, context, choices }: ChoiceQuestion,
  maxPositions: number,
): EncodedQuestion {
  const whole = encodePrompt(tokenizer, moveTrailingSpace(context, "").context);
  const choiceIds = choices.map((text, index) => {
    const moved = moveTrailingSpace(context, text);
    const ids = encodePrompt(tokenizer, moved.context + moved.choice).slice(whole.length);
    if (ids.length === 0) {
      throw new EvaluationError(
        "QUESTION_NOT_SCORABLE",
        `question ${id}: choice ${index + 1} adds no token to its context; the model's tokenizer leaves out ${JSON.stringify(cutText(text, 60))}`,
      );
    }
    return ids;
  });
  // The last token of a choice is never fed.
  const excess = whole.length + Math.max(...choiceIds.map((ids) => ids.length)) - 1 - maxPositions;
  const droppedTokens = Math.max(0, excess);
  if (droppedTokens >= whole.length) {
    throw new EvaluationError(
      "QUESTION_NOT_SCORABLE",
      `question ${id}: a choice leaves no room for its context in ${maxPositions} positions`,
    );
  }
  return { id, contextIds: whole.slice(droppedTokens), choiceIds, droppedTokens };
}
