/**
 * One decoder layer on packed tokens: norm, attention, norm, gated MLP, each added to the stream. It knows nothing of
 * batches, caches or padding: `attend` does, so the same lines serve training, prefill and decoding.
 *
 * Axes: M tokens in any packing, D hidden, F ffn, N query heads, K kv heads, H head size.
 */

import { type Backend, type FloatDType, gatedMlp, rmsNorm, rotary, type Tensor } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";
import type { LayerParameters } from "./parameters.ts";

/** cos and sin of each token's position, [M, 1, 1, H]. */
export interface Rotation {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/**
 * Attention of packed tokens, q [M, N, 1, H], k and v [M, K, 1, H] -> [M, N * H]. `kept` are tensors that must outlive
 * the layer, such as a cache.
 */
export type Attend = (
  query_MN1H: Tensor,
  key_MK1H: Tensor,
  value_MK1H: Tensor,
) => { readonly attended: Tensor; readonly kept?: readonly Tensor[] };

export interface LayerResult {
  readonly hidden_MD: Tensor;
  readonly kept: readonly Tensor[];
}

/** x float32 [M, D] -> float32 [M, D]. The caller owns the result and what was kept. */
export function runLayer(
  ops: Backend,
  config: ModelConfig,
  parameters: LayerParameters,
  x_MD: Tensor,
  rotation: Rotation,
  attend: Attend,
): LayerResult {
  const { queryHeads: N, kvHeads: K, headSize: H } = config;
  const epsilon = config.normEpsilon;
  const M = x_MD.shape[0] as number;
  return ops.tidy(() => {
    const normed_MD = rmsNorm(ops, x_MD, parameters.inputNorm_D, { epsilon });
    // Queries and keys are rounded once, after their rotation.
    let query = ops.reshape(projectWide(ops, normed_MD, parameters.query, parameters.queryBias), [
      M,
      N,
      1,
      H,
    ]);
    let key = ops.reshape(projectWide(ops, normed_MD, parameters.key, parameters.keyBias), [M, K, 1, H]);
    const value = ops.reshape(project(ops, normed_MD, parameters.value, parameters.valueBias), [M, K, 1, H]);
    if (parameters.queryNorm_H) query = rmsNorm(ops, query, parameters.queryNorm_H, { epsilon });
    if (parameters.keyNorm_H) key = rmsNorm(ops, key, parameters.keyNorm_H, { epsilon });
    query = like(ops, rotary(ops, query, rotation.cos, rotation.sin), value);
    key = like(ops, rotary(ops, key, rotation.cos, rotation.sin), value);

    const { attended, kept = [] } = attend(query, key, value);
    const stream_MD = ops.add(x_MD, projectWide(ops, attended, parameters.output, parameters.outputBias));
    const mlpInput_MD = rmsNorm(ops, stream_MD, parameters.mlpNorm_D, { epsilon });
    return { hidden_MD: ops.add(stream_MD, runMlp(ops, mlpInput_MD, parameters)), kept };
  });
}

/** The stream is float32 whatever the weights are: rounding it, or what is added to it, is most of what bfloat16 costs. */
const WIDE = { outputDtype: "float32" } as const;

function projectWide(ops: Backend, x_MD: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const product = ops.matmul(x_MD, weight, WIDE);
  return bias ? ops.add(product, ops.cast(bias, "float32")) : product;
}

function project(ops: Backend, x_MD: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const product = ops.matmul(x_MD, weight);
  return bias ? ops.add(product, bias) : product;
}

/** In the dtype of `model`. */
function like(ops: Backend, x: Tensor, model: Tensor): Tensor {
  return x.dtype === model.dtype ? x : ops.cast(x, model.dtype as FloatDType);
}

function runMlp(ops: Backend, x_MD: Tensor, parameters: LayerParameters): Tensor {
  const { gate_DF, up_DF, down_FD, gateBias, upBias, downBias } = parameters;
  if (!gateBias) return gatedMlp(ops, x_MD, gate_DF, up_DF, down_FD, WIDE);
  const gate_MF = ops.silu(project(ops, x_MD, gate_DF, gateBias));
  const up_MF = project(ops, x_MD, up_DF, upBias);
  return projectWide(ops, ops.multiply(gate_MF, up_MF), down_FD, downBias);
}
