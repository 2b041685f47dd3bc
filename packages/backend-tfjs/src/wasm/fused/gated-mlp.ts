/** (silu(x gate) * (x up)) down: the products of the ordinary kernel, everything between them in one pass. */

import { formatShape, type Tensor, TensorError } from "@soft-tokens/tensor";
import type { DeviceArray } from "../../engine/array.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { WasmDevice } from "../device.ts";
import { matmul } from "../matmul.ts";
import { assertFloat, assertSameShape } from "./checks.ts";

export function gatedMlp(
  runtime: Runtime,
  wasm: WasmDevice,
  operandX: Tensor,
  operandGate: Tensor,
  operandUp: Tensor,
  operandDown: Tensor,
): Tensor {
  const { heap, simd, device } = wasm;
  const [x, gate, up, down] = [operandX, operandGate, operandUp, operandDown].map((operand) =>
    runtime.use(operand, "gatedMlp"),
  ) as [ReturnType<Runtime["use"]>, ...ReturnType<Runtime["use"]>[]];
  if (!gate || !up || !down) throw new TypeError("gatedMlp: wanted three weights");
  assertFloat([x, gate, up, down], "gatedMlp");
  const [D, F] = gate.shape as [number, number];
  if (x.shape.length !== 2 || gate.shape.length !== 2 || x.shape[1] !== D) {
    throw new TensorError(
      "SHAPE_MISMATCH",
      `gatedMlp: inner sizes differ, ${formatShape(x.shape)} x ${formatShape(gate.shape)}`,
    );
  }
  assertSameShape(up.shape, [D, F], "gatedMlp: up");
  assertSameShape(down.shape, [F, down.shape[1] as number], "gatedMlp: down");

  const product = (a: DeviceArray, b: DeviceArray, transposeA = false, transposeB = false) =>
    matmul(wasm, a, b, transposeA, transposeB, []);
  const data = [x, gate, up, down].map((handle) => handle.array("gatedMlp"));
  const [dataX, dataGate, dataUp, dataDown] = data as [DeviceArray, DeviceArray, DeviceArray, DeviceArray];
  using gated = product(dataX, dataGate);
  using upped = product(dataX, dataUp);
  using hidden = heap.uninitialized(device, gated.shape);
  simd.gatedUnit(hidden.size, heap.address(gated), heap.address(upped), heap.address(hidden));
  const y = runtime.wrap(product(hidden, dataDown));
  const inputs = [x, gate, up, down];
  if (!inputs.some((input) => runtime.isTracked(input))) return y;

  using keptGated = runtime.keep(gated.view());
  using keptUpped = runtime.keep(upped.view());
  const wanted = inputs.map((input) => runtime.isTracked(input));
  runtime.record(y, inputs, [...inputs, keptGated, keptUpped], (dy, saved) => {
    const arrays = saved.map((handle) => handle.array("gatedMlp"));
    const [savedX, savedGate, savedUp, savedDown, g, u] = arrays as [
      DeviceArray,
      DeviceArray,
      DeviceArray,
      DeviceArray,
      DeviceArray,
      DeviceArray,
    ];
    const upstream = dy.array("gatedMlp");
    using dHidden = product(upstream, savedDown, false, true);
    using dUp = heap.uninitialized(device, g.shape);
    using again = heap.uninitialized(device, g.shape);
    simd.gatedGradient(
      ...[g.size, heap.address(g), heap.address(u), heap.address(dHidden)],
      ...[heap.address(dHidden), heap.address(dUp), heap.address(again)],
    );
    const towardsX = () => {
      const viaGate = product(dHidden, savedGate, false, true);
      using viaUp = product(dUp, savedUp, false, true);
      const at = heap.address(viaGate);
      simd.binary(0, 1, viaGate.size, at, 0, 4, heap.address(viaUp), 0, 4, at);
      return viaGate;
    };
    const parts = [
      towardsX,
      () => product(savedX, dHidden, true),
      () => product(savedX, dUp, true),
      () => product(again, upstream, true),
    ];
    return parts.map((part, at) => (wanted[at] ? runtime.wrap(part()) : null));
  });
  return y;
}
