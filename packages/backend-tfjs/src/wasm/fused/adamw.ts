/** One AdamW step in place: one pass over parameter (or its master copy), gradient and both moments. */

import type { AdamWArguments } from "@soft-tokens/tensor";
import type { Runtime } from "../../engine/runtime.ts";
import type { WasmDevice } from "../device.ts";
import { ownExclusively } from "../in-place.ts";
import { copy } from "../move.ts";
import { assertFloat, assertSameShape } from "./checks.ts";

export function adamW(runtime: Runtime, wasm: WasmDevice, options: AdamWArguments): void {
  const { heap, simd } = wasm;
  const parameter = runtime.use(options.parameter, "adamW");
  const master = options.master ? runtime.use(options.master, "adamW") : null;
  const gradient = runtime.use(options.gradient, "adamW");
  const first = runtime.use(options.firstMoment, "adamW");
  const second = runtime.use(options.secondMoment, "adamW");
  assertFloat([parameter, ...(master ? [master] : []), gradient, first, second], "adamW");
  if (master) assertSameShape(master.shape, parameter.shape, "adamW: master");
  assertSameShape(gradient.shape, parameter.shape, "adamW: gradient");
  assertSameShape(first.shape, parameter.shape, "adamW: firstMoment");
  assertSameShape(second.shape, parameter.shape, "adamW: secondMoment");
  const { beta1, beta2, learningRate, step } = options;
  // The gradient last: owning a parameter may move it, and the gradient may be an alias of it.
  const written = [master ?? parameter, first, second].map((handle) => ownExclusively(wasm, handle, "adamW"));
  const [parameterAt, firstAt, secondAt] = written.map((array) => heap.address(array)) as [
    number,
    number,
    number,
  ];
  simd.adamW(
    ...[parameter.size, parameterAt, heap.address(gradient.array("adamW")), firstAt, secondAt],
    ...[options.gradientScale, beta1, beta2, 1 - beta1, 1 - beta2],
    ...[learningRate / (1 - beta1 ** step), 1 / (1 - beta2 ** step), options.epsilon],
    1 - learningRate * options.weightDecay,
  );
  if (master) parameter.replace(copy(wasm, master.array("adamW")), "adamW");
}
