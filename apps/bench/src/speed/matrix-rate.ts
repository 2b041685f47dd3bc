/**
 * The matrix rate of a backend on this machine, in GFLOP/s: what a training step can be compared with. Measured on the products
 * of the model's own training step, each forward and both ways back, and on a large square one.
 */

import type { ModelConfig } from "@soft-tokens/model";
import { type Backend, type FloatDType, RandomKey } from "@soft-tokens/tensor";
import { secondsPerCall } from "./timing.ts";

export interface MatrixRate {
  /** All products of a step: their operations over their time. */
  readonly model: number;
  readonly square: number;
}

interface Product {
  /** Tokens. */
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** How often the model has it. */
  readonly count: number;
}

/** Rows of the head's products: what a tile of some megabytes holds of a large vocabulary. */
const HEAD_ROWS = 256;

/** The distinct products of one micro-batch of `tokens` tokens. */
function modelProducts(config: ModelConfig, tokens: number): Product[] {
  const { hiddenSize: D, ffnSize: F, queryHeads: N, kvHeads: K, headSize: H, layers: L } = config;
  return [
    { m: tokens, k: D, n: N * H, count: L },
    { m: tokens, k: D, n: K * H, count: 2 * L },
    { m: tokens, k: N * H, n: D, count: L },
    { m: tokens, k: D, n: F, count: 2 * L },
    { m: tokens, k: F, n: D, count: L },
    { m: Math.min(tokens, HEAD_ROWS), k: D, n: config.vocabularySize, count: tokens / HEAD_ROWS },
  ];
}

export interface MatrixRateOptions {
  readonly config: ModelConfig;
  /** Tokens of a micro-batch. */
  readonly tokens: number;
  /** Side of the square product. */
  readonly side: number;
  readonly dtype: FloatDType;
  /** Least time per product. */
  readonly leastSeconds: number;
}

export async function measureMatrixRate(backend: Backend, options: MatrixRateOptions): Promise<MatrixRate> {
  const { config, tokens, side, dtype, leastSeconds } = options;
  let flops = 0;
  let seconds = 0;
  for (const product of modelProducts(config, tokens)) {
    const perPass = await secondsOfProduct(backend, product, dtype, leastSeconds);
    flops += 3 * 2 * product.m * product.k * product.n * product.count;
    seconds += perPass * product.count;
  }
  using a = random(backend, [side, side], dtype);
  using b = random(backend, [side, side], dtype);
  const square = await secondsPerCall(backend, () => backend.matmul(a, b), leastSeconds);
  return { model: flops / seconds / 1e9, square: (2 * side ** 3) / square / 1e9 };
}

/** y = x w, dx = dy w^T and dw = x^T dy together. */
async function secondsOfProduct(
  backend: Backend,
  { m, k, n }: Product,
  dtype: FloatDType,
  leastSeconds: number,
): Promise<number> {
  using x_MK = random(backend, [m, k], dtype);
  using w_KN = random(backend, [k, n], dtype);
  using y_MN = random(backend, [m, n], dtype);
  const calls = [
    () => backend.matmul(x_MK, w_KN),
    () => backend.matmul(y_MN, w_KN, { transposeB: true }),
    () => backend.matmul(x_MK, y_MN, { transposeA: true }),
  ];
  let seconds = 0;
  for (const call of calls) seconds += await secondsPerCall(backend, call, leastSeconds / 3);
  return seconds;
}

/** Not zeros: some processors are faster on them. */
function random(backend: Backend, shape: readonly number[], dtype: FloatDType) {
  using x32 = backend.randomNormal(shape, { key: RandomKey.fromSeed(3) });
  return backend.cast(x32, dtype);
}
