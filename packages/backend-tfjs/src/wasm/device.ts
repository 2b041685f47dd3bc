/** What every kernel of this room works on. */

import type { Device } from "../engine/device.ts";
import type { WasmHeap } from "./heap.ts";
import type { SimdKernels } from "./simd.ts";

export interface WasmDevice {
  readonly device: Device;
  readonly heap: WasmHeap;
  readonly simd: SimdKernels;
}
