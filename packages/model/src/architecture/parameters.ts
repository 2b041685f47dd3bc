/**
 * Which tensors a model has, under which Hugging Face names and in which shapes; and the ones of one layer as a record.
 *
 * Files hold a linear layer as [out, in]; in memory it is [in, out], in which every backend is fast. The language head
 * `lm_head.weight` is no such layer: it stays [V, D] like the embedding, because the head operations want it so.
 * Axes: V vocabulary, D hidden, F ffn, N query heads, K kv heads, H head size.
 */

import type { Tensor } from "@soft-tokens/tensor";
import type { ModelConfig } from "../config/config.ts";

export const EMBEDDING = "model.embed_tokens.weight";
export const FINAL_NORM = "model.norm.weight";
export const HEAD = "lm_head.weight";

export interface ParameterSpec {
  /** Hugging Face name. */
  readonly name: string;
  /** Shape in a file. */
  readonly fileShape: readonly number[];
  /** A linear layer: [out, in] in a file, [in, out] in memory. */
  readonly isTransposed: boolean;
  /** How a fresh model begins: at random, ones, or zeros. */
  readonly start: "normal" | "ones" | "zeros";
}

/** Shape of a parameter in memory. */
export function memoryShape(spec: ParameterSpec): readonly number[] {
  return spec.isTransposed ? [...spec.fileShape].reverse() : spec.fileShape;
}

/** Every parameter once, in the order of the computation. */
export function parameterSpecs(config: ModelConfig): ParameterSpec[] {
  const { vocabularySize: V, hiddenSize: D } = config;
  const specs = [matrix(EMBEDDING, V, D)];
  for (let layer = 0; layer < config.layers; layer++) specs.push(...layerSpecs(config, layer));
  specs.push(norm(FINAL_NORM, D));
  if (!config.tiedHead) specs.push(matrix(HEAD, V, D));
  return specs;
}

/** The parameters of one layer, with their biases and norms where the model has them. */
export interface LayerParameters {
  readonly inputNorm_D: Tensor;
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  readonly output: Tensor;
  readonly queryBias?: Tensor;
  readonly keyBias?: Tensor;
  readonly valueBias?: Tensor;
  readonly outputBias?: Tensor;
  readonly queryNorm_H?: Tensor;
  readonly keyNorm_H?: Tensor;
  readonly mlpNorm_D: Tensor;
  readonly gate_DF: Tensor;
  readonly up_DF: Tensor;
  readonly down_FD: Tensor;
  readonly gateBias?: Tensor;
  readonly upBias?: Tensor;
  readonly downBias?: Tensor;
}

/** Picks one layer's tensors out of all. */
export function layerParameters(
  parameters: ReadonlyMap<string, Tensor>,
  config: ModelConfig,
  layer: number,
): LayerParameters {
  const get = (suffix: string): Tensor => {
    const tensor = parameters.get(`model.layers.${layer}.${suffix}`);
    if (!tensor) throw new RangeError(`model: layer ${layer} has no ${suffix}`);
    return tensor;
  };
  return {
    inputNorm_D: get("input_layernorm.weight"),
    query: get("self_attn.q_proj.weight"),
    key: get("self_attn.k_proj.weight"),
    value: get("self_attn.v_proj.weight"),
    output: get("self_attn.o_proj.weight"),
    ...(config.qkvBias && {
      queryBias: get("self_attn.q_proj.bias"),
      keyBias: get("self_attn.k_proj.bias"),
      valueBias: get("self_attn.v_proj.bias"),
    }),
    ...(config.outputBias && { outputBias: get("self_attn.o_proj.bias") }),
    ...(config.qkNorm && {
      queryNorm_H: get("self_attn.q_norm.weight"),
      keyNorm_H: get("self_attn.k_norm.weight"),
    }),
    mlpNorm_D: get("post_attention_layernorm.weight"),
    gate_DF: get("mlp.gate_proj.weight"),
    up_DF: get("mlp.up_proj.weight"),
    down_FD: get("mlp.down_proj.weight"),
    ...(config.mlpBias && {
      gateBias: get("mlp.gate_proj.bias"),
      upBias: get("mlp.up_proj.bias"),
      downBias: get("mlp.down_proj.bias"),
    }),
  };
}

function layerSpecs(config: ModelConfig, layer: number): ParameterSpec[] {
  const { hiddenSize: D, ffnSize: F, queryHeads: N, kvHeads: K, headSize: H } = config;
  const at = (suffix: string) => `model.layers.${layer}.${suffix}`;
  return [
    norm(at("input_layernorm.weight"), D),
    ...linear(at("self_attn.q_proj"), N * H, D, config.qkvBias),
    ...linear(at("self_attn.k_proj"), K * H, D, config.qkvBias),
    ...linear(at("self_attn.v_proj"), K * H, D, config.qkvBias),
    ...linear(at("self_attn.o_proj"), D, N * H, config.outputBias),
    ...(config.qkNorm
      ? [norm(at("self_attn.q_norm.weight"), H), norm(at("self_attn.k_norm.weight"), H)]
      : []),
    norm(at("post_attention_layernorm.weight"), D),
    ...linear(at("mlp.gate_proj"), F, D, config.mlpBias),
    ...linear(at("mlp.up_proj"), F, D, config.mlpBias),
    ...linear(at("mlp.down_proj"), D, F, config.mlpBias),
  ];
}

function linear(name: string, outputs: number, inputs: number, hasBias: boolean): ParameterSpec[] {
  const weight: ParameterSpec = {
    name: `${name}.weight`,
    fileShape: [outputs, inputs],
    isTransposed: true,
    start: "normal",
  };
  if (!hasBias) return [weight];
  return [weight, { name: `${name}.bias`, fileShape: [outputs], isTransposed: false, start: "zeros" }];
}

function matrix(name: string, rows: number, columns: number): ParameterSpec {
  return { name, fileShape: [rows, columns], isTransposed: false, start: "normal" };
}

function norm(name: string, length: number): ParameterSpec {
  return { name, fileShape: [length], isTransposed: false, start: "ones" };
}
