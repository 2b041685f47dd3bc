/**
 * A look at whether a backend computes rightly, and how fast. Small known values in plain JavaScript numbers are the oracle; the
 * conformance suite is what really tests a backend. Axes: M, K, N of a matrix product [M, K] x [K, N].
 */

import type { Backend, FloatDType, Tensor } from "@soft-tokens/tensor";

export interface SelfTest {
  readonly checks: readonly SelfTestCheck[];
  /** Best of several: 10^9 floating-point operations per second of a square product. */
  readonly matrixRate: Readonly<
    Partial<Record<FloatDType, { readonly gflops: number; readonly size: number }>>
  >;
}

export interface SelfTestCheck {
  readonly name: string;
  readonly dtype: FloatDType;
  /** Largest difference, relative to the largest value. Null where the operation failed. */
  readonly error: number | null;
  readonly bound: number;
  readonly passed: boolean;
  /** What the operation said when it failed. */
  readonly message: string | null;
}

/** Eight bits of mantissa round each stored value by 2^-9; float32 sums of a few values stay near 2^-24. */
const BOUND: Readonly<Record<FloatDType, number>> = { float32: 1e-5, bfloat16: 2 ** -6 };
const SIZES = [128, 256, 512, 1024, 2048] as const;
/** A product that takes less says more about the call than about the arithmetic. */
const WANTED_MS = 30;

export async function runSelfTest(backend: Backend, seconds: number, signal: AbortSignal): Promise<SelfTest> {
  const dtypes = (["float32", "bfloat16"] as const).filter((dtype) => backend.capabilities.dtypes.has(dtype));
  const checks: SelfTestCheck[] = [];
  for (const dtype of dtypes) checks.push(...(await checkValues(backend, dtype)));
  const matrixRate: Record<string, { gflops: number; size: number }> = {};
  for (const dtype of dtypes) {
    if (checks.some((check) => check.dtype === dtype && check.error === null)) continue;
    matrixRate[dtype] = await measureRate(backend, dtype, (seconds * 1000) / dtypes.length, signal);
  }
  return { checks, matrixRate };
}

async function checkValues(backend: Backend, dtype: FloatDType): Promise<SelfTestCheck[]> {
  const [M, K, N] = [5, 7, 3];
  const a = Array.from({ length: M * K }, (_, index) => ((index * 37) % 17) / 8 - 1);
  const b = Array.from({ length: K * N }, (_, index) => ((index * 53) % 19) / 8 - 1);
  const product = plainMatmul(a, b, M, K, N);
  const b_NK = Array.from({ length: N * K }, (_, index) => b[(index % K) * N + Math.floor(index / K)] ?? 0);
  // d/dA of the sum of (AB)^2 is 2 (AB) B^T.
  const gradient = plainMatmul(product, b_NK, M, N, K).map((value) => 2 * value);
  const make = (values: readonly number[], shape: readonly number[]) => {
    using full = backend.tensor(values, shape, "float32");
    return backend.cast(full, dtype);
  };
  using a_MK = make(a, [M, K]);
  using b_KN = make(b, [K, N]);
  const differentiate = () => {
    const { value, gradients } = backend.valueAndGrad(() => {
      using stored_MN = backend.matmul(a_MK, b_KN);
      using product_MN = backend.cast(stored_MN, "float32");
      using square_MN = backend.square(product_MN);
      return backend.sum(square_MN);
    }, [a_MK]);
    value.dispose();
    return gradients[0] as Tensor;
  };
  return [
    await compare("matmul", dtype, backend, () => backend.matmul(a_MK, b_KN), product),
    await compare("softmax", dtype, backend, () => backend.softmax(a_MK), plainSoftmax(a, K)),
    await compare("gradient", dtype, backend, differentiate, gradient),
  ];
}

async function compare(
  name: string,
  dtype: FloatDType,
  backend: Backend,
  compute: () => Tensor,
  wanted: readonly number[],
): Promise<SelfTestCheck> {
  const bound = BOUND[dtype];
  try {
    using result = compute();
    const got = await backend.read(result);
    const largest = Math.max(...wanted.map(Math.abs));
    const differences = wanted.map((value, index) => Math.abs((got[index] ?? Number.NaN) - value) / largest);
    const error = differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...differences);
    return { name, dtype, error, bound, passed: error <= bound, message: null };
  } catch (error) {
    return { name, dtype, error: null, bound, passed: false, message: (error as Error).message };
  }
}

/** Grows the product until one takes long enough, then repeats it until the time is over. */
async function measureRate(
  backend: Backend,
  dtype: FloatDType,
  budgetMs: number,
  signal: AbortSignal,
): Promise<{ gflops: number; size: number }> {
  const started = performance.now();
  let best = { gflops: 0, size: 0 };
  for (const size of SIZES) {
    using full = backend.full([size, size], 0.5, "float32");
    using x = backend.cast(full, dtype);
    const isLast = size === SIZES.at(-1);
    for (let isWarm = false; ; isWarm = true) {
      signal.throwIfAborted();
      const elapsedMs = await timeProduct(backend, x);
      const gflops = (2 * size ** 3) / elapsedMs / 1e6;
      if (isWarm && gflops > best.gflops) best = { gflops, size };
      if (performance.now() - started > budgetMs) return best.size > 0 ? best : { gflops, size };
      if (isWarm && !isLast && elapsedMs < WANTED_MS) break;
    }
  }
  return best;
}

async function timeProduct(backend: Backend, x: Tensor): Promise<number> {
  const started = performance.now();
  using product = backend.matmul(x, x);
  using corner = backend.slice(product, [0, 0], [1, 1]);
  await backend.read(corner);
  return performance.now() - started;
}

function plainMatmul(a: readonly number[], b: readonly number[], M: number, K: number, N: number): number[] {
  return Array.from({ length: M * N }, (_, index) => {
    const [row, column] = [Math.floor(index / N), index % N];
    let sum = 0;
    for (let k = 0; k < K; k++) sum += (a[row * K + k] ?? 0) * (b[k * N + column] ?? 0);
    return sum;
  });
}

function plainSoftmax(x: readonly number[], width: number): number[] {
  return x.map((value, index) => {
    const row = x.slice(index - (index % width), index - (index % width) + width);
    return Math.exp(value) / row.reduce((sum, other) => sum + Math.exp(other), 0);
  });
}
