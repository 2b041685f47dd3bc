/**
 * The tensor contract: what a backend is. Types only; the meaning of every operation is pinned by `./conformance`.
 *
 * Invariants, for every operation of every backend:
 * - operations borrow their operands and return new handles that the caller owns and disposes;
 * - a handle that is disposed inside `valueAndGrad`, `checkpoint` or `customGradient` never breaks a gradient;
 * - no implicit dtype promotion (DTYPE_MISMATCH), broadcasting as in NumPy, negative axes count from the end;
 * - operations are called synchronously and may run later; only `read` waits. Errors of shape and dtype are thrown at once;
 * - what `fn` of `valueAndGrad` or `checkpoint` and a `backward` create and do not return is disposed for them;
 * - a view (clone, reshape, slice) made before `assign` or `writeSlice` keeps its old values, a read begun before `dispose` completes;
 * - NaN propagates through `max` and `maximum`; sums and means keep float32 precision however many elements they have.
 */

import type { DType, FloatDType, TensorData } from "./dtype.ts";
import type { FusedOps } from "./fused/contract.ts";
import type { RandomKey } from "./random/key.ts";

export type Shape = readonly number[];

/** A handle to an array that a backend holds. Immutable but for `assign` and `writeSlice`. */
export interface Tensor extends Disposable {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  readonly disposed: boolean;
  /** Idempotent. Any later use throws TensorDisposedError. */
  dispose(): void;
}

/** What a backend can do beyond the required operations. Read it, never a backend's name. */
export interface Capabilities {
  /** Dtypes that arithmetic works on. A tensor of any other dtype throws UNSUPPORTED_OP. float32, int32 and bool are required. */
  readonly dtypes: ReadonlySet<DType>;
  /** Fused operations that override their reference decomposition. */
  readonly fused: ReadonlySet<keyof FusedOps>;
  /** `writeSlice` writes in place; where false it throws UNSUPPORTED_OP. */
  readonly inPlaceWrite: boolean;
  /** The fused `attention` keeps no scores for the backward pass: it computes them again (as FlashAttention, arXiv 2205.14135, does). */
  readonly flashAttention: boolean;
  /** `capture` records a step and replays it; where false it returns a plain call. */
  readonly capture: boolean;
  /** A change of shapes costs more than work on room that is not used yet: a captured step is one launch there (a CUDA graph). */
  readonly prefersSteadyShapes: boolean;
  /** Random bits equal those of the reference generator in this package, and so those of every backend that says so too. */
  readonly portableRandom: boolean;
  /** Where the arithmetic runs, for people: "WebAssembly SIMD", "CUDA, NVIDIA H200". */
  readonly device: string;
}

/** Tensors and bytes that are alive now, and the most bytes that ever were. */
export interface MemoryInfo {
  readonly tensors: number;
  readonly bytes: number;
  readonly peakBytes: number;
  /** Free bytes of a device that has memory of its own (a GPU). Absent where tensors live in the host's memory. */
  readonly availableBytes?: number;
}

export interface AxisOptions {
  /** Defaults to all axes. */
  readonly axis?: number | readonly number[];
  /** Keep reduced axes with size 1. Defaults to `false`. */
  readonly keepDims?: boolean;
}

export interface MatmulOptions {
  /** Transpose the last two axes of the first operand. Defaults to `false`. */
  readonly transposeA?: boolean;
  /** Transpose the last two axes of the second operand. Defaults to `false`. */
  readonly transposeB?: boolean;
  /** "float32" keeps the sums of bfloat16 operands unrounded. Defaults to the operands' dtype. */
  readonly outputDtype?: FloatDType;
}

/** Where `writeSlice` writes. */
export interface WritePlace {
  readonly axis: number;
  /**
   * One for all, or one per index of the first axis (then `axis` is another one): rows of a cache that grow apart. As an int32
   * tensor [R] too, so that a captured function writes at places that move; one outside the target is INDEX_OUT_OF_RANGE at once
   * where the tensor came from `tensor()`, else when something of the target is read, on a GPU undefined.
   */
  readonly start: number | readonly number[] | Tensor;
}

export interface RandomOptions {
  /**
   * One key for the whole tensor, or one per index of the first axis: row i is then exactly what
   * `shape.slice(1)` with `key[i]` alone would give, whatever the batch around it.
   */
  readonly key: RandomKey | readonly RandomKey[];
}

/** What `customGradient`'s forward function returns. */
export interface CustomGradientResult {
  readonly value: Tensor;
  /** Further results without gradient. */
  readonly aux?: readonly Tensor[];
  /** Tensors that `backward` needs. The backend takes ownership and disposes them when no backward can come any more. */
  readonly saved: readonly Tensor[];
  /** Upstream gradient of `value` and the saved tensors -> one gradient per input (`null`: no gradient flows there). */
  readonly backward: (upstream: Tensor, saved: readonly Tensor[]) => readonly (Tensor | null)[];
}

