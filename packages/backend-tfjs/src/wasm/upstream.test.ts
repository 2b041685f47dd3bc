/**
 * What is wrong or missing in TensorFlow.js's WebAssembly build, asked of it directly. A test that fails here after an
 * update is good news: upstream mended it, and the repair that the title names can go.
 */

import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { createTfjsBackend } from "../create.ts";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs") as TensorFlow;
const keeper = await createTfjsBackend({ variant: "wasm" });
await tf.setBackend("wasm");

describe("TensorFlow.js 4.22 on WebAssembly", () => {
  it("writes integer bits into a float oneHot (kernels/host-index.ts)", () => {
    const got = tf.oneHot(tf.tensor1d([1], "int32"), 2, 1, 0, "float32").dataSync();
    expect(got[1]).not.toBe(1);
  });

  it("truncates before it asks whether a number is zero (kernels/host-elementwise.ts, cast)", () => {
    expect(tf.cast(tf.tensor1d([0.5]), "bool").dataSync()[0]).toBe(0);
  });

  it("loses a NaN in maximum (kernels/stock.ts, binary)", () => {
    const nan = tf.tensor1d([Number.NaN, 1]);
    const one = tf.tensor1d([1, Number.NaN]);
    expect(Array.from(tf.maximum(nan, one).dataSync()).every(Number.isNaN)).toBe(false);
  });

  it("loses the small numbers of a long sum (kernels/stock.ts, reduce)", () => {
    const mean = tf.mean(tf.fill([65536], 0.1)).dataSync()[0] as number;
    expect(Math.abs(mean - 0.1)).toBeGreaterThan(1e-5);
  });

  it("has no kernel for the gradient of gather (kernels/host-index.ts, addRows)", () => {
    expect(tf.getKernel("UnsortedSegmentSum", "wasm") ?? null).toBeNull();
  });

  it("multiplies by an operand as it was first seen, whatever its shape now (kernels/stock-matmul.ts)", () => {
    const a = tf.ones([2, 4]);
    const w = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [4, 3]);
    tf.matMul(a, w).dataSync();
    // Both shapes have twelve numbers, so that the stale operand is read inside its memory.
    const b = tf.ones([2, 3]);
    const got = Array.from(tf.matMul(b, tf.reshape(w, [3, 4])).dataSync()).slice(0, 4);
    expect(got).not.toEqual([15, 18, 21, 24]);
  });

  it("puts its own handlers on the process (load/process-listeners.ts)", () => {
    const source = require("node:fs").readFileSync(
      require.resolve("@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js"),
      "utf8",
    ) as string;
    expect(source).toContain('process["on"]("uncaughtException"');
    const left = (["uncaughtException", "unhandledRejection"] as const)
      .flatMap((event) => process.rawListeners(event))
      .map(String);
    expect(left.filter((text) => text.includes("ExitStatus") || text.includes("throw reason"))).toEqual([]);
    keeper.dispose();
  });
});

interface TfTensor {
  dataSync(): ArrayLike<number>;
}

interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  getKernel(name: string, backend: string): object | null | undefined;
  tensor(data: readonly number[], shape: readonly number[]): TfTensor;
  tensor1d(data: readonly number[], dtype?: string): TfTensor;
  ones(shape: readonly number[]): TfTensor;
  fill(shape: readonly number[], value: number): TfTensor;
  oneHot(ids: TfTensor, depth: number, on: number, off: number, dtype: string): TfTensor;
  cast(x: TfTensor, dtype: string): TfTensor;
  maximum(a: TfTensor, b: TfTensor): TfTensor;
  mean(x: TfTensor): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
}
