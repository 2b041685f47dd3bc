/**
 * Matrix products in any orientation by our own blocked kernel.
 *
 * TensorFlow.js's `BatchMatMul` reaches XNNPACK only for a 2-D product without transposition; the rest runs in a scalar
 * loop, 10 to 20 times slower. Its cache of packed operands also makes wrong results possible (kernels/stock-matmul.ts);
 * this kernel keeps none.
 */

import { type Shape, shapeSize, shapesEqual } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import { broadcastStrides } from "../kernels/layout.ts";
import type { WasmDevice } from "./device.ts";
import { GEMM_WORK_BYTES } from "./simd.ts";
import { forEachIndex, mergeAxes } from "./walk.ts";

export function matmul(
  wasm: WasmDevice,
  a: DeviceArray,
  b: DeviceArray,
  transposeA: boolean,
  transposeB: boolean,
  batch: Shape,
): DeviceArray {
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const M = transposeA ? columnsA : rowsA;
  const K = transposeA ? rowsA : columnsA;
  const N = transposeB ? rowsB : columnsB;
  const shape = [...batch, M, N];
  if (K === 0) return wasm.heap.zeros(wasm.device, shape);
  const out = wasm.heap.uninitialized(wasm.device, shape);
  if (out.size === 0) return out;

  const [aRow, aColumn] = transposeA ? [4, columnsA * 4] : [columnsA * 4, 4];
  const [bRow, bColumn] = transposeB ? [4, columnsB * 4] : [columnsB * 4, 4];
  const [aAt, bAt, cAt] = [wasm.heap.address(a), wasm.heap.address(b), wasm.heap.address(out)];
  const work = wasm.heap.scratch(GEMM_WORK_BYTES);
  const run = (
    rows: number,
    aOffset: number,
    bOffset: number,
    cOffset: number,
    count: number,
    aStep: number,
    bStep: number,
  ) =>
    wasm.simd.gemm(
      ...[rows, N, K, aAt + aOffset * 4, aRow, aColumn, bAt + bOffset * 4, bRow, bColumn],
      ...[cAt + cOffset * 4, N * 4, 0, work, count, aStep * 4, bStep * 4, rows * N * 4],
    );

  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  if (shapeSize(batchB) === 1 && !transposeA && shapesEqual(batchA, batch)) {
    run(shapeSize(batch) * M, 0, 0, 0, 1, 0, 0);
    return out;
  }
  // Matrices are the elements of the walk; the innermost axis of batches is a loop inside the module.
  const axes = mergeAxes(batch, broadcastStrides(batchA, batch), broadcastStrides(batchB, batch));
  const inner = axes[axes.length - 1] as { length: number; strideA: number; strideB: number };
  const [sizeA, sizeB, sizeC] = [rowsA * columnsA, rowsB * columnsB, M * N];
  forEachIndex(axes.slice(0, -1), (offsetA, offsetB, index) =>
    run(
      M,
      offsetA * sizeA,
      offsetB * sizeB,
      index * inner.length * sizeC,
      inner.length,
      inner.strideA * sizeA,
      inner.strideB * sizeB,
    ),
  );
  return out;
}
