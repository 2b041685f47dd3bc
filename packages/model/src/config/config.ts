/**
 * The architecture of a model as we run it, resolved from a Hugging Face `config.json`. Every value of that file that
 * changes the computation is used or refused; unknown keys that cannot change it are allowed.
 */

/** Rotary frequencies; `llama3` is the scaling of Llama 3.1 and later. */
export type RopeScaling =
  | { readonly type: "default" }
  | { readonly type: "linear"; readonly factor: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalMaxPositions: number;
    };

export interface ModelConfig {
  readonly family: "llama" | "qwen2" | "qwen3";
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly ffnSize: number;
  readonly layers: number;
  readonly queryHeads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly maxPositions: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly tiedHead: boolean;
  /** Biases on q, k and v (Qwen2), and on the attention output (Llama with `attention_bias`). */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** RMS norm on each head's q and k (Qwen3). */
  readonly qkNorm: boolean;
  readonly bosTokenId: number | null;
  /** All ids that end a sequence. */
  readonly eosTokenIds: readonly number[];
}
