/**
 * Sequences of unequal lengths: packed one behind the other, as the layers see them, and padded to the longest, as attention
 * does. Linear layers compute no padding.
 *
 * Padding stands behind the tokens of its sequence, where none of them sees it, and is a copy of the first of them: finite,
 * and without gradient, since nothing is taken back from there. So a token has the same keys in the same order either way.
 *
 * Axes: M packed tokens, W padded places, P sequences, D hidden.
 */

import type { Backend, Tensor, TensorScope } from "@soft-tokens/tensor";
import type { AttentionPlan } from "./stack.ts";

/** Tokens of each sequence, at least one. */
type Lengths = readonly number[];

/** Indices between the two. */
interface Packing {
  /** The token that stands at each place, [W]. */
  readonly tokens_W: Int32Array;
  /** The place of each token, [M]. */
  readonly places_M: Int32Array;
}

/**
 * `plan` speaks of padded sequences; this is the same one for packed tokens. `batches` stand one behind the other, each padded to its
 * own longest. Where that is no padding at all the plan stays as it is. Tensors go to `scope`.
 */
export function forPacked(
  ops: Backend,
  plan: AttentionPlan,
  batches: readonly Lengths[],
  scope: TensorScope,
): AttentionPlan {
  const packing = packingOf(batches);
  if (!packing) return plan;
  const [cos, sin, ...masks] = plan.constants;
  const indices = [packing.tokens_W, packing.places_M].map((index) =>
    scope.track(ops.tensor(index, [index.length], "int32")),
  );
  return {
    ...plan,
    constants: [cos, sin, ...indices, ...masks],
    attend: ([tokens_W, places_M, ...own], given) => {
      const attend = plan.attend(own, given);
      const spread = (x_MN1H: Tensor) => ops.takeRows(x_MN1H, tokens_W as Tensor);
      return (query, key, value) => {
        const { attended, kept = [] } = attend(spread(query), spread(key), spread(value));
        return { attended: ops.takeRows(attended, places_M as Tensor), kept };
      };
    },
  };
}

/** Null where no sequence is shorter than another of its batch. */
function packingOf(batches: readonly Lengths[]): Packing | null {
  if (batches.every((lengths) => lengths.every((length) => length === lengths[0]))) return null;
  const tokens: number[] = [];
  const places: number[] = [];
  for (const lengths of batches) {
    const longest = longestOf(lengths);
    for (const length of lengths) {
      const first = places.length;
      for (let at = 0; at < length; at++) {
        places.push(tokens.length);
        tokens.push(first + at);
      }
      for (let at = length; at < longest; at++) tokens.push(first);
    }
  }
  return { tokens_W: Int32Array.from(tokens), places_M: Int32Array.from(places) };
}

export function longestOf(lengths: readonly number[]): number {
  return lengths.reduce((longest, length) => Math.max(longest, length), 0);
}

/** Last token of each of P packed sequences, which are the first of M tokens: [M, D] -> [P, D]. The caller owns the result. */
export function lastTokens(ops: Backend, packed_MD: Tensor, lengths: Lengths): Tensor {
  let end = 0;
  const last = lengths.map((length) => {
    end += length;
    return end - 1;
  });
  return ops.tidy(() => ops.takeRows(packed_MD, ops.tensor(Int32Array.from(last), [last.length], "int32")));
}
