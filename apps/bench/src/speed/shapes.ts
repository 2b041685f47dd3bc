/**
 * Architectures by name, for measuring with random weights and nothing downloaded: the facts of each model's public
 * config.json. `tiny` is for tests.
 */

import { parameterCount, parseConfig } from "@soft-tokens/model";

interface Shape {
  readonly family: "llama" | "qwen2";
  readonly vocabulary: number;
  readonly hidden: number;
  readonly ffn: number;
  readonly layers: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  readonly isHeadTied: boolean;
}

const llama3 = { family: "llama", vocabulary: 128256, ropeTheta: 500000, normEpsilon: 1e-5 } as const;

const SHAPES = {
  tiny: {
    ...{ family: "llama", vocabulary: 512, hidden: 32, ffn: 64, layers: 2, queryHeads: 4, kvHeads: 2 },
    ...{ headSize: 8, ropeTheta: 10000, normEpsilon: 1e-5, isHeadTied: true },
  },
  "smollm2-135m": {
    ...{ family: "llama", vocabulary: 49152, hidden: 576, ffn: 1536, layers: 30, queryHeads: 9, kvHeads: 3 },
    ...{ headSize: 64, ropeTheta: 100000, normEpsilon: 1e-5, isHeadTied: true },
  },
  "llama-3.2-1b": {
    ...{ ...llama3, hidden: 2048, ffn: 8192, layers: 16, queryHeads: 32, kvHeads: 8, headSize: 64 },
    isHeadTied: true,
  },
  "llama-3.2-3b": {
    ...{ ...llama3, hidden: 3072, ffn: 8192, layers: 28, queryHeads: 24, kvHeads: 8, headSize: 128 },
    isHeadTied: true,
  },
  "llama-3.1-8b": {
    ...{ ...llama3, hidden: 4096, ffn: 14336, layers: 32, queryHeads: 32, kvHeads: 8, headSize: 128 },
    isHeadTied: false,
  },
  "qwen2.5-3b": {
    ...{
      family: "qwen2",
      vocabulary: 151936,
      hidden: 2048,
      ffn: 11008,
      layers: 36,
      queryHeads: 16,
      kvHeads: 2,
    },
    ...{ headSize: 128, ropeTheta: 1000000, normEpsilon: 1e-6, isHeadTied: true },
  },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;
export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[];

export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(SHAPES, name);
}

/** A config.json of the shape; no token ends a sequence, so that lengths stay what they are asked to be. */
export function configOfShape(name: ShapeName): Record<string, unknown> {
  const shape: Shape = SHAPES[name];
  return {
    architectures: [shape.family === "llama" ? "LlamaForCausalLM" : "Qwen2ForCausalLM"],
    model_type: shape.family,
    hidden_act: "silu",
    vocab_size: shape.vocabulary,
    hidden_size: shape.hidden,
    intermediate_size: shape.ffn,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.queryHeads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headSize,
    max_position_embeddings: 8192,
    rms_norm_eps: shape.normEpsilon,
    rope_theta: shape.ropeTheta,
    tie_word_embeddings: shape.isHeadTied,
    initializer_range: 0.02,
    bos_token_id: null,
    eos_token_id: null,
  };
}

/** What the memory check wants to know of it. */
export function inspectShape(name: ShapeName) {
  const config = parseConfig(configOfShape(name), name);
  return { folder: name, config, ...parameterCount(config), weightsDtype: "bfloat16" as const };
}
