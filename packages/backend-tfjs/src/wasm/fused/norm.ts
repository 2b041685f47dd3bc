/** RMS norm in two passes over each row, forward and backward. */

import { shapeSize, type Tensor } from "@soft-tokens/tensor";
import type { Handle } from "../../engine/handle.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { WasmDevice } from "../device.ts";
import { assertFloat, assertSameShape } from "./checks.ts";

export function rmsNorm(
  runtime: Runtime,
  wasm: WasmDevice,
  operandX: Tensor,
  operandWeight: Tensor,
  { epsilon }: { readonly epsilon: number },
): Tensor {
  const { heap, simd, device } = wasm;
  const x = runtime.use(operandX, "rmsNorm");
  const weight = runtime.use(operandWeight, "rmsNorm");
  assertFloat([x, weight], "rmsNorm");
  assertSameShape(weight.shape, x.shape.slice(-1), "rmsNorm: weight");
  const n = weight.size;
  const rows = shapeSize(x.shape.slice(0, -1));
  const [dataX, dataWeight] = [x.array("rmsNorm"), weight.array("rmsNorm")];
  const result = heap.uninitialized(device, x.shape);
  using inverse = heap.uninitialized(device, [rows]);
  simd.normalizeRows(
    ...[rows, n, heap.address(dataX), heap.address(dataWeight), epsilon],
    ...[heap.address(result), heap.address(inverse)],
  );
  const y = runtime.wrap(result);
  if (!runtime.isTracked(x) && !runtime.isTracked(weight)) return y;
  using keptInverse = runtime.keep(inverse.view());
  runtime.record(y, [x, weight], [x, weight, keptInverse], (dy, saved) => {
    const [savedX, savedWeight, savedInverse] = saved.map((handle) => handle.array("rmsNorm"));
    if (!savedX || !savedWeight || !savedInverse) return [];
    const dx = heap.uninitialized(device, savedX.shape);
    const dw = heap.zeros(device, savedWeight.shape);
    simd.normalizeRowsGradient(
      ...[rows, n, heap.address(savedX), heap.address(savedWeight), heap.address(savedInverse)],
      ...[heap.address((dy as Handle).array("rmsNorm")), heap.address(dx), heap.address(dw)],
    );
    return [runtime.wrap(dx), runtime.wrap(dw)];
  });
  return y;
}
