/** Puts the operations of one device together into a `Backend`. */

import { type Backend, type Capabilities, type FusedOps, TensorError } from "@soft-tokens/tensor";
import { gradientOps } from "./autograd/gradients.ts";
import type { Device } from "./engine/device.ts";
import { Runtime } from "./engine/runtime.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { elementwiseOps } from "./ops/elementwise.ts";
import { lifetimeOps } from "./ops/lifetime.ts";
import { matmulOp } from "./ops/matmul.ts";
import { creationOps, movementOps } from "./ops/movement.ts";
import { randomOps } from "./ops/random.ts";
import { reductionOps } from "./ops/reductions.ts";
import type { Extensions } from "./wasm/extensions.ts";

export interface AssembleOptions {
  readonly name: string;
  readonly device: Device;
  readonly kernels: Kernels;
  /** Fused operations and writes in place, where the variant has them. */
  readonly extend?: (runtime: Runtime) => Extensions;
  /** Frees what the device holds beside arrays. */
  readonly release?: () => void;
  /** For people: "WebAssembly SIMD". */
  readonly label: string;
}

function noWriteSlice(): never {
  throw new TensorError("UNSUPPORTED_OP", "writeSlice: this variant does not write in place");
}

export function assembleBackend(options: AssembleOptions): Backend {
  const runtime = new Runtime(options.device, options.kernels);
  const extensions = options.extend?.(runtime);
  const fused = extensions?.fused ?? {};
  const capabilities: Capabilities = {
    dtypes: new Set(["float32", "int32", "bool"]),
    fused: new Set(Object.keys(fused) as (keyof FusedOps)[]),
    inPlaceWrite: extensions !== undefined,
    flashAttention: false,
    capture: false,
    prefersSteadyShapes: false,
    portableRandom: true,
    device: options.label,
  };
  const dispose = () => {
    if (runtime.close()) options.release?.();
  };
  const backend = {
    name: options.name,
    capabilities,
    fused,
    writeSlice: extensions?.writeSlice ?? noWriteSlice,
    [Symbol.dispose]: dispose,
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
