/**
 * Supervised examples as batches of token rows: shuffled by key and epoch, with neighbours in length together so that attention
 * pads little. A pure function of the step, like {@link createDataOrder}.
 *
 * An epoch's shuffled order is cut into windows of `lengthBucket` batches; a window is sorted by length, cut into batches, and
 * its batches shuffled again.
 */

import type { RandomKey } from "@soft-tokens/tensor";
import type { TokenizedExample } from "./contract.ts";
import { createDataOrder, shuffled } from "./data-order.ts";
import type { TrainingRow } from "./training-row.ts";

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
  examples: readonly TokenizedExample[],
  settings: ExampleBatchSettings,
  key: RandomKey,
): ExampleBatches {
  const { batchSize, lengthBucket } = settings;
  const size = examples.length;
  const order = createDataOrder(size, key);
  const batchesPerEpoch = Math.ceil(size / batchSize);
  let window = { id: "", batches: [] as TokenizedExample[][] };

  const openWindow = (epoch: number, index: number): TokenizedExample[][] => {
    const begin = index * lengthBucket * batchSize;
    const count = Math.min(lengthBucket * batchSize, size - begin);
    const sorted = order
      .slice(epoch * size + begin, count)
      .map((index) => examples[index] as TokenizedExample)
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
      return epoch * size + (step % batchesPerEpoch) * batchSize;
    },
  };
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