export interface Differentiated {
  readonly value: Tensor;
  /** In the order of the parameters, with their shapes; zeros for a parameter that the value does not depend on. */
  readonly gradients: readonly Tensor[];
  readonly aux: readonly Tensor[];
}

export interface DifferentiateOptions {
  /**
   * One float32 tensor for each parameter, of its shape: the gradient is added to it in place, not rounded to the parameter's
   * dtype where the backend can help it, and `gradients` is empty. No parameter may be given twice. `thoughtLogProb` and
   * `tokenLogProb` inside `fn` must enter the value as plain terms, with factor 1: a backend may add their gradients when it
   * computes them, and says by BACKEND_FAILURE where that was wrong. If `fn` throws, a part may have been added.
   */
  readonly addTo?: readonly Tensor[];
}

/** A captured function. Dispose it when it is no longer run; its results live on. */
export interface Captured extends Disposable {
  /**
   * What `fn(inputs)` gives. The caller owns the results.
   * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, INVALID_ARGUMENT where the inputs are not like those of the first run;
   * TENSOR_DISPOSED after its end, or where a tensor that `fn` uses has been disposed
   */
  run(inputs: readonly Tensor[]): Tensor[];
}

/** Values that `tidy` lets live: tensors inside arrays and plain objects are found. */
export type TensorContainer =
  | Tensor
  | null
  | undefined
  | number
  | string
  | boolean
  | readonly TensorContainer[]
  | { readonly [key: string]: TensorContainer };

/** An array engine. Every member is required; what is optional is declared in `capabilities` and throws UNSUPPORTED_OP where it is not. */
export interface Backend extends Disposable {
  /** Stable identifier with its variant, for logs and results: "tfjs-wasm". */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Implementations of the declared fused operations; call through the functions of `@soft-tokens/tensor`, not directly. */
  readonly fused: Partial<FusedOps>;

  // --- creation -----------------------------------------------------------------------------------------------------
  /**
   * Copies `data` (row-major). The dtype defaults to what the kind of array says: Int32Array int32, Uint8Array bool, else float32.
   * @throws SHAPE_MISMATCH when the length is not the product of the shape; INVALID_ARGUMENT for int32 where a value is no whole
   * number of 32 bits
   */
  tensor(data: TensorData | readonly number[], shape: Shape, dtype?: DType): Tensor;
  zeros(shape: Shape, dtype?: DType): Tensor;
  ones(shape: Shape, dtype?: DType): Tensor;
  full(shape: Shape, value: number, dtype?: DType): Tensor;
  /** start, start + 1, ... below stop; int32. */
  arange(start: number, stop: number): Tensor;

  // --- shape and data movement ----------------------------------------------------------------------------------------
  clone(x: Tensor): Tensor;
  /** float -> int32 truncates towards zero; anything -> bool is `x != 0`. Not differentiable towards int32 and bool. */
  cast(x: Tensor, dtype: DType): Tensor;
  /** One size may be -1. @throws INVALID_ARGUMENT for more than one */
  reshape(x: Tensor, shape: Shape): Tensor;
  /** Defaults to reversing the last two axes. */
  transpose(x: Tensor, permutation?: readonly number[]): Tensor;
  broadcastTo(x: Tensor, shape: Shape): Tensor;
  concat(xs: readonly Tensor[], axis: number): Tensor;
  /** A size of -1 reaches to the end of its axis. @throws INDEX_OUT_OF_RANGE */
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  /** table [N, ...], ids int32 of any shape -> [...ids.shape, ...]. Differentiable in the table. @throws INDEX_OUT_OF_RANGE at once where the ids came from `tensor()`, else when the result is read; on a GPU undefined for ids computed there */
  takeRows(table: Tensor, ids: Tensor): Tensor;
  /** x [..., V], ids int32 [...] -> [...]: x at one index of its last axis. Differentiable in x. @throws INDEX_OUT_OF_RANGE as `takeRows` */
  takeAlongLast(x: Tensor, ids: Tensor): Tensor;
  /** ids int32 [...] -> [..., depth]; rows of ids outside [0, depth) are all zero. Defaults to float32. */
  oneHot(ids: Tensor, depth: number, dtype?: DType): Tensor;

