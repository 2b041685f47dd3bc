/**
 * `config.json` of Hugging Face -> {@link ModelConfig}. Both styles are read: transformers 4 (`rope_theta`,
 * `rope_scaling`, `torch_dtype`) and 5 (`rope_parameters`, `dtype`). Defaults are those of the configuration classes of
 * transformers 5.23. A value that would change the computation and is not implemented is refused, never ignored; a key that
 * nobody here knows is a warning, or refused where its name says that it matters (`known-keys.ts`).
 */

import { z } from "zod";
import { ModelError } from "../errors.ts";
import type { WarningSink } from "../warnings.ts";
import type { ModelConfig } from "./config.ts";
import { judgeKey } from "./known-keys.ts";
import { parseRope } from "./parse-rope.ts";

const FAMILIES = {
  llama: { architecture: "LlamaForCausalLM", qkvBias: false, qkNorm: false, maxPositions: 2048 },
  qwen2: { architecture: "Qwen2ForCausalLM", qkvBias: true, qkNorm: false, maxPositions: 32768 },
  qwen3: { architecture: "Qwen3ForCausalLM", qkvBias: false, qkNorm: true, maxPositions: 32768 },
} as const;

const size = z.number().int().positive();
const tokenId = z.number().int().nonnegative();
/** An id, a list of ids, or nothing. */
const tokenIds = z
  .union([tokenId, z.array(tokenId)])
  .nullish()
  .transform((ids) => (ids == null ? [] : typeof ids === "number" ? [ids] : ids));

const configSchema = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size.max(10_000), // a list of all parameters is made from it
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  max_position_embeddings: size.nullish(),
  rms_norm_eps: z.number().positive().nullish(),
  hidden_act: z.string().nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  attention_dropout: z.number().nullish(),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: z.number().nullish(),
  layer_types: z.array(z.string()).nullish(),
  quantization_config: z.unknown().optional(),
  bos_token_id: tokenIds,
  eos_token_id: tokenIds,
});
type RawConfig = z.infer<typeof configSchema>;

const generationSchema = z.looseObject({ eos_token_id: tokenIds });

/**
 * Resolves a parsed `config.json`.
 * @throws CONFIG_INVALID, CONFIG_UNSUPPORTED with the key
 */
export function parseConfig(json: unknown, file: string, warn: WarningSink = () => {}): ModelConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.path.join(".") ?? "";
    throw new ModelError("CONFIG_INVALID", `${key || "the file"}: ${issue?.message}`, { file, key });
  }
  const raw = parsed.data;
  const family = familyOf(raw, file);
  refuseUnsupported(raw, file);
  const defaults = FAMILIES[family];
  const queryHeads = raw.num_attention_heads;
  const kvHeads = raw.num_key_value_heads ?? queryHeads;
  if (queryHeads % kvHeads !== 0) {
    invalid(file, "num_key_value_heads", `${kvHeads} does not divide num_attention_heads, ${queryHeads}`);
  }
  const headSize = resolveHeadSize(raw, family, file);
  const maxPositions = maxPositionsOf(raw);
  const attentionBias = family === "qwen2" ? false : (raw.attention_bias ?? false);
  const config: ModelConfig = {
    family,
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    ffnSize: raw.intermediate_size,
    layers: raw.num_hidden_layers,
    queryHeads,
    kvHeads,
    headSize,
    maxPositions,
    normEpsilon: raw.rms_norm_eps ?? 1e-6,
    ...parseRope(raw, maxPositions, file, warn),
    tiedHead: raw.tie_word_embeddings ?? false,
    qkvBias: defaults.qkvBias || attentionBias,
    outputBias: attentionBias,
    mlpBias: family === "llama" && (raw.mlp_bias ?? false),
    qkNorm: defaults.qkNorm,
    bosTokenId: raw.bos_token_id[0] ?? null,
    eosTokenIds: raw.eos_token_id,
  };
  checkOtherKeys(raw, config, file, warn);
  return config;
}

/** The ids that `generation_config.json` adds to those of `config.json`. @throws CONFIG_INVALID */
export function parseGenerationEosIds(json: unknown, file: string): readonly number[] {
  const parsed = generationSchema.safeParse(json);
  if (parsed.success) return parsed.data.eos_token_id;
  return invalid(file, "eos_token_id", "wanted a token id or a list of them");
}

/**
 * The weights file that `transformers_weights` names in place of the usual ones; null where there is no such key.
 * @throws CONFIG_INVALID for anything but the name of a safetensors file or index in the folder
 */
