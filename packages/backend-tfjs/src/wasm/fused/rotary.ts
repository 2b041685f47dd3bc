/** Rotary embedding in one pass; its gradient is the transposed rotation. */

import { broadcastShapes, formatShape, type Tensor, TensorError } from "@soft-tokens/tensor";
import type { DeviceArray } from "../../engine/array.ts";
import type { Runtime } from "../../engine/runtime.ts";
import { broadcastStrides } from "../../kernels/layout.ts";
import type { WasmDevice } from "../device.ts";
import { assertFloat, assertSameShape } from "./checks.ts";

export function rotary(
  runtime: Runtime,
  wasm: WasmDevice,
  operandX: Tensor,
  operandCos: Tensor,
  operandSin: Tensor,
): Tensor {
  const x = runtime.use(operandX, "rotary");
  const cos = runtime.use(operandCos, "rotary");
  const sin = runtime.use(operandSin, "rotary");
  assertFloat([x, cos, sin], "rotary");
  const [B = 0, N = 0, T = 0, H = 0] = x.shape;
  if (x.shape.length !== 4 || H % 2 !== 0) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `rotary: wanted [B, N, T, an even H], got ${formatShape(x.shape)}`,
    );
  }
  // Both tables as [B | 1, T | 1, H]; anything smaller is written out first.
  const table = broadcastShapes(cos.shape, sin.shape, "rotary: cos and sin");
  const full = [B, 1, T, H];
  assertSameShape(broadcastShapes(table, full, "rotary: cos and sin"), full, "rotary: cos and sin");
  const shape = [table[0] === B && table.length === 4 ? B : 1, 1, table[table.length - 2] === T ? T : 1, H];
  using cosTable = runtime.keep(runtime.kernels.broadcastTo(cos.array("rotary"), shape));
  using sinTable = runtime.keep(runtime.kernels.broadcastTo(sin.array("rotary"), shape));
  const [strideB = 0, , strideT = 0] = broadcastStrides(shape, full);

  const rotate = (data: DeviceArray, c: DeviceArray, s: DeviceArray, inverse: boolean) => {
    const out = wasm.heap.uninitialized(wasm.device, x.shape);
    wasm.simd.rotate(
      ...[B, N, T, H, wasm.heap.address(data), wasm.heap.address(c), wasm.heap.address(s)],
      ...[strideB * 4, strideT * 4, Number(inverse), wasm.heap.address(out)],
    );
    return runtime.wrap(out);
  };
  const y = rotate(x.array("rotary"), cosTable.array("rotary"), sinTable.array("rotary"), false);
  runtime.record(y, [x], [cosTable, sinTable], (dy, [c, s]) =>
    c && s ? [rotate(dy.array("rotary"), c.array("rotary"), s.array("rotary"), true)] : [],
  );
  return y;
}
