/**
 * What the keys of a `config.json` do to the computation of a Llama, Qwen2 or Qwen3 model, beyond those that `parse-config.ts`
 * and `parse-rope.ts` read. Names are those of transformers (4.x and 5.23), of the families' own repositories and of common
 * tools that write such files.
 */

import type { ModelConfig } from "./config.ts";

/** Read by parse-config.ts and parse-rope.ts, or where weights are loaded. */
const USED = words(`
  model_type architectures vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads
  head_dim max_position_embeddings rms_norm_eps hidden_act tie_word_embeddings attention_bias mlp_bias attention_dropout
  use_sliding_window sliding_window max_window_layers layer_types quantization_config bos_token_id eos_token_id
  rope_theta rope_scaling rope_parameters partial_rotary_factor original_max_position_embeddings transformers_weights`);

/** Of no effect on hidden states and logits, whatever they say. */
const HARMLESS = words(`
  transformers_version _name_or_path name_or_path _commit_hash auto_map custom_pipelines dtype torch_dtype use_bfloat16 torchscript
  initializer_range use_cache pretraining_tp gradient_checkpointing chunk_size_feed_forward return_dict use_return_dict
  output_hidden_states output_attentions output_router_logits is_decoder tie_encoder_decoder tf_legacy_loss
  keys_to_ignore_at_inference tie_last_hidden_states initializer_factor init_std init_method
  _attn_implementation attn_implementation _attn_implementation_internal _attn_implementation_autoset attn_impl
  _experts_implementation experts_implementation _flash_attn_2_enabled use_flash_attn use_flash_attention
  use_flash_attention_2 flash_attention fused_attention use_memory_efficient_attention use_xformers use_sdpa
  base_model_tp_plan base_model_pp_plan base_model_ep_plan
  pad_token_id unk_token_id sep_token_id mask_token_id cls_token_id decoder_start_token_id image_token_id
  bos_token eos_token pad_token unk_token tokenizer_class prefix model_max_length max_sequence_length max_seq_len seq_length seq_len
  id2label label2id num_labels problem_type finetuning_task task_specific_params classifier_dropout type_vocab_size
  summary_type summary_use_proj summary_activation summary_first_dropout summary_proj_to_labels
  router_aux_loss_coef aux_loss_alpha router_z_loss_coef z_loss loss_type label_smoothing num_logits_to_keep
  max_length max_new_tokens min_length min_new_tokens do_sample early_stopping num_beams num_beam_groups diversity_penalty
  temperature top_k top_p min_p typical_p top_h epsilon_cutoff eta_cutoff repetition_penalty encoder_repetition_penalty
  length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids force_words_ids num_return_sequences output_scores
  output_logits return_dict_in_generate forced_bos_token_id forced_eos_token_id remove_invalid_values renormalize_logits
  exponential_decay_length_penalty suppress_tokens begin_suppress_tokens sequence_bias penalty_alpha constraints guidance_scale
  low_memory cache_implementation cache_config return_legacy_cache watermarking_config stop_strings max_time token_healing
  dola_layers num_assistant_tokens num_assistant_tokens_schedule assistant_confidence_threshold assistant_early_exit
  assistant_lookbehind target_lookbehind prompt_lookup_num_tokens max_matching_ngram_size is_assistant compile_config
  disable_compile prefill_chunk_size generation_config chat_template
  unsloth_version unsloth_fixed unsloth_training_args is_llama_config transformers.js_config license language model_name
  base_model base_model_name description author version vocab_file pad_vocab_size_multiple padding_idx head_dtype
  dual_chunk_attention_config block_size logits_to_keep`);

/** Off in every spelling that files use. */
const isOff = (value: unknown) =>
  value === null || value === undefined || value === false || value === 0 || value === "" || isEmpty(value);

const isOn = (value: unknown) => value === true || value === null || value === undefined;
const isOneOf =
  (...values: unknown[]) =>
  (value: unknown) =>
    value == null || values.includes(value);
const isSame = (key: keyof ModelConfig) => (value: unknown, config: ModelConfig) =>
  value == null || value === config[key];