  // --- element by element ---------------------------------------------------------------------------------------------
  add(a: Tensor, b: Tensor): Tensor;
  subtract(a: Tensor, b: Tensor): Tensor;
  multiply(a: Tensor, b: Tensor): Tensor;
  /** float only. */
  divide(a: Tensor, b: Tensor): Tensor;
  maximum(a: Tensor, b: Tensor): Tensor;
  minimum(a: Tensor, b: Tensor): Tensor;
  /** x * scale + shift with plain numbers; scale defaults to 1, shift to 0. */
  affine(x: Tensor, options: { readonly scale?: number; readonly shift?: number }): Tensor;
  negate(x: Tensor): Tensor;
  abs(x: Tensor): Tensor;
  exp(x: Tensor): Tensor;
  log(x: Tensor): Tensor;
  sqrt(x: Tensor): Tensor;
  rsqrt(x: Tensor): Tensor;
  square(x: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  sigmoid(x: Tensor): Tensor;
  /** x * sigmoid(x) */
  silu(x: Tensor): Tensor;
  equal(a: Tensor, b: Tensor): Tensor;
  less(a: Tensor, b: Tensor): Tensor;
  lessEqual(a: Tensor, b: Tensor): Tensor;
  greater(a: Tensor, b: Tensor): Tensor;
  greaterEqual(a: Tensor, b: Tensor): Tensor;
  logicalAnd(a: Tensor, b: Tensor): Tensor;
  logicalOr(a: Tensor, b: Tensor): Tensor;
  logicalNot(x: Tensor): Tensor;
  /** condition (bool), broadcast against both. */
  where(condition: Tensor, a: Tensor, b: Tensor): Tensor;

  // --- reductions -----------------------------------------------------------------------------------------------------
  sum(x: Tensor, options?: AxisOptions): Tensor;
  /** float only. */
  mean(x: Tensor, options?: AxisOptions): Tensor;
  max(x: Tensor, options?: AxisOptions): Tensor;
  min(x: Tensor, options?: AxisOptions): Tensor;
  /** Over the last axis, int32; the lowest index wins a tie. */
  argMax(x: Tensor): Tensor;
  /** The k largest of the last axis, descending; the lowest index wins a tie. Not differentiable. */
  topK(x: Tensor, k: number): { values: Tensor; indices: Tensor };

  // --- linear algebra and normalisation ---------------------------------------------------------------------------------
  /** [..., M, K] x [..., K, N] -> [..., M, N]; leading axes broadcast. */
  matmul(a: Tensor, b: Tensor, options?: MatmulOptions): Tensor;
  /** Over the last axis; float32 inside. */
  softmax(x: Tensor): Tensor;
  logSoftmax(x: Tensor): Tensor;
  logSumExp(x: Tensor): Tensor;

  // --- randomness -----------------------------------------------------------------------------------------------------
  /** Standard normal, float32. */
  randomNormal(shape: Shape, options: RandomOptions): Tensor;
  /** Uniform in [0, 1), float32. */
  randomUniform(shape: Shape, options: RandomOptions): Tensor;
  /** probabilities [R, V] (rows sum to about 1) -> ids int32 [R]: inverse of the cumulative sum at one uniform number per row. */
  sampleCategorical(probabilities: Tensor, options: RandomOptions): Tensor;

  // --- mutation -------------------------------------------------------------------------------------------------------
  /** `target` takes `value`'s contents; same shape and dtype. The handle stays the same, so whoever holds it sees the new value. */
  assign(target: Tensor, value: Tensor): void;
  /** Writes `update` into `target` from `start` on along `axis`, in place. @throws UNSUPPORTED_OP without `inPlaceWrite`. Not differentiable. */
  writeSlice(target: Tensor, update: Tensor, place: WritePlace): void;

  // --- gradients ------------------------------------------------------------------------------------------------------
  /**
   * Runs `fn` and differentiates its scalar value by `parameters`, which `fn` uses by closure.
   * The caller owns value, gradients and aux. A parameter given twice gets two gradient handles.
   */
  valueAndGrad(
    fn: () => Tensor | { readonly value: Tensor; readonly aux: readonly Tensor[] },
    parameters: readonly Tensor[],
    options?: DifferentiateOptions,
  ): Differentiated;
  /**
   * `fn(inputs)` without keeping its intermediate results: the backward pass runs it again.
   * Gradients flow to `inputs` only, so a layer passes its parameters in. `fn` must be deterministic.
   */
  checkpoint(fn: (inputs: readonly Tensor[]) => Tensor, inputs: readonly Tensor[]): Tensor;
  /** A function with a backward pass of its own. */
  customGradient(
    inputs: readonly Tensor[],
    forward: (context: { readonly needsGradient: boolean }) => CustomGradientResult,
  ): { value: Tensor; aux: readonly Tensor[] };
  /** The same value, constant for differentiation. */
  stopGradient(x: Tensor): Tensor;

  // --- lifetime and the outside world -----------------------------------------------------------------------------------
  /** Disposes every tensor that `fn` created but does not return. `fn` is synchronous. */
  tidy<T>(fn: () => T): T;
  /** Waits for the value and copies it to the host. bfloat16 comes as float32. */
  read(x: Tensor): Promise<TensorData>;
  memory(): MemoryInfo;
  /**
   * Records `fn` at its first run and replays it at later ones where `capabilities.capture`; elsewhere, and inside `valueAndGrad`, a
   * plain call. Whatever tensors it uses by closure it sees as they are at each run: weights that were assigned since, a cache that it
   * writes to itself. Whatever else it reads stays as it was at the recording: numbers (a start, a scale), shapes, random keys. `fn`
   * does not write to its inputs; what it makes and does not return is disposed.
   */
  capture(fn: (inputs: readonly Tensor[]) => Tensor[]): Captured;
}
