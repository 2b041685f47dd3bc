/**
 * Which item comes at which position of an endless shuffled stream. The order is a pure function of the key: nothing but
 * the position has to be stored to resume, and no two epochs have the same order.
 */

import type { RandomKey } from "@soft-tokens/tensor";

export interface DataOrder {
  /** The item at a position counted over all epochs, from 0. */
  at(position: number): number;
  /** `count` items from a position on; an epoch's end may fall between them. */
  slice(position: number, count: number): number[];
}

/** @throws RangeError when `size` is not a positive integer. */
export function createDataOrder(size: number, key: RandomKey): DataOrder {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new RangeError(`createDataOrder: wanted a positive number of items, got ${size}`);
  }
  let cached = { epoch: -1, order: [] as number[] };
  const at = (position: number): number => {
    const epoch = Math.floor(position / size);
    if (cached.epoch !== epoch) cached = { epoch, order: shuffled(size, key.fold("epoch", epoch)) };
    return cached.order[position % size] as number;
  };
  return {
    at,
    slice: (position, count) => Array.from({ length: count }, (_, offset) => at(position + offset)),
  };
}

/** A permutation of 0..size-1: items sorted by 64 random bits each. */
export function shuffled(size: number, key: RandomKey): number[] {
  const words = Array.from({ length: size }, (_, item) => key.fold(item).words);
  return words
    .map((_, item) => item)
    .sort((a, b) => {
      const [highA, lowA] = words[a] as readonly [number, number];
      const [highB, lowB] = words[b] as readonly [number, number];
      return highA - highB || lowA - lowB || a - b;
    });
}