/** Keys with the values under which nothing changes; any other asks for another computation. */
const NEUTRAL: Readonly<Record<string, (value: unknown, config: ModelConfig) => boolean>> = {
  // masks
  is_causal: isOn,
  causal: isOn,
  causal_attention: isOn,
  use_causal_mask: isOn,
  use_bidirectional_attention: isOff,
  is_encoder_decoder: isOff,
  add_cross_attention: isOff,
  cross_attention_hidden_size: isOff,
  // positions
  use_rope: isOn,
  use_rotary: isOn,
  use_rotary_embeddings: isOn,
  rotary: isOn,
  rope: isOn,
  rope_type: isOneOf("default"),
  rope_interleave: isOff,
  rope_interleaved: isOff,
  position_embedding_type: isOneOf("rope", "rotary", "absolute"), // BERT's default, which old files have
  rope_ratio: isOneOf(1),
  rope_factor: isOneOf(1),
  no_rope_layers: (value) => isOff(value) || (Array.isArray(value) && value.every((layer) => layer === 1)),
  use_mrope: isOff,
  mrope_section: isOff,
  // norms
  qk_norm: (value, { qkNorm }) => value == null || value === qkNorm,
  use_qk_norm: (value, { qkNorm }) => value == null || value === qkNorm,
  use_rmsnorm: isOn,
  use_rms_norm: isOn,
  norm_type: isOneOf("rms", "rmsnorm", "rms_norm", "RMSNorm"),
  normalization_type: isOneOf("rms", "rmsnorm", "rms_norm", "RMSNorm"),
  norm_topk_prob: () => true, // of experts; a model that has them is refused by their number
  decoder_sparse_step: () => true,
  mlp_only_layers: isOff,
  // the feed-forward layer
  activation: isOneOf("silu", "swish", "swiglu"),
  activation_function: isOneOf("silu", "swish", "swiglu"),
  hidden_activation: isOneOf("silu", "swish"),
  act_fn: isOneOf("silu", "swish"),
  gated_mlp: isOn,
  use_gated_mlp: isOn,
  use_glu: isOn,
  bias: isOff,
  use_bias: isOff,
  qkv_bias: isSame("qkvBias"),
  use_qkv_bias: isSame("qkvBias"),
  // factors that are one where there are none
  embedding_multiplier: isOneOf(1),
  residual_multiplier: isOneOf(1),
  logits_scaling: isOneOf(1),
  logit_scale: isOneOf(1),
  logits_scale: isOneOf(1),
  embedding_scale: isOneOf(1),
  embed_scale: isOneOf(1),
  scale_emb: isOneOf(1),
  output_multiplier: isOneOf(1),
  output_multiplier_scale: isOneOf(1),
  lm_head_multiplier: isOneOf(1),
  mup_width_multiplier: isOneOf(1),
  attention_multiplier: (value, { headSize }) => value == null || value === headSize ** -0.5,
  query_pre_attn_scalar: (value, { headSize }) => value == null || value === headSize,
  // the same under another name
  n_embd: isSame("hiddenSize"),
  d_model: isSame("hiddenSize"),
  dim: isSame("hiddenSize"),
  n_inner: isSame("ffnSize"),
  ffn_dim: isSame("ffnSize"),
  n_layer: isSame("layers"),
  n_layers: isSame("layers"),
  num_layers: isSame("layers"),
  n_head: isSame("queryHeads"),
  n_heads: isSame("queryHeads"),
  num_heads: isSame("queryHeads"),
  n_kv_heads: isSame("kvHeads"),
  num_kv_heads: isSame("kvHeads"),
  layer_norm_eps: isSame("normEpsilon"),
  layer_norm_epsilon: isSame("normEpsilon"),
  norm_eps: isSame("normEpsilon"),
  norm_epsilon: isSame("normEpsilon"),
  rope_base: isSame("ropeTheta"),
  rotary_emb_base: isSame("ropeTheta"),
  rotary_dim: isSame("headSize"),
  rotary_pct: isOneOf(1),
  max_positions: isSame("maxPositions"),
  n_positions: isSame("maxPositions"),
  n_ctx: isSame("maxPositions"),
  tie_embeddings: isSame("tiedHead"),
  // structure
  per_layer_config: isOff,
  pruned_heads: isOff,
  num_experts: isOneOf(0, 1),
  num_local_experts: isOneOf(0, 1),
  num_nextn_predict_layers: isOff,
};

/**
 * Words that a key has where it speaks of the computation. A key that nobody here knows is refused if it has one of them and is
 * not off.
 */
const TELLING =
  /^(?:act|activation|adapters?|adaptive|alibi|attention|attn|bias|bidirectional|bits|block|blocks|cap|capping|causal|chunk|chunked|clamp|clip|compression|conv|cross|depth|dilated|dilation|dropout|early|emb|embd|embed|embedding|embeddings|experts?|factor|ffn|gate|gated|gating|gelu|glu|head|heads|hyper|interleaved?|kv|latent|layer|layernorm|layers|logit|logits|loops?|lora|mamba|mask|masked|masks|mixture|mla|mlp|moe|mult|multiplier|mup|nope|norm|normalization|normalize|norms|ntk|parallel|pdrop|position|positional|positions|pruned|pruning|qk|qkv|quant|quantization|quantize|quantized|recurrence|recurrent|relu|rescale|resid|residual|rms|rope|rotary|router|routing|rwkv|scalar|scale|scaled|scaler|scales|scaling|share|shared|sharing|sink|sinks|skip|sliding|softcap|softcapping|softmax|sparse|sparsity|ssm|state|swa|swiglu|tanh|theta|tie|tied|tune|tuning|unembed|unembedding|window|windows|yarn)$/;

export type KeyVerdict = "fine" | "unknown" | "unsupported";

/** What a key with this value means for a model of this configuration. */
export function judgeKey(key: string, value: unknown, config: ModelConfig): KeyVerdict {
  if (USED.has(key) || HARMLESS.has(key)) return "fine";
  const isNeutral = Object.hasOwn(NEUTRAL, key) ? NEUTRAL[key] : undefined;
  if (isNeutral) return isNeutral(value, config) ? "fine" : "unsupported";
  if (!wordsOf(key).some((word) => TELLING.test(word))) return "unknown";
  return isOff(value) ? "fine" : "unsupported";
}

/** "attnLogit_softcapping2" -> attn, logit, softcapping */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
