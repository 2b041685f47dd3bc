/**
 * Optional fused operations. Each has a reference decomposition beside this file (same name) that calls only required
 * operations; a backend that declares the fused form overrides it, and the decomposition is the oracle of its conformance test.
 *
 * Axes: B batch, T query tokens, S key tokens, N query heads, K kv heads (N a multiple of K), H head size, D hidden, F ffn,
 * V vocabulary, R rows (any number of tokens), P prompts.
 */

import type { MatmulOptions, Tensor } from "../contract.ts";
import type { RandomKey } from "../random/key.ts";

/** Key and value of a prefix that several rows share, e.g. a prompt and the G samples drawn from it. */
export interface SharedPrefix {
  readonly key_PKSH: Tensor;
  readonly value_PKSH: Tensor;
  /** Added to the scores: 0 or a large negative number; float32 [P, S]. Absent: every position is visible. */
  readonly mask_PS?: Tensor;
  /** How many consecutive rows of the batch belong to each prompt; sums to B, zeros allowed. */
  readonly rowsPerPrompt: readonly number[];
}

export interface AttentionArguments {
  readonly query_BNTH: Tensor;
  readonly key_BKSH: Tensor;
  readonly value_BKSH: Tensor;
  /** Added to the scores, float32, broadcastable to [B, 1, T, S]. Absent: every position is visible. */
  readonly mask?: Tensor;
  readonly prefix?: SharedPrefix;
  /** Factor on the scores, usually 1 / sqrt(H). */
  readonly scale: number;
}

/** How much of [rows, vocabulary] a head operation may hold at once. Memory is a setting, not an accident. */
export interface HeadChunk {
  /** Most float32 elements of one [rows, vocabulary] tile. Defaults to 2^22 (16 MiB). Rows are split first, then the vocabulary. */
  readonly maxElements?: number;
}

export interface MixtureArguments extends HeadChunk {
  /** Hidden states before the head. */
  readonly hidden_RD: Tensor;
  /** Head weights, z = hidden W^T. The same handle as `embedding_VD` where tied. */
  readonly weight_VD: Tensor;
  /** Input embeddings E. */
  readonly embedding_VD: Tensor;
  /** Temperature tau > 0: p = softmax(z / tau). */
  readonly temperature: number;
  /** Also return the k most probable tokens. Defaults to 0. */
  readonly topK?: number;
}

/** Everything one thought step needs from the head; float32, no gradient. The caller owns the tensors. */
export interface MixtureResult {
  /** h = p E */
  readonly mixture_RD: Tensor;
  /** argmax of z, int32: the greedy shadow. */
  readonly argmax_R: Tensor;
  /** Entropy of p in nats; NaN exactly where a logit of the row is NaN or infinite. */
  readonly entropy_R: Tensor;
  /** Present when asked for. */
  readonly topIds_RK?: Tensor;
  readonly topProbabilities_RK?: Tensor;
}

export interface TokenChoiceArguments extends HeadChunk {
  readonly hidden_RD: Tensor;
  readonly weight_VD: Tensor;
  /** tau; 0 takes the most probable token, and entropy and alternatives are then those of tau = 1. */
  readonly temperature: number;
  /** One per row; not used at temperature 0. */
  readonly keys: readonly RandomKey[];
  /** Also return the k most probable tokens. Defaults to 0. */
  readonly topK?: number;
}

/** One token per row and what is worth recording of the choice; no gradient. The caller owns the tensors. */
export interface TokenChoiceResult {
  /** int32; drawn as `sampleCategorical` draws: by the cumulative sum at one uniform number per row. */
  readonly ids_R: Tensor;
  /** log softmax(z / tau) at the chosen id; null at temperature 0. */
  readonly logProb_R: Tensor | null;
  /** Nats. */
  readonly entropy_R: Tensor;
  /** Present when asked for. */
  readonly topIds_RK?: Tensor;
  readonly topProbabilities_RK?: Tensor;
}

