import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { ModelWarning } from "../warnings.ts";
import { parseConfig, parseGenerationEosIds } from "./parse-config.ts";

const LLAMA = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  vocab_size: 128256,
  hidden_size: 3072,
  intermediate_size: 8192,
  num_hidden_layers: 28,
  num_attention_heads: 24,
  num_key_value_heads: 8,
  head_dim: 128,
  hidden_act: "silu",
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 128000,
  eos_token_id: [128001, 128008, 128009],
};
const LLAMA3 = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const parse = (changes: object) => parseConfig({ ...LLAMA, ...changes }, "config.json");

describe("parseConfig", () => {
  it("reads Llama 3.2 3B in the style of transformers 4", () => {
    const config = parse({
      rope_theta: 500000,
      rope_scaling: { ...LLAMA3, rope_type: "llama3" },
      torch_dtype: "bfloat16",
      attention_bias: false,
      mlp_bias: false,
      pretraining_tp: 1,
    });
    expect(config).toEqual({
      family: "llama",
      vocabularySize: 128256,
      hiddenSize: 3072,
      ffnSize: 8192,
      layers: 28,
      queryHeads: 24,
      kvHeads: 8,
      headSize: 128,
      maxPositions: 131072,
      normEpsilon: 1e-5,
      ropeTheta: 500000,
      ropeScaling: {
        type: "llama3",
        factor: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalMaxPositions: 8192,
      },
      tiedHead: true,
      qkvBias: false,
      outputBias: false,
      mlpBias: false,
      qkNorm: false,
      bosTokenId: 128000,
      eosTokenIds: [128001, 128008, 128009],
    });
    // transformers 5 moves theta and the scaling into one record
    expect(parse({ rope_parameters: { ...LLAMA3, rope_type: "llama3", rope_theta: 500000 } })).toEqual(
      config,
    );
  });

  it("knows what the families differ in", () => {
    const qwen = { architectures: null, attention_bias: undefined, head_dim: undefined };
    const qwen2 = parse({ ...qwen, model_type: "qwen2" });
    expect(qwen2).toMatchObject({ qkvBias: true, outputBias: false, qkNorm: false, headSize: 128 });
    const qwen3 = parse({ ...qwen, model_type: "qwen3", hidden_size: 1024, num_attention_heads: 16 });
    expect(qwen3).toMatchObject({ qkvBias: false, outputBias: false, qkNorm: true, headSize: 128 });
    const biased = parse({ attention_bias: true, mlp_bias: true });
    expect(biased).toMatchObject({ qkvBias: true, outputBias: true, mlpBias: true });
  });

  it("takes the defaults of transformers where keys are absent", () => {
    const optional = [
      "num_key_value_heads",
      "head_dim",
      "max_position_embeddings",
      "rms_norm_eps",
      "tie_word_embeddings",
    ];
    const rest = Object.fromEntries(Object.entries(LLAMA).filter(([key]) => !optional.includes(key)));
    const config = parseConfig({ ...rest, bos_token_id: null, eos_token_id: undefined }, "config.json");
    expect(config).toMatchObject({
      kvHeads: 24,
      headSize: 128,
      maxPositions: 2048,
      normEpsilon: 1e-6,
      tiedHead: false,
      ropeTheta: 10000,
      ropeScaling: { type: "default" },
      bosTokenId: null,
      eosTokenIds: [],
    });
  });

  it("warns once of keys that nobody knows, and of none that is known to be harmless", () => {
    const warnings: ModelWarning[] = [];
    const warn = (warning: ModelWarning) => warnings.push(warning);
    const others = {
      // Qwen2.5 and its descendants
      ...{ max_window_layers: 21, use_mrope: false, sliding_window: 131072, pretraining_tp: 2 },
      // Llama conversions, Falcon 3, SmolLM2
      ...{
        activation: "swiglu",
        bias: false,
        is_llama_config: true,
        rope_interleaved: false,
        "transformers.js_config": {},
      },
      // what transformers 4 wrote: everything it had
      ...{
        is_decoder: false,
        add_cross_attention: false,
        pruned_heads: {},
        top_k: 50,
        temperature: 0.6,
        id2label: { 0: "x" },
      },
      ...{
        torch_dtype: "bfloat16",
        auto_map: { AutoConfig: "x.Y" },
        use_cache: false,
        chunk_size_feed_forward: 0,
      },
      // off, or as it is here
      ...{
        attn_logit_softcapping: null,
        embedding_multiplier: 1.0,
        logit_scale: 1,
        is_causal: true,
        no_rope_layers: [],
      },
      ...{
        num_experts: 0,
        qk_norm: false,
        query_pre_attn_scalar: 128,
        layer_norm_eps: 1e-5,
        n_layer: 28,
        resid_pdrop: 0,
      },
      ...{ hidden_act: "swish", layer_types: ["full_attention", "attention"], unsloth_fixed: true },
    };
    expect(parseConfig({ ...LLAMA, ...others }, "f", warn)).toEqual(parse({}));
    expect(warnings).toEqual([]);
    parseConfig({ ...LLAMA, favourite_colour: "blue", zebra: { a: 1 } }, "f", warn);
    expect(warnings).toEqual([
      expect.objectContaining({ code: "CONFIG_KEY_UNKNOWN", file: "f", keys: ["favourite_colour", "zebra"] }),
    ]);
  });

  it("takes the original positions next to the scaling, as transformers does", () => {
    const { original_max_position_embeddings: _, ...inside } = LLAMA3;
    const outside = (rope: object, key = "rope_scaling") =>
      parse({ original_max_position_embeddings: 4096, [key]: { ...rope, rope_type: "llama3" } }).ropeScaling;
    const wanted = { type: "llama3", factor: 32, originalMaxPositions: 4096 };
    expect(outside(inside)).toMatchObject(wanted);
    expect(outside(inside, "rope_parameters")).toMatchObject(wanted);
    expect(outside(LLAMA3)).toMatchObject(wanted);
    expect(parse({ rope_scaling: { ...inside, rope_type: "llama3" } }).ropeScaling).toMatchObject({
      originalMaxPositions: 131072,
    });
  });

  it("says which rotary settings have no effect with their type", () => {
    const seen = (rope_scaling: object) => {
      const warnings: ModelWarning[] = [];
      parseConfig({ ...LLAMA, rope_scaling }, "f", (warning) => warnings.push(warning));
      return warnings.flatMap(({ keys }) => keys);
    };
    expect(seen({ type: "linear", factor: 2, attention_factor: 0.5, beta_fast: null })).toEqual([
      "rope_scaling.attention_factor",
    ]);
    expect(seen({ rope_type: "default", factor: 4, mrope_section: [1] })).toEqual([
      "rope_scaling.factor",
      "rope_scaling.mrope_section",
    ]);
    expect(seen({ rope_type: "default", type: "mrope" })).toEqual(["rope_scaling.type"]);
    expect(seen({ ...LLAMA3, rope_type: "llama3" })).toEqual([]);
  });

  it("ignores the window that Qwen has switched off", () => {
    for (const model_type of ["qwen2", "qwen3"]) {
      const changes = { model_type, architectures: null, sliding_window: 4096, use_sliding_window: false };
      expect(() => parse(changes)).not.toThrow();
    }
  });

  it("takes the name of the model without its head", () => {
    expect(parse({ architectures: ["LlamaModel"] })).toEqual(parse({}));
    expect(() => parse({ architectures: ["LlamaBidirectionalModel"] })).toThrowError(/must be a Llama/);
    expect(() => parse({ architectures: ["Qwen3Model"] })).toThrowError(/must be a Llama/);
  });

  it("reads linear scaling in the old spelling and a single end id", () => {
    const config = parse({ rope_scaling: { type: "linear", factor: 2 }, eos_token_id: 7 });
    expect(config.ropeScaling).toEqual({ type: "linear", factor: 2 });
    expect(config.eosTokenIds).toEqual([7]);
  });

  it("lets unknown keys pass that cannot change the computation", () => {
    expect(() =>
      parse({ use_cache: true, transformers_version: "9", _name_or_path: "x", initializer_range: 1 }),
    ).not.toThrow();
    expect(() =>
      parse({ use_sliding_window: false, sliding_window: 131072, layer_types: ["full_attention"] }),
    ).not.toThrow();
    expect(() => parse({ rope_scaling: null, partial_rotary_factor: 1, attention_dropout: 0 })).not.toThrow();
  });

  it.each([
    ["model_type", { model_type: "mistral" }, /supported are llama, qwen2, qwen3/],
    ["architectures", { architectures: ["LlamaForSequenceClassification"] }, /must be a LlamaForCausalLM/],
    ["hidden_act", { hidden_act: "gelu" }, /only silu/],
    ["sliding_window", { sliding_window: 4096 }, /windows/],
    ["use_sliding_window", { use_sliding_window: true }, /windows/],
    ["layer_types", { layer_types: ["full_attention", "sliding_attention"] }, /only full_attention/],
    ["quantization_config", { quantization_config: { quant_method: "gptq" } }, /quantised/],
    ["attention_dropout", { attention_dropout: 0.1 }, /dropout/],
    ["is_causal", { is_causal: false }, /is_causal false/],
    ["use_bidirectional_attention", { use_bidirectional_attention: true }, /would be ignored/],
    ["attn_logit_softcapping", { attn_logit_softcapping: 50 }, /would be ignored/],
    ["final_logit_softcapping", { final_logit_softcapping: 30 }, /would be ignored/],
    ["logits_scaling", { logits_scaling: 8 }, /would be ignored/],
    ["embedding_multiplier", { embedding_multiplier: 12 }, /would be ignored/],
    ["residual_multiplier", { residual_multiplier: 0.22 }, /would be ignored/],
    ["attention_multiplier", { attention_multiplier: 0.015625 }, /would be ignored/],
    ["query_pre_attn_scalar", { query_pre_attn_scalar: 256 }, /would be ignored/],
    ["qk_norm", { qk_norm: true }, /would be ignored/],
    ["use_qk_norm", { use_qk_norm: false, model_type: "qwen3", architectures: null }, /would be ignored/],
    ["no_rope_layers", { no_rope_layers: [1, 1, 1, 0] }, /would be ignored/],
    ["no_rope_layer_interval", { no_rope_layer_interval: 4 }, /would be ignored/],
    ["num_experts", { num_experts: 64 }, /would be ignored/],
    ["num_local_experts", { num_local_experts: 8 }, /would be ignored/],
    ["moe_intermediate_size", { moe_intermediate_size: 768 }, /would be ignored/],
    ["attention_chunk_size", { attention_chunk_size: 8192 }, /would be ignored/],
    ["attn_temperature_tuning", { attn_temperature_tuning: true }, /would be ignored/],
    ["rope_interleave", { rope_interleave: true }, /would be ignored/],
    ["rope_local_base_freq", { rope_local_base_freq: 10000 }, /would be ignored/],
    ["rotary_pct", { rotary_pct: 0.25 }, /would be ignored/],
    ["position_embedding_type", { position_embedding_type: "alibi" }, /would be ignored/],
    ["alibi", { alibi: true }, /would be ignored/],
    ["use_parallel_residual", { use_parallel_residual: true }, /would be ignored/],
    ["norm_type", { norm_type: "layernorm" }, /would be ignored/],
    ["layer_norm_eps", { layer_norm_eps: 1e-12 }, /would be ignored/],
    ["activation", { activation: "gelu" }, /would be ignored/],
    ["hidden_dropout_prob", { hidden_dropout_prob: 0.1 }, /would be ignored/],
    ["per_layer_config", { per_layer_config: { 0: { rms_norm_eps: 1 } } }, /would be ignored/],
    ["block_configs", { block_configs: [{}] }, /would be ignored/],
    ["quantization", { quantization: { bits: 4 } }, /would be ignored/],
    ["weight_bits", { weight_bits: 1 }, /would be ignored/],
    ["is_encoder_decoder", { is_encoder_decoder: true }, /would be ignored/],
    ["add_cross_attention", { add_cross_attention: true }, /would be ignored/],
    ["pruned_heads", { pruned_heads: { 1: [0] } }, /would be ignored/],
    ["n_layer", { n_layer: 27 }, /would be ignored/],
    ["num_kv_shared_layers", { num_kv_shared_layers: 10 }, /would be ignored/],
    ["attentionScale", { attentionScale: 2 }, /would be ignored/],
    ["swiglu_limit", { swiglu_limit: 7 }, /would be ignored/],
    ["mamba_expand", { mamba_expand: 2 }, /would be ignored/],
    ["use_swa", { use_swa: true }, /would be ignored/],
    ["use_nope", { use_nope: true }, /would be ignored/],
    ["emb_mult", { emb_mult: 12 }, /would be ignored/],
    ["resid_lambda", { resid_lambda: 0.5 }, /would be ignored/],
    ["use_mla", { use_mla: true }, /would be ignored/],
    ["use_relu", { use_relu: true }, /would be ignored/],
    ["partial_rotary_factor", { partial_rotary_factor: 0.5 }, /whole heads/],
    [
      "rope_parameters.partial_rotary_factor",
      { rope_parameters: { partial_rotary_factor: 0.25 } },
      /whole heads/,
    ],
    [
      "rope_scaling.rope_type",
      { rope_scaling: { rope_type: "yarn", factor: 4 } },
      /supported are default, linear, llama3/,
    ],
    ["rope_parameters", { rope_parameters: { full_attention: { rope_type: "default" } } }, /per layer type/],
  ])("refuses %s that asks for another computation", (key, changes, message) => {
    expect(() => parse(changes)).toThrowError(
      expect.objectContaining({ code: "CONFIG_UNSUPPORTED", key, file: "config.json" }),
    );
    expect(() => parse(changes)).toThrowError(message);
  });

  it.each([
    ["vocab_size", { vocab_size: undefined }],
    ["hidden_size", { hidden_size: -1 }],
    ["num_hidden_layers", { num_hidden_layers: 1.5 }],
    ["num_key_value_heads", { num_key_value_heads: 7 }],
    ["head_dim", { head_dim: undefined, hidden_size: 3070 }],
    ["head_dim", { head_dim: 127 }],
    ["rms_norm_eps", { rms_norm_eps: 0 }],
    ["eos_token_id", { eos_token_id: "</s>" }],
    ["rope_theta", { rope_theta: -1 }],
    ["rope_theta", { rope_theta: 1, rope_parameters: { rope_theta: 2 } }],
    ["rope_scaling.factor", { rope_scaling: { type: "linear" } }],
    ["rope_scaling.rope_type", { rope_scaling: { factor: 2 } }],
    ["original_max_position_embeddings", { original_max_position_embeddings: "8k" }],
    ["rope_parameters.factor", { rope_parameters: { rope_type: "linear", factor: "2" } }],
    ["rope_scaling.low_freq_factor", { rope_scaling: { type: "llama3", factor: 2 } }],
    ["rope_scaling.high_freq_factor", { rope_scaling: { ...LLAMA3, type: "llama3", high_freq_factor: 1 } }],
    [
      "rope_scaling",
      { rope_scaling: { type: "linear", factor: 2 }, rope_parameters: { type: "linear", factor: 3 } },
    ],
  ])("names %s as the key that no model can have so", (key, changes) => {
    expect(() => parse(changes)).toThrowError(expect.objectContaining({ code: "CONFIG_INVALID", key }));
  });

  it("refuses what is no object", () => {
    for (const json of [null, 7, "config", []]) {
      expect(() => parseConfig(json, "config.json")).toThrowError(
        expect.objectContaining({ code: "CONFIG_INVALID" }),
      );
    }
  });

  it("reads every fixture", () => {
    const root = fileURLToPath(new URL("../fixtures/models/", import.meta.url));
    const json = JSON.parse(readFileSync(`${root}llama3-rope/config.json`, "utf8")) as unknown;
    expect(parseConfig(json, "config.json").ropeScaling).toMatchObject({
      type: "llama3",
      originalMaxPositions: 32,
    });
  });
});

describe("parseGenerationEosIds", () => {
  it("takes a number, a list, or nothing", () => {
    expect(parseGenerationEosIds({ eos_token_id: 3 }, "f")).toEqual([3]);
    expect(parseGenerationEosIds({ eos_token_id: [3, 4], temperature: 0.6 }, "f")).toEqual([3, 4]);
    expect(parseGenerationEosIds({}, "f")).toEqual([]);
    expect(() => parseGenerationEosIds({ eos_token_id: "x" }, "f")).toThrowError(
      expect.objectContaining({ code: "CONFIG_INVALID", key: "eos_token_id" }),
    );
  });
});
