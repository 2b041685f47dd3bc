/**
 * The addon as TypeScript sees it. An operation is given the slots that its results go to, then its arguments; tensors are
 * slot numbers. It returns at once: the worker computes, and `read` brings a value, or the first failure, back.
 */

import type { DType, TensorData } from "@soft-tokens/tensor";

/** A place for one native tensor. */
export type Slot = number;
/** `null`: no tensor. */
type MaybeSlot = Slot | null;

/** Numbers of dtypes at the door; `dtype_of` in native/src/bind.h. */
export const dtypeCode: Readonly<Record<DType, number>> = { float32: 0, bfloat16: 1, int32: 2, bool: 3 };

type Unary = (out: Slot, x: Slot) => void;
type Binary = (out: Slot, a: Slot, b: Slot) => void;
type Reduction = (out: Slot, x: Slot, axes: readonly number[], keepAxes: boolean) => void;

export interface NativeOperations {
  fromHost(out: Slot, data: NodeJS.TypedArray, shape: readonly number[], source: number, dtype: number): void;
  full(out: Slot, shape: readonly number[], value: number, dtype: number): void;
  arange(out: Slot, start: number, stop: number): void;

  /** The same tensor under another number. */
  same: Unary;
  clone: Unary;
  cast(out: Slot, x: Slot, dtype: number): void;
  reshape(out: Slot, x: Slot, shape: readonly number[]): void;
  transpose(out: Slot, x: Slot, permutation: readonly number[]): void;
  broadcastTo(out: Slot, x: Slot, shape: readonly number[]): void;
  concat(out: Slot, xs: readonly Slot[], axis: number): void;
  slice(out: Slot, x: Slot, begin: readonly number[], size: readonly number[]): void;
  takeRows(out: Slot, table: Slot, ids: Slot): void;
  takeAlongLast(out: Slot, x: Slot, ids: Slot): void;
  oneHot(out: Slot, ids: Slot, depth: number, dtype: number): void;

  add: Binary;
  subtract: Binary;
  multiply: Binary;
  divide: Binary;
  maximum: Binary;
  minimum: Binary;
  affine(out: Slot, x: Slot, scale: number, shift: number): void;
  negate: Unary;
  abs: Unary;
  exp: Unary;
  log: Unary;
  sqrt: Unary;
  rsqrt: Unary;
  square: Unary;
  tanh: Unary;
  sigmoid: Unary;
  silu: Unary;
  equal: Binary;
  less: Binary;
  lessEqual: Binary;
  greater: Binary;
  greaterEqual: Binary;
  logicalAnd: Binary;
  logicalOr: Binary;
  logicalNot: Unary;
  where(out: Slot, condition: Slot, a: Slot, b: Slot): void;

  sum: Reduction;
  mean: Reduction;
  max: Reduction;
  min: Reduction;
  argMax: Unary;
  topK(outs: readonly Slot[], x: Slot, k: number): void;
  softmax: Unary;
  logSoftmax: Unary;
  logSumExp: Unary;

  matmul(out: Slot, a: Slot, b: Slot, transposeA: boolean, transposeB: boolean, dtype: number): void;

  randomUniform(out: Slot, keys: Uint32Array, shape: readonly number[]): void;
  randomNormal(out: Slot, keys: Uint32Array, shape: readonly number[]): void;
  sampleCategorical(out: Slot, probabilities_RV: Slot, uniform_R: Slot): void;

  /** The output is the target's own slot. */
  assign(out: Slot, target: Slot, value: Slot): void;
  /** One start, or one per index of the first axis. */
  writeSlice(out: Slot, target: Slot, update: Slot, axis: number, starts: readonly number[]): void;
  writeSliceAt(out: Slot, target: Slot, update: Slot, axis: number, starts: Slot): void;

  setRecording(outs: readonly Slot[], isOn: boolean): void;
  leaf: Unary;
  stopGradient: Unary;
  gradients(
    outs: readonly Slot[],
    outputs: readonly Slot[],
    upstream: readonly Slot[],
    leaves: readonly Slot[],
    keepsGraph: boolean,
  ): void;
  addGradients(out: Slot, a: Slot, b: Slot): void;
  openGradientSums(outs: readonly Slot[]): void;
  closeGradientSums(outs: readonly Slot[]): void;
  /** Of this and of the next, the outputs are the sums' own slots. */
  setGradientSums(outs: readonly Slot[], leaves: readonly Slot[], sums: readonly Slot[]): void;
  addToGradientSums(outs: readonly Slot[], sums: readonly Slot[], parts: readonly Slot[]): void;
  gradientOrZeros(out: Slot, gradient: Slot, shape: readonly number[], dtype: number): void;

