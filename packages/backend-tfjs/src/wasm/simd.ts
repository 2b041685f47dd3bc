/**
 * Our own SIMD module on TensorFlow.js's heap: instantiation and its guard.
 *
 * The heap's memory is reached through a member that TensorFlow.js does not document. Where it is missing, where the engine
 * has no SIMD, or where the module does not see what the host sees, there is no module and the stock kernels stay.
 */

import type { WasmHeap } from "./heap.ts";
import { RELAXED_SIMD_MODULE, SIMD_MODULE } from "./simd-module.ts";

/** The exports of simd/index.ts; addresses and strides in bytes. */
export interface SimdKernels {
  gemm(...numbers: number[]): void;
  binary(...numbers: number[]): void;
  unary(operation: number, n: number, x: number, out: number): void;
  affine(n: number, x: number, scale: number, shift: number, out: number): void;
  gatedUnit(n: number, gate: number, up: number, out: number): void;
  gatedGradient(...numbers: number[]): void;
  dotGradient(rows: number, n: number, y: number, dy: number, scale: number, out: number): void;
  softmaxRows(rows: number, n: number, x: number, out: number): void;
  sumExpRows(rows: number, n: number, x: number, pairs: number, scratch: number): void;
  argMaxRows(rows: number, n: number, x: number, out: number): void;
  shiftRows(rows: number, n: number, x: number, pairs: number, out: number): void;
  softmaxGradient(rows: number, n: number, y: number, dy: number, out: number): void;
  reduceMiddle(...numbers: number[]): void;
  normalizeRows(...numbers: number[]): void;
  normalizeRowsGradient(...numbers: number[]): void;
  rotate(...numbers: number[]): void;
  attend(...numbers: number[]): void;
  attendBackward(...numbers: number[]): void;
  adamW(...numbers: number[]): void;
  copyRows(rows: number, bytes: number, from: number, fromStep: number, to: number, toStep: number): void;
  fillRows(rows: number, n: number, from: number, fromStep: number, to: number): void;
  transposeBlocks(...numbers: number[]): void;
  takeRowsById(count: number, bytes: number, table: number, ids: number, to: number): void;
  addRowsById(count: number, n: number, from: number, ids: number, table: number): void;
  philoxWords(blocks: number, keyLow: number, keyHigh: number, use: number, out: number): void;
}

/** Bytes that `gemm` needs as work memory: a 4 x 8 tile, a packed block of B (256 x 512), four packed rows of A (256). */
export const GEMM_WORK_BYTES = 128 + 256 * 512 * 4 + 256 * 16;

/** The part of the engine's WebAssembly that we use; its types come with no library that we load. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    readonly Memory: new () => object;
    validate(bytes: Uint8Array): boolean;
    instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: unknown } }>;
  };
};

/**
 * The module, or why there is none. Relaxed SIMD (Node 22 and later, or Node 20 with --experimental-wasm-relaxed-simd) makes
 * products about a quarter faster; its sums are rounded once less, so bits differ between engines, never between two runs.
 */
export async function loadSimd(
  heap: WasmHeap,
): Promise<{ simd: SimdKernels; label: string } | { reason: string }> {
  const memory = heap.backend.wasm.asm?.memory;
  if (!(memory instanceof WebAssembly.Memory)) return { reason: "TensorFlow.js no longer shows its heap" };
  try {
    const relaxed = Buffer.from(RELAXED_SIMD_MODULE, "base64");
    const isRelaxed = WebAssembly.validate(relaxed);
    const bytes = isRelaxed ? relaxed : Buffer.from(SIMD_MODULE, "base64");
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    const simd = instance.exports as SimdKernels;
    if (!multipliesRight(heap, simd)) return { reason: "the SIMD module failed its self-test" };
    return { simd, label: isRelaxed ? "WebAssembly, relaxed SIMD" : "WebAssembly, SIMD" };
  } catch (error) {
    return { reason: `the SIMD module does not start: ${(error as Error).message}` };
  }
}

/** A 5 x 9 product over 7, written and read by the host: the module, the heap and the addresses agree. */
function multipliesRight(heap: WasmHeap, simd: SimdKernels): boolean {
  const [M, N, K] = [5, 9, 7];
  const a = heap.scratch(4 * (M * K + K * N + M * N) + GEMM_WORK_BYTES);
  const b = a + 4 * M * K;
  const c = b + 4 * K * N;
  const work = c + 4 * M * N;
  const { floats } = heap;
  for (let i = 0; i < M * K; i++) floats[a / 4 + i] = (i % 5) - 2;
  for (let i = 0; i < K * N; i++) floats[b / 4 + i] = (i % 7) - 3;
  simd.gemm(M, N, K, a, K * 4, 4, b, N * 4, 4, c, N * 4, 0, work, 1, 0, 0, 0);
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let want = 0;
      for (let k = 0; k < K; k++) want += (((i * K + k) % 5) - 2) * (((k * N + j) % 7) - 3);
      if (floats[c / 4 + i * N + j] !== want) return false;
    }
  }
  return true;
}