export interface ThoughtLogProbArguments extends HeadChunk {
  readonly hidden_RD: Tensor;
  readonly weight_VD: Tensor;
  readonly embedding_VD: Tensor;
  /** Stored thoughts, constants. */
  readonly thought_RD: Tensor;
  readonly temperature: number;
  /** Standard deviation of the noise per component, > 0. */
  readonly sigma: number;
  /** The known factor of each log-probability in the loss. */
  readonly coefficient_R: Tensor;
  /** Let the gradient flow through E in mu = p E. Defaults to `true`. */
  readonly embeddingGradient?: boolean;
}

export interface TokenLogProbArguments extends HeadChunk {
  readonly hidden_RD: Tensor;
  readonly weight_VD: Tensor;
  /** int32, in [0, V): another is INDEX_OUT_OF_RANGE, as in `takeRows`. */
  readonly ids_R: Tensor;
  readonly temperature: number;
  readonly coefficient_R: Tensor;
}

/** A weighted sum of log-probabilities, and what is worth logging about its terms. */
export interface LogProbResult {
  /** sum over rows of coefficient * log pi; scalar, differentiable in hidden, weight and embedding. */
  readonly value: Tensor;
  /** Per row, no gradient. */
  readonly logProb_R: Tensor;
  /** Entropy of p per row in nats, no gradient. */
  readonly entropy_R: Tensor;
}

export interface AdamWArguments {
  /** float32 or bfloat16. */
  readonly parameter: Tensor;
  /**
   * float32 copy of the parameter, of its shape: the step updates the copy, and the parameter becomes the copy rounded to
   * its own dtype. Absent: the step is taken from the parameter itself, which loses steps below half of a bfloat16 digit.
   */
  readonly master?: Tensor;
  /** float32 or bfloat16; read as float32. */
  readonly gradient: Tensor;
  /** float32 or bfloat16. The step is taken with the new moments in float32, before they are rounded for storage. */
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
  /**
   * For a bfloat16 second moment: round it up or down at random, without bias, by numbers that follow from this key.
   * To the nearest it would never fall: a step of 1 - beta2 = 0.001 is less than half of its last digit. The numbers
   * themselves are the backend's own; the same key gives the same. Absent: to the nearest. The first moment always is.
   */
  readonly roundingKey?: RandomKey;
  /** 1 for the first step: bias correction. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Factor on the gradient, from the global norm clip. */
  readonly gradientScale: number;
}

export interface FusedOps {
  /**
   * x / sqrt(mean(x^2) + epsilon) * weight over the last axis, in float32 and rounded once. The result has the weight's dtype: x may be
   * a float32 stream with a bfloat16 weight. Numbers whose squares leave float32 have their norm all the same where tensors live in
   * the host's memory; on a device such a row may become zeros.
   */
  rmsNorm(x: Tensor, weight_D: Tensor, options: { readonly epsilon: number }): Tensor;
  /**
   * Rotary embedding in Hugging Face's half-split form: x * cos + rotateHalf(x) * sin.
   * x [B, N, T, H]; cos and sin broadcastable to [B, 1, T, H], float32, no gradient.
   */
  rotary(x_BNTH: Tensor, cos: Tensor, sin: Tensor): Tensor;
  /** softmax(scale * q k^T + mask) v with grouped query heads and an optional shared prefix -> [B, N, T, H]. */
  attention(options: AttentionArguments): Tensor;
  /** (silu(x gate) * (x up)) down; x [R, D], gate and up [D, F], down [F, D]. `outputDtype` is that of the last product. */
  gatedMlp(
    x_RD: Tensor,
    gate_DF: Tensor,
    up_DF: Tensor,
    down_FD: Tensor,
    options?: Pick<MatmulOptions, "outputDtype">,
  ): Tensor;
  mixture(options: MixtureArguments): MixtureResult;
  tokenChoice(options: TokenChoiceArguments): TokenChoiceResult;
  thoughtLogProb(options: ThoughtLogProbArguments): LogProbResult;
  tokenLogProb(options: TokenLogProbArguments): LogProbResult;
  /** One AdamW step in place: assigns parameter, master where given, and both moments. */
  adamW(options: AdamWArguments): void;
}
