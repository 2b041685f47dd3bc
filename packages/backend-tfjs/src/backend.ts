/** Puts the operations of one device together into a `Backend`. */

import { type Backend, type Capabilities, TensorError } from "@soft-tokens/tensor";
import { gradientOps } from "./autograd/gradients.ts";
import type { Device } from "./engine/device.ts";
import { Runtime } from "./engine/runtime.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { elementwiseOps } from "./ops/elementwise.ts";
import { lifetimeOps } from "./ops/lifetime.ts";
import { creationOps, movementOps } from "./ops/movement.ts";
import { randomOps } from "./ops/random.ts";
import { matmulOp, reductionOps } from "./ops/reductions.ts";

export interface AssembleOptions {
  readonly name: string;
  readonly device: Device;
  readonly kernels: Kernels;
  /** For people: "WebAssembly SIMD". */
  readonly label: string;
}

export function assembleBackend(options: AssembleOptions): Backend {
  const runtime = new Runtime(options.device, options.kernels);
  const capabilities: Capabilities = {
    dtypes: new Set(["float32", "int32", "bool"]),
    fused: new Set(),
    inPlaceWrite: false,
    capture: false,
    portableRandom: true,
    device: options.label,
  };
  const backend = {
    name: options.name,
    capabilities,
    fused: {},
    writeSlice() {
      throw new TensorError("UNSUPPORTED_OP", "writeSlice: this backend does not write in place");
    },
    dispose() {
      runtime.close();
    },
    [Symbol.dispose]() {
      runtime.close();
    },
  } as unknown as Backend;
  // Gradients are written in the backend's own operations, so these get the object that they become part of.
  return Object.assign(
    backend,
    creationOps(runtime),
    movementOps(runtime, backend),
    elementwiseOps(runtime, backend),
    reductionOps(runtime, backend),
    matmulOp(runtime, backend),
    randomOps(runtime),
    lifetimeOps(runtime),
    gradientOps(runtime, backend),
  );
}
