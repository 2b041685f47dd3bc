/**
 * Multiple choice by likelihood: which continuation of a context does the model find likeliest? Evaluation knows scoring
 * only as a function type: no backend, no model, no tokenizer.
 */

/** One question, as text that a model is given. */
export interface ChoiceQuestion {
  readonly id: string;
  /** What every choice continues. */
  readonly context: string;
  /** What is scored after the context, each with the space that separates it. At least two. */
  readonly choices: readonly string[];
  /** Index of the right choice. */
  readonly gold: number;
  /** The question alone, by which it is recognised in another file. */
  readonly text: string;
  /** What results are given by, apart from the whole: the subject of an MMLU question. */
  readonly group?: string;
  /** Of its row in the file, from 1; for messages. */
  readonly line?: number;
}

/** A continuation under the model. */
export interface ScoredChoice {
  /** How many tokens it is after the context. */
  readonly tokens: number;
  /** Sum of their log-probabilities, natural logarithm. */
  readonly logProb: number;
}

/** All choices of one question, in their order. */
export interface ScoredQuestion {
  readonly id: string;
  readonly choices: readonly ScoredChoice[];
  /** Tokens at the start of the context that the model had no room for. Defaults to 0. */
  readonly droppedTokens?: number;
}

/**
 * Scores every question, in any order; each list that comes is on disk before the next one is asked for.
 * The choices of a question come together.
 */
export type ScoreFunction = (
  questions: readonly ChoiceQuestion[],
  options: { readonly signal?: AbortSignal },
) => AsyncIterable<readonly ScoredQuestion[]>;
