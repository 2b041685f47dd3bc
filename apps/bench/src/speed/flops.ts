/**
 * How many floating-point operations a batch needs (method.md sections 12 and 13): a product of [m, k] with [k, n] is 2 m k n.
 * What is needed is counted and not what is done: nothing that is computed a second time (checkpointed layers, a prompt that
 * several micro-batches share, the head's second visit), no padding, no norms, rotations and other elementwise work.
 *
 * Axes: P prompts of S tokens, B rows of T tokens after their prompt; D hidden, F ffn, N query heads, K kv heads, H head size,
 * L layers, V vocabulary.
 */

import type { ModelConfig } from "@soft-tokens/model";

export interface BatchShape {
  /** P */
  readonly prompts: number;
  /** S */
  readonly promptTokens: number;
  /** B */
  readonly rows: number;
  /** T: inputs after the prompt. */
  readonly suffixTokens: number;
  /** Scored thought steps of all rows. */
  readonly thoughtTokens: number;
  /** Scored answer tokens of all rows. */
  readonly answerTokens: number;
  /** Thoughts are mixtures p E and not tokens. */
  readonly isMixture: boolean;
}

export interface Flops {
  readonly linear: number;
  readonly attention: number;
  readonly head: number;
  readonly total: number;
}

/** Tokens that pass the linear layers; with shared prompts each prompt once, without once for every row. */
export function linearTokens(
  shape: Omit<BatchShape, "isMixture">,
  { isShared }: { readonly isShared: boolean },
): number {
  const { prompts, promptTokens, rows, suffixTokens } = shape;
  return (isShared ? prompts : rows) * promptTokens + rows * suffixTokens;
}

/** Numbers in one layer's matrices: q, k, v, o and the three of the gated MLP. */
function matrixParametersOfLayer(config: ModelConfig): number {
  const { hiddenSize: D, ffnSize: F, queryHeads: N, kvHeads: K, headSize: H } = config;
  return D * (N + 2 * K) * H + N * H * D + 3 * D * F;
}

/**
 * The forward pass of a training batch:
 *
 *   linear      2 x matrix parameters of all layers x tokens, a prompt counted once for its rows
 *   attention   q k^T and the mixture of values, 2 x 2 N H per pair of a token and one that it sees, L times; the tokens of
 *               a prompt see S (S + 1) / 2 pairs, those of a row T S + T (T + 1) / 2
 *   head        z = h W^T for every scored token, and mu = p E for a mixture: 2 D V each
 */
export function forwardFlops(config: ModelConfig, shape: BatchShape): Flops {
  const { hiddenSize: D, queryHeads: N, headSize: H, layers: L, vocabularySize: V } = config;
  const { prompts: P, promptTokens: S, rows: B, suffixTokens: T } = shape;
  const pairs = (P * S * (S + 1)) / 2 + B * (T * S + (T * (T + 1)) / 2);
  const productsPerThought = shape.isMixture ? 2 : 1;
  return sum({
    linear: 2 * L * matrixParametersOfLayer(config) * linearTokens(shape, { isShared: true }),
    attention: 4 * L * N * H * pairs,
    head: 2 * D * V * (productsPerThought * shape.thoughtTokens + shape.answerTokens),
  });
}

/**
 * Forward and backward. A linear layer's backward has two products of the forward's size (for its input and its weight), and
 * so has attention's (four products for the forward's two). The head's products per token are 3 for a token (z, dH, dW)
 * and 6 for a mixture (z, mu, g E^T, dH, dW, dE).
 */
export function trainingFlops(config: ModelConfig, shape: BatchShape): Flops {
  const { hiddenSize: D, vocabularySize: V } = config;
  const { linear, attention } = forwardFlops(config, shape);
  const productsPerThought = shape.isMixture ? 6 : 3;
  return sum({
    linear: 3 * linear,
    attention: 3 * attention,
    head: 2 * D * V * (productsPerThought * shape.thoughtTokens + 3 * shape.answerTokens),
  });
}

/**
 * The same without the head's products that a peaked p makes unnecessary: where few tokens carry the mass, of the six products
 * of a mixture only z is one over the vocabulary, the others are gathered. What a backend that does so has computed; a share
 * of the matrix rate that counts more would praise it for work that it left out.
 */
export function trainingFlopsOfPeaked(config: ModelConfig, shape: BatchShape): Flops {
  const flops = trainingFlops(config, shape);
  if (!shape.isMixture) return flops;
  const { hiddenSize: D, vocabularySize: V } = config;
  return sum({ ...flops, head: flops.head - 2 * D * V * 5 * shape.thoughtTokens });
}

function sum({ linear, attention, head }: Omit<Flops, "total">): Flops {
  return { linear, attention, head, total: linear + attention + head };
}
