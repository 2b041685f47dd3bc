/**
 * The reference generator with its integer part in WebAssembly, where a 64-bit product is one instruction. The same words,
 * and the same arithmetic on them as `fillUniform` and `fillNormal` of the tensor package: the same bits.
 */

import { RandomKey, type Shape, shapeSize } from "@soft-tokens/tensor";
import type { DeviceArray } from "../engine/array.ts";
import type { Distribution } from "../kernels/kernels.ts";
import type { WasmDevice } from "./device.ts";

/** Last counter word of each stream. */
const USE: Record<Distribution, number> = { uniform: 0, normal: 1 };

export function random(
  wasm: WasmDevice,
  distribution: Distribution,
  shape: Shape,
  keys: RandomKey | readonly RandomKey[],
): DeviceArray {
  const { heap, simd } = wasm;
  const out = heap.uninitialized(wasm.device, shape);
  if (out.size === 0) return out;
  const list = keys instanceof RandomKey ? [keys] : keys;
  const width = shapeSize(shape) / list.length;
  const blocks = Math.ceil(width / 4);
  const words = heap.scratch(blocks * 16);
  const to = heap.address(out) / 4;
  const { floats } = heap;
  const unsigned = new Uint32Array(floats.buffer, words, blocks * 4);
  const convert = distribution === "uniform" ? toUniform : toNormal;
  list.forEach(({ words: [low, high] }, row) => {
    simd.philoxWords(blocks, low, high, USE[distribution], words);
    convert(unsigned, floats, to + row * width, width);
  });
  return out;
}

/** 24 random bits each. */
function toUniform(words: Uint32Array, out: Float32Array, at: number, n: number): void {
  for (let i = 0; i < n; i++) out[at + i] = ((words[i] as number) >>> 8) * 2 ** -24;
}

/** Box-Muller on uniforms in (0, 1] and [0, 1). */
function toNormal(words: Uint32Array, out: Float32Array, at: number, n: number): void {
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(((words[i] as number) + 1) * 2 ** -32));
    const angle = 2 * Math.PI * ((words[i + 1] as number) * 2 ** -32);
    out[at + i] = radius * Math.cos(angle);
    if (i + 1 < n) out[at + i + 1] = radius * Math.sin(angle);
  }
}
