/**
 * Attention within whole rows: B sequences of T tokens, row by row, padded or not. It serves the plain forward pass,
 * prompts, whose keys and values it keeps, and rows behind prompts that have been computed.
 *
 * Axes: B rows, T tokens, M = B * T, N query heads, K kv heads, H head size.
 */

import { attention, type Backend, type SharedPrefix, type Tensor } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { Attend } from "./layer.ts";

export interface SequenceSizes {
  readonly B: number;
  readonly T: number;
}

/** `keepCache`: also give keys and values, [B, K, T, H] each. `prefix`: what the rows of a prompt see before their own. */
export function attendSequences(
  ops: Backend,
  config: ModelConfig,
  sizes: SequenceSizes,
  mask: Tensor,
  options: { readonly keepCache: boolean; readonly prefix?: SharedPrefix },
): Attend {
  return (query, key, value) => {
    const key_BKTH = unpack(ops, key, sizes);
    const value_BKTH = unpack(ops, value, sizes);
    const attended_BNTH = attention(ops, {
      query_BNTH: unpack(ops, query, sizes),
      key_BKSH: key_BKTH,
      value_BKSH: value_BKTH,
      mask,
      ...(options.prefix && { prefix: options.prefix }),
      scale: 1 / Math.sqrt(config.headSize),
    });
    const attended = pack(ops, attended_BNTH);
    return options.keepCache ? { attended, kept: [key_BKTH, value_BKTH] } : { attended };
  };
}

/** [B * T, heads, 1, H] -> [B, heads, T, H] */
export function unpack(ops: Backend, x_MN1H: Tensor, { B, T }: SequenceSizes): Tensor {
  const [, heads = 0, , H = 0] = x_MN1H.shape;
  if (T === 1) return ops.clone(x_MN1H);
  return ops.tidy(() => ops.transpose(ops.reshape(x_MN1H, [B, T, heads, H]), [0, 2, 1, 3]));
}

/** [B, N, T, H] -> [B * T, N * H] */
export function pack(ops: Backend, x_BNTH: Tensor): Tensor {
  const [B = 0, N = 0, T = 0, H = 0] = x_BNTH.shape;
  if (T === 1) return ops.reshape(x_BNTH, [B, N * H]);
  return ops.tidy(() => ops.reshape(ops.transpose(x_BNTH, [0, 2, 1, 3]), [B * T, N * H]));
}