export function parseWeightsFile(json: unknown, file: string): string | null {
  const name = (json as { readonly transformers_weights?: unknown } | null)?.transformers_weights;
  if (name == null) return null;
  if (typeof name === "string" && /^[^/\\:\0]+\.safetensors(?:\.index\.json)?$/.test(name)) return name;
  return invalid(
    file,
    "transformers_weights",
    `${JSON.stringify(name)} is not the name of a .safetensors file or .safetensors.index.json`,
  );
}

function familyOf(raw: RawConfig, file: string): ModelConfig["family"] {
  const supported = Object.keys(FAMILIES) as ModelConfig["family"][];
  const family = supported.find((name) => name === raw.model_type);
  if (family === undefined) {
    const message = `model_type ${JSON.stringify(raw.model_type)}: supported are ${supported.join(", ")}`;
    throw new ModelError("CONFIG_UNSUPPORTED", message, { file, key: "model_type" });
  }
  const { architecture } = FAMILIES[family];
  // The model without its head, as which it was saved; transformers loads it with a head all the same.
  const bare = architecture.replace("ForCausalLM", "Model");
  if (raw.architectures && !raw.architectures.some((name) => name === architecture || name === bare)) {
    const message = `architectures ${JSON.stringify(raw.architectures)}: a ${family} model must be a ${architecture}`;
    throw new ModelError("CONFIG_UNSUPPORTED", message, { file, key: "architectures" });
  }
  return family;
}

function maxPositionsOf(raw: RawConfig): number {
  return raw.max_position_embeddings ?? FAMILIES[raw.model_type as ModelConfig["family"]].maxPositions;
}

function refuseUnsupported(raw: RawConfig, file: string): void {
  const refuse = (key: keyof RawConfig, why: string): never => {
    throw new ModelError("CONFIG_UNSUPPORTED", `${key} ${JSON.stringify(raw[key])}: ${why}`, {
      file,
      key: String(key),
    });
  };
  if (raw.hidden_act != null && raw.hidden_act !== "silu" && raw.hidden_act !== "swish") {
    refuse("hidden_act", "only silu is implemented");
  }
  if (raw.use_sliding_window) refuse("use_sliding_window", "attention windows are not implemented");
  // Qwen has a switch for the window; a Llama with one is windowed in some programs and not in others.
  if (raw.model_type === "llama" && raw.sliding_window && raw.sliding_window < maxPositionsOf(raw)) {
    refuse("sliding_window", "attention windows are not implemented");
  }
  if (raw.layer_types?.some((type) => type !== "full_attention" && type !== "attention")) {
    refuse("layer_types", "only full_attention is implemented");
  }
  if (raw.quantization_config != null) {
    refuse("quantization_config", "quantised weights are not read; take the original weights");
  }
  if (raw.attention_dropout) refuse("attention_dropout", "dropout is not implemented; set it to 0");
}

/** Keys that nothing above has read. @throws CONFIG_UNSUPPORTED */
function checkOtherKeys(raw: RawConfig, config: ModelConfig, file: string, warn: WarningSink): void {
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(raw)) {
    const verdict = judgeKey(key, value, config);
    if (verdict === "unknown") unknown.push(key);
    if (verdict !== "unsupported") continue;
    const message = `${key} ${shown(value)}: no ${config.family} model of this package computes that, and it would be ignored. Remove the key if it has no effect`;
    throw new ModelError("CONFIG_UNSUPPORTED", message, { file, key });
  }
  if (unknown.length === 0) return;
  warn({
    code: "CONFIG_KEY_UNKNOWN",
    message: `${file}: ${unknown.join(", ")}: not known here, and without effect`,
    file,
    keys: unknown,
  });
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? "";
  return json.length > 80 ? `${json.slice(0, 80)}...` : json;
}

function resolveHeadSize(raw: RawConfig, family: ModelConfig["family"], file: string): number {
  // Qwen3's configuration class has a default of its own, which does not follow from the other sizes.
  const derived = family === "qwen3" ? 128 : raw.hidden_size / raw.num_attention_heads;
  const headSize = raw.head_dim ?? derived;
  if (!Number.isInteger(headSize)) {
    invalid(
      file,
      "head_dim",
      `absent, and num_attention_heads ${raw.num_attention_heads} does not divide hidden_size ${raw.hidden_size}`,
    );
  }
  if (headSize % 2 !== 0) invalid(file, "head_dim", `${headSize}: rotary embeddings need an even head size`);
  return headSize;
}

function invalid(file: string, key: string, why: string): never {
  throw new ModelError("CONFIG_INVALID", `${key}: ${why}`, { file, key });
}
