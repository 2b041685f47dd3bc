/**
 * Supervised examples as batches of token rows: shuffled by key and epoch, with neighbours in length together so that attention
 * pads little. A pure function of the step, like {@link createDataOrder}.
 *
 * An epoch's shuffled order is cut into windows of `lengthBucket` batches; a window is sorted by length, cut into batches, and
 * its batches shuffled again.
 */

import { encodeContinuation, encodePrompt, type LanguageModel } from "@soft-tokens/model";
import type { RandomKey } from "@soft-tokens/tensor";
import type { SupervisedExample, SupervisedSource } from "./contract.ts";
import { createDataOrder, shuffled } from "./data-order.ts";
import { TrainerError } from "./errors.ts";
import type { TrainingRow } from "./training-row.ts";

/** Prompt and completion as token ids; only the completion carries loss. */
export interface TokenizedExample {
  readonly promptIds: readonly number[];
  readonly completionIds: readonly number[];
}

export interface ExampleBatchSettings {
  readonly batchSize: number;
  readonly lengthBucket: number;
}

export interface ExampleBatches {
  /** Examples of a step, counted from 1. */
  at(step: number): TokenizedExample[];
  /** Examples drawn before the end of a step, over all epochs. */
  positionAfter(step: number): number;
}

export function createExampleBatches(
  source: SupervisedSource,
  tokenize: (example: SupervisedExample, index: number) => TokenizedExample,
  settings: ExampleBatchSettings,
  key: RandomKey,
): ExampleBatches {
  const { batchSize, lengthBucket } = settings;
  const order = createDataOrder(source.size, key);
  const batchesPerEpoch = Math.ceil(source.size / batchSize);
  const cache = new Map<number, TokenizedExample>();
  let window = { id: "", batches: [] as TokenizedExample[][] };

  const example = (index: number): TokenizedExample => {
    const known = cache.get(index) ?? tokenize(source.get(index), index);
    cache.set(index, known);
    return known;
  };
  const openWindow = (epoch: number, index: number): TokenizedExample[][] => {
    const begin = index * lengthBucket * batchSize;
    const count = Math.min(lengthBucket * batchSize, source.size - begin);
    const sorted = order
      .slice(epoch * source.size + begin, count)
      .map(example)
      .toSorted((a, b) => length(a) - length(b));
    const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, batch) =>
      sorted.slice(batch * batchSize, (batch + 1) * batchSize),
    );
    return shuffled(batches.length, key.fold("window", epoch, index)).map(
      (at) => batches[at] as TokenizedExample[],
    );
  };
  return {
    at(step) {
      const epoch = Math.floor((step - 1) / batchesPerEpoch);
      const batch = (step - 1) % batchesPerEpoch;
      const index = Math.floor(batch / lengthBucket);
      const id = `${epoch}/${index}`;
      if (window.id !== id) window = { id, batches: openWindow(epoch, index) };
      return window.batches[batch % lengthBucket] as TokenizedExample[];
    },
    positionAfter(step) {
      const epoch = Math.floor(step / batchesPerEpoch);
      return epoch * source.size + (step % batchesPerEpoch) * batchSize;
    },
  };
}

/** The completion continues the prompt: it gets no special tokens of its own but the end, and no space that it does not have. @throws INVALID_EXAMPLE */
export function tokenizeExample(
  model: LanguageModel,
  { prompt, completion }: SupervisedExample,
  options: { readonly index: number; readonly appendEndOfSequence: boolean },
): TokenizedExample {
  const { tokenizer, config } = model;
  const promptIds = encodePrompt(tokenizer, prompt);
  const [eosTokenId] = tokenizer.eosTokenIds;
  const invalid = (why: string) =>
    new TrainerError("INVALID_EXAMPLE", `supervised example ${options.index}: ${why}`);
  if (options.appendEndOfSequence && eosTokenId === undefined) {
    throw invalid("the tokenizer has no end-of-sequence token; set appendEndOfSequence to false");
  }
  const completionIds = [
    ...encodeContinuation(tokenizer, prompt, completion),
    ...(options.appendEndOfSequence ? [eosTokenId as number] : []),
  ];
  if (promptIds.length === 0) throw invalid("the prompt has no token");
  if (completionIds.length === 0) throw invalid("the completion has no token");
  const total = promptIds.length + completionIds.length;
  if (total > config.maxPositions) {
    throw invalid(`${total} tokens are more than the model's ${config.maxPositions} positions`);
  }
  return { promptIds, completionIds };
}

export function rowOfExample(
  example: TokenizedExample,
  promptIndex: number,
  coefficient: number,
): TrainingRow {
  return {
    promptIndex,
    promptIds: example.promptIds,
    thoughtIds: [],
    thoughts: null,
    forcedIds: [],
    answerIds: example.completionIds,
    coefficient,
  };
}

function length({ promptIds, completionIds }: TokenizedExample): number {
  return promptIds.length + completionIds.length;
}
