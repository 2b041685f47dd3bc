/**
 * The keys of a prompt's samples. Noise belongs to a sample, not to its place in a batch: the engine folds a sample's key
 * with ("thought", t) and ("answer", t) only, so resuming, rebatching and sharding give the same sample.
 */

import type { RandomKey } from "@soft-tokens/tensor";

/** `key.fold("rollout", step, promptIndex, sampleIndex)` for sample indexes 0 to `count - 1`. */
export function sampleKeys(
  key: RandomKey,
  position: { readonly step: number; readonly promptIndex: number },
  count: number,
): RandomKey[] {
  return Array.from({ length: count }, (_, sampleIndex) =>
    key.fold("rollout", position.step, position.promptIndex, sampleIndex),
  );
}
