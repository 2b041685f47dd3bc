/**
 * Reference decomposition of attention with grouped query heads and a prefix that several rows share.
 *
 * The scores against a prompt's keys are one product for all of its rows (no key is repeated), and one softmax spans
 * prefix and own keys. Axes as in contract.ts; J = N / K query heads per kv head, Z = keys of the prefix.
 */

import { type AttentionSizes, resolveAttention } from "../checks/fused.ts";
import type { Backend, Tensor } from "../contract.ts";
import type { AttentionArguments, SharedPrefix } from "./contract.ts";

export function attention(ops: Backend, options: AttentionArguments): Tensor {
  const sizes = resolveAttention(options);
  const { B, N, T, H, K, S } = sizes;
  return ops.tidy(() => {
    const query_BKMH = ops.reshape(options.query_BNTH, [B, K, (N / K) * T, H]);
    const own_BKMS = ops.matmul(query_BKMH, options.key_BKSH, { transposeB: true });
    let scores_BNTS = ops.affine(ops.cast(ops.reshape(own_BKMS, [B, N, T, S]), "float32"), {
      scale: options.scale,
    });
    if (options.mask) scores_BNTS = ops.add(scores_BNTS, options.mask);
    if (!options.prefix) {
      const weights_BNTS = ops.cast(ops.softmax(scores_BNTS), options.value_BKSH.dtype);
      return applyOwn(ops, weights_BNTS, options.value_BKSH, sizes);
    }
    const prefixScores_BNTZ = scorePrefix(ops, query_BKMH, options.prefix, options.scale, sizes);
    const Z = prefixScores_BNTZ.shape[3] as number;
    const weights = ops.cast(
      ops.softmax(ops.concat([prefixScores_BNTZ, scores_BNTS], -1)),
      options.value_BKSH.dtype,
    );
    const prefixWeights_BNTZ = ops.slice(weights, [0, 0, 0, 0], [B, N, T, Z]);
    const ownWeights_BNTS = ops.slice(weights, [0, 0, 0, Z], [B, N, T, S]);
    return ops.add(
      applyPrefix(ops, prefixWeights_BNTZ, options.prefix, sizes),
      applyOwn(ops, ownWeights_BNTS, options.value_BKSH, sizes),
    );
  });
}

function applyOwn(ops: Backend, weights_BNTS: Tensor, value_BKSH: Tensor, sizes: AttentionSizes): Tensor {
  const { B, N, T, H, K, S } = sizes;
  const weights_BKMS = ops.reshape(weights_BNTS, [B, K, (N / K) * T, S]);
  return ops.reshape(ops.matmul(weights_BKMS, value_BKSH), [B, N, T, H]);
}

function scorePrefix(
  ops: Backend,
  query_BKMH: Tensor,
  prefix: SharedPrefix,
  scale: number,
  sizes: AttentionSizes,
): Tensor {
  const { B, N, T } = sizes;
  const Z = prefix.key_PKSH.shape[2] as number;
  const scores_BKMZ = forEachPrompt(ops, query_BKMH, prefix, sizes, (rows, prompt) => {
    const key = ops.slice(prefix.key_PKSH, [prompt, 0, 0, 0], [1, -1, -1, -1]);
    const scores = ops.affine(ops.cast(ops.matmul(rows, key, { transposeB: true }), "float32"), { scale });
    if (!prefix.mask_PS) return scores;
    const mask = ops.reshape(ops.slice(prefix.mask_PS, [prompt, 0], [1, -1]), [1, 1, 1, Z]);
    return ops.add(scores, mask);
  });
  return ops.reshape(scores_BKMZ, [B, N, T, Z]);
}

function applyPrefix(
  ops: Backend,
  weights_BNTZ: Tensor,
  prefix: SharedPrefix,
  sizes: AttentionSizes,
): Tensor {
  const { B, N, T, H, K } = sizes;
  const Z = weights_BNTZ.shape[3] as number;
  const weights_BKMZ = ops.reshape(weights_BNTZ, [B, K, (N / K) * T, Z]);
  const result_BKMH = forEachPrompt(ops, weights_BKMZ, prefix, sizes, (rows, prompt) =>
    ops.matmul(rows, ops.slice(prefix.value_PKSH, [prompt, 0, 0, 0], [1, -1, -1, -1])),
  );
  return ops.reshape(result_BKMH, [B, N, T, H]);
}

/** Gives each prompt's rows as one [1, K, rows * M, X], so that the product is one matrix product per head, and undoes it. */
function forEachPrompt(
  ops: Backend,
  x_BKMX: Tensor,
  prefix: SharedPrefix,
  { K }: AttentionSizes,
  apply: (rows_1KRX: Tensor, prompt: number) => Tensor,
): Tensor {
  const [, , M = 0, X = 0] = x_BKMX.shape;
  const parts: Tensor[] = [];
  let begin = 0;
  prefix.rowsPerPrompt.forEach((rows, prompt) => {
    if (rows === 0) return;
    const part_RKMX = ops.slice(x_BKMX, [begin, 0, 0, 0], [rows, K, M, X]);
    begin += rows;
    const merged = ops.reshape(ops.transpose(part_RKMX, [1, 0, 2, 3]), [1, K, rows * M, X]);
    const result = apply(merged, prompt);
    const Y = result.shape[3] as number;
    parts.push(ops.transpose(ops.reshape(result, [K, rows, M, Y]), [1, 0, 2, 3]));
  });
  return parts.length === 1 ? (parts[0] as Tensor) : ops.concat(parts, 0);
}
