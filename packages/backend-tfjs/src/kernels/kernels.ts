/**
 * What a variant computes: one function per primitive, on arrays that were checked before. No gradients, no checks,
 * no broadcasting rules of its own: result shapes are given. Results are new arrays that the caller owns.
 */

import type { DType, RandomKey, Shape } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";

export type UnaryOperation =
  | "negate"
  | "abs"
  | "exp"
  | "log"
  | "sqrt"
  | "rsqrt"
  | "square"
  | "tanh"
  | "sigmoid"
  | "silu";
export type BinaryOperation = "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";
export type CompareOperation =
  | "equal"
  | "less"
  | "lessEqual"
  | "greater"
  | "greaterEqual"
  | "logicalAnd"
  | "logicalOr";
export type Distribution = "normal" | "uniform";
export type ReduceOperation = "sum" | "mean" | "max" | "min";

export interface Kernels {
  unary(operation: UnaryOperation, x: DeviceArray): DeviceArray;
  logicalNot(x: DeviceArray): DeviceArray;
  /** x * scale + shift */
  affine(x: DeviceArray, scale: number, shift: number): DeviceArray;
  binary(operation: BinaryOperation, a: DeviceArray, b: DeviceArray, shape: Shape): DeviceArray;
  /** sum + part of one shape; may reuse the memory of `sum` where nobody else holds it. */
  accumulate(sum: DeviceArray, part: DeviceArray): DeviceArray;
  compare(operation: CompareOperation, a: DeviceArray, b: DeviceArray, shape: Shape): DeviceArray;
  where(condition: DeviceArray, a: DeviceArray, b: DeviceArray, shape: Shape): DeviceArray;
  cast(x: DeviceArray, dtype: DType): DeviceArray;
  full(shape: Shape, value: number, dtype: DType): DeviceArray;
  /** Over `axes` (ascending, counted from the front); these axes are dropped. */
  reduce(operation: ReduceOperation, x: DeviceArray, axes: readonly number[]): DeviceArray;
  /** Over the last axis. */
  argMax(x: DeviceArray): DeviceArray;
  topK(x: DeviceArray, k: number): { values: DeviceArray; indices: DeviceArray };
  /** [..., M, K] x [..., K, N] after the transpositions; leading axes broadcast to `batch`. */
  matmul(a: DeviceArray, b: DeviceArray, transposeA: boolean, transposeB: boolean, batch: Shape): DeviceArray;
  /** Infinities become 0: subtracted from themselves they would be NaN. */
  finiteOrZero(x: DeviceArray): DeviceArray;
  softmax(x: DeviceArray): DeviceArray;
  /** y (dy - sum(dy y)), y being the softmax. */
  softmaxGradient(y: DeviceArray, dy: DeviceArray): DeviceArray;
  logSoftmax(x: DeviceArray): DeviceArray;
  /** dy - exp(y) sum(dy), y being the logarithm of the softmax. */
  logSoftmaxGradient(y: DeviceArray, dy: DeviceArray): DeviceArray;
  /** Drops the last axis. */
  logSumExp(x: DeviceArray): DeviceArray;
  transpose(x: DeviceArray, permutation: readonly number[]): DeviceArray;
  broadcastTo(x: DeviceArray, shape: Shape): DeviceArray;
  concat(xs: readonly DeviceArray[], axis: number): DeviceArray;
  slice(x: DeviceArray, begin: readonly number[], size: readonly number[]): DeviceArray;
  /** Zeros of `shape` with `x` placed at `begin`: the gradient of `slice`. */
  place(x: DeviceArray, shape: Shape, begin: readonly number[]): DeviceArray;
  /** table [N, ...] and ids [...] -> [...ids, ...]. @throws INDEX_OUT_OF_RANGE */
  takeRows(table: DeviceArray, ids: DeviceArray): DeviceArray;
  /** Sums rows with the same id into zeros of `shape`: the gradient of `takeRows`. */
  addRows(x: DeviceArray, ids: DeviceArray, shape: Shape): DeviceArray;
  /** @throws INDEX_OUT_OF_RANGE */
  takeAlongLast(x: DeviceArray, ids: DeviceArray): DeviceArray;
  /** Zeros of `shape` with one value per row placed at its id: the gradient of `takeAlongLast`. */
  putAlongLast(x: DeviceArray, ids: DeviceArray, shape: Shape): DeviceArray;
  oneHot(ids: DeviceArray, depth: number, dtype: DType): DeviceArray;
  /** The reference generator's numbers: one key for all, or one per index of the first axis. */
  random(distribution: Distribution, shape: Shape, keys: RandomKey | readonly RandomKey[]): DeviceArray;
}
