/**
 * Matrix products on TensorFlow.js's `BatchMatMul`.
 *
 * A right operand without batch axes is one 2-D product over all rows, which every variant computes fastest. Batch axes
 * are repeated by hand where they broadcast: the stock kernels disagree about it.
 */

import { type Shape, shapeSize } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { Device } from "../engine/device.ts";
import type { Kernels } from "./kernels.ts";

export function stockMatmul(
  device: Device,
  kernels: Kernels,
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
  if (shapeSize(shape) === 0 || K === 0) return kernels.full(shape, 0, a.dtype);

  const isFlat = shapeSize(b.shape.slice(0, -2)) === 1 && !transposeA;
  const count = isFlat ? 1 : shapeSize(batch);
  using fullA = isFlat ? a.view() : kernels.broadcastTo(a, [...batch, rowsA, columnsA]);
  using fullB = isFlat ? b.view() : kernels.broadcastTo(b, [...batch, rowsB, columnsB]);
  using left = fullA.view([count, fullA.size / count / columnsA, columnsA]);
  using right = freshlyPacked(kernels, fullB.view([count, rowsB, columnsB]));
  const flatShape = isFlat ? [1, shapeSize(batch) * M, N] : [count, M, N];
  using product = device.run(
    "BatchMatMul",
    { a: left, b: right },
    { transposeA, transposeB },
    flatShape,
    "float32",
  );
  return product.view(shape);
}

/**
 * The WebAssembly kernel caches the packed second operand under its id and forgets its shape: the same storage seen under
 * another shape gives silent garbage. Such an operand is copied.
 */
function freshlyPacked(kernels: Kernels, right: DeviceArray): DeviceArray {
  const seenAs = right.shape.join("x");
  const { storage } = right;
  storage.packedAs ??= seenAs;
  if (storage.packedAs === seenAs) return right;
  using stale = right;
  const copy = kernels.affine(stale, 1, 0);
  copy.storage.packedAs = seenAs;
  return copy;
}