  rmsNorm(out: Slot, x: Slot, weight: Slot, epsilon: number): void;
  rotary(out: Slot, x: Slot, cos: Slot, sin: Slot): void;
  attention(
    out: Slot,
    query: Slot,
    key: Slot,
    value: Slot,
    mask: MaybeSlot,
    prefixKey: MaybeSlot,
    prefixValue: MaybeSlot,
    prefixMask: MaybeSlot,
    rowsPerPrompt: readonly number[],
    scale: number,
  ): void;
  gatedMlp(out: Slot, x: Slot, gate: Slot, up: Slot, down: Slot, dtype: number): void;
  /** mixture, argmax, entropy and, for topK > 0, ids and probabilities. */
  mixture(
    outs: readonly Slot[],
    hidden: Slot,
    weight: Slot,
    embedding: Slot,
    temperature: number,
    topK: number,
    maxElements: number,
  ): void;
  /** ids, log-probability, entropy and, for topK > 0, ids and probabilities. */
  tokenChoice(
    outs: readonly Slot[],
    hidden: Slot,
    weight: Slot,
    uniform: MaybeSlot,
    temperature: number,
    topK: number,
    maxElements: number,
  ): void;
  /** value, log-probabilities, entropies. */
  thoughtLogProb(
    outs: readonly Slot[],
    hidden: Slot,
    weight: Slot,
    embedding: Slot,
    thought: Slot,
    coefficient: Slot,
    temperature: number,
    sigma: number,
    embeddingGradient: boolean,
    maxElements: number,
  ): void;
  tokenLogProb(
    outs: readonly Slot[],
    hidden: Slot,
    weight: Slot,
    ids: Slot,
    coefficient: Slot,
    temperature: number,
    maxElements: number,
  ): void;
  /** The outputs are the slots of parameter, moments and, where given, the master copy. */
  adamW(
    outs: readonly Slot[],
    parameter: Slot,
    master: MaybeSlot,
    gradient: Slot,
    firstMoment: Slot,
    secondMoment: Slot,
    roundingKey: Uint32Array,
    step: number,
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    weightDecay: number,
    gradientScale: number,
  ): void;
}

/** Calls and seconds of one operation. */
export interface OperationTime {
  readonly calls: number;
  readonly seconds: number;
}

/** Slots of a recording: see native/src/recording.h. */
interface RecordedRegion {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  readonly own: readonly Slot[];
  readonly outer: readonly Slot[];
}

export interface NativeEngine {
  readonly operations: NativeOperations;
  /** Rejects with an error that has a `code` of the contract. */
  read(slot: Slot): Promise<TensorData>;
  free(slot: Slot): void;
  /** From here on operations and frees are kept as well as done. */
  beginRecording(id: number): void;
  /** The results take what is in the region's outputs, whose slots are free then. */
  endRecording(id: number, region: RecordedRegion, results: readonly Slot[]): void;
  /** Does again what was kept, with other inputs. */
  replay(id: number, inputs: readonly Slot[], results: readonly Slot[]): void;
  /** Also where it has not ended. Frees its slots. */
  dropRecording(id: number, own: readonly Slot[]): void;
  /** Waits for the operation that runs, drops the rest. */
  close(): void;
  setProfiling(isOn: boolean): void;
  /** Sums by operation since the last call. */
  takeProfile(): Promise<Record<string, OperationTime>>;
}

/** Matrix unit, or the instructions that stand in for one: see native/src/kernels/tiles.h. */
export type TileUnit = "amx" | "avx512bf16" | "avx512" | "avx2";

export interface NativeDescription {
  /** Version of the libtorch that the addon was built against. */
  readonly libtorch: string;
  /** Instruction set that libtorch chose: "AVX512". */
  readonly cpuCapability: string;
  readonly threads: number;
  /** Instructions of this processor that our own bfloat16 products are written for, the fastest first. */
  readonly tileUnits: readonly TileUnit[];
  readonly cudaDevices: number;
  /** Why there is no CUDA device; empty where there is one. */
  readonly cudaReason: string;
  readonly hasMps: boolean;
  /** The module for CUDA graphs lies beside the addon. */
  readonly cudaGraphs: boolean;
}

export interface NativeAddon {
  describe(): NativeDescription;
  createEngine(options: {
    readonly device: "cpu" | "cuda" | "mps";
    /** 0: libtorch's own choice. */
    readonly threads: number;
    /** Process-wide. @throws RangeError where the processor lacks a tile unit */
    readonly kernels: "own" | "portable" | TileUnit;
    /** Hears of what makes replays slower than they could be. */
    readonly warn: (message: string) => void;
  }): NativeEngine;
}
