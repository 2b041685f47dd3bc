/**
 * Supervised examples as token ids, with everything that would stop a run when their turn comes: an example without tokens, one
 * that is longer than the model, an id that is no row of the embeddings. All of them are known before the first step.
 */

import { encodePair, type LanguageModel } from "@soft-tokens/model";
import type { SupervisedExample, SupervisedSource, TokenizedExample } from "./contract.ts";
import { TrainerError } from "./errors.ts";

export interface EncodeOptions {
  /** End every completion with the model's first end-of-sequence token. */
  readonly appendEndOfSequence: boolean;
}

/** An example that cannot be learned from. */
export interface ExampleProblem {
  /** Of the example in its source, from 0. */
  readonly index: number;
  /** Which text of it; null: both together. */
  readonly part: "prompt" | "completion" | null;
  readonly message: string;
}

export interface EncodedExamples {
  /** In the order of the source, without those that have a problem. */
  readonly examples: TokenizedExample[];
  readonly problems: ExampleProblem[];
}

/** @throws INVALID_END_TOKEN when completions have to end with a token that the model does not have */
export function encodeExamples(
  model: LanguageModel,
  source: SupervisedSource,
  options: EncodeOptions,
): EncodedExamples {
  refuseEndToken(model, options);
  const encoded: EncodedExamples = { examples: [], problems: [] };
  for (let index = 0; index < source.size; index++) {
    const example = tokens(model, source.get(index), options);
    const problem = problemOf(model, example, options);
    if (problem) encoded.problems.push({ index, ...problem });
    else encoded.examples.push(example);
  }
  return encoded;
}

/** {@link encodeExamples} where all have to be good. @throws INVALID_EXAMPLE naming the first few, INVALID_END_TOKEN */
export function encodeAllExamples(
  model: LanguageModel,
  source: SupervisedSource,
  options: EncodeOptions,
): readonly TokenizedExample[] {
  const { examples, problems } = encodeExamples(model, source, options);
  if (problems.length === 0) return examples;
  const shown = problems.slice(0, SHOWN).map(({ index, part, message }) => {
    return `example ${index}: ${part === null ? "" : `the ${part} `}${message}`;
  });
  const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : "";
  throw new TrainerError(
    "INVALID_EXAMPLE",
    `supervised ${shown.join("; ")}${more} (of ${source.size}, counted from 0)`,
  );
}

/** How many bad examples a message shows. */
const SHOWN = 3;

function tokens(
  model: LanguageModel,
  example: SupervisedExample | TokenizedExample,
  options: EncodeOptions,
): TokenizedExample {
  return "promptIds" in example ? example : tokenizeExample(model, example, options);
}

/** The completion continues the prompt: it gets no special tokens of its own but the end, and no space that it does not have. */
export function tokenizeExample(
  model: LanguageModel,
  { prompt, completion }: SupervisedExample,
  { appendEndOfSequence }: EncodeOptions,
): TokenizedExample {
  const { tokenizer } = model;
  const { promptIds, textIds: ownIds } = encodePair(tokenizer, prompt, completion);
  const [end] = tokenizer.eosTokenIds;
  // A completion that is written with its end has it once.
  const isEnded = end !== undefined && ownIds.at(-1) === end;
  const endIds = appendEndOfSequence && end !== undefined && !isEnded ? [end] : [];
  return { promptIds, completionIds: [...ownIds, ...endIds] };
}

function problemOf(
  model: LanguageModel,
  { promptIds, completionIds }: TokenizedExample,
  { appendEndOfSequence }: EncodeOptions,
): Omit<ExampleProblem, "index"> | null {
  const { vocabularySize, maxPositions } = model.config;
  for (const [part, ids] of [
    ["prompt", promptIds],
    ["completion", completionIds],
  ] as const) {
    const own = part === "completion" && appendEndOfSequence ? ids.length - 1 : ids.length;
    if (own <= 0) return { part, message: "has no token" };
    const outside = ids.find((id) => !(id >= 0 && id < vocabularySize));
    if (outside !== undefined)
      return { part, message: `cannot be embedded: token ${idOutside(model, outside)}` };
  }
  const total = promptIds.length + completionIds.length;
  if (total <= maxPositions) return null;
  return {
    part: null,
    message: `${total} tokens (prompt ${promptIds.length}, completion ${completionIds.length}) are more than the model's ${maxPositions} positions`,
  };
}

function refuseEndToken(model: LanguageModel, { appendEndOfSequence }: EncodeOptions): void {
  if (!appendEndOfSequence) return;
  const [id] = model.tokenizer.eosTokenIds;
  if (id !== undefined && id < model.config.vocabularySize) return;
  throw new TrainerError(
    "INVALID_END_TOKEN",
    `${
      id === undefined ? "the tokenizer has no end-of-sequence token" : `eos_token ${idOutside(model, id)}`
    }; completions cannot end with it. Set appendEndOfSequence to false (--no-append-end-of-sequence), or mend the model's files`,
  );
}

/** "<|end|> is id 265, the model has 265 embeddings" */
function idOutside({ tokenizer, config }: LanguageModel, id: number): string {
  const text = tokenizer.decode([id], { keepSpecialTokens: true });
  return `${text} is id ${id}, the model has ${config.vocabularySize} embeddings`;
}
