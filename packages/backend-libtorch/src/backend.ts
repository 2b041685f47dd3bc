/** Puts the operations over one native engine together into a `Backend`. */

import type { Backend, Capabilities, FusedOps } from "@soft-tokens/tensor";
import { gradientOps } from "./autograd/gradients.ts";
import { Runtime } from "./engine/runtime.ts";
import type { NativeEngine, OperationTime } from "./native/addon.ts";
import { creationOps } from "./ops/creation.ts";
import { elementwiseOps } from "./ops/elementwise.ts";
import { headOps } from "./ops/head.ts";
import { layerOps } from "./ops/layer.ts";
import { lifetimeOps } from "./ops/lifetime.ts";
import { movementOps } from "./ops/movement.ts";
import { reductionOps } from "./ops/reductions.ts";

export interface LibtorchBackend extends Backend {
  /** One line: which device was chosen, and why not a better one. */
  readonly choice: string;
  /** Ends the engine and frees every tensor; later use throws. Idempotent. */
  dispose(): void;
  /** Measures each operation from now on, or no more; slows down what runs on a GPU, because it waits for each. */
  setProfiling(isOn: boolean): void;
  /** Calls and seconds by operation since the last call. */
  takeProfile(): Promise<Record<string, OperationTime>>;
}

export interface AssembleOptions {
  readonly name: string;
  readonly engine: NativeEngine;
  /** For people: "CPU, AVX512 with bfloat16 matrices". */
  readonly device: string;
  readonly choice: string;
  /** Captured functions become graphs of the device. */
  readonly hasGraphs: boolean;
  readonly warn: ((message: string) => void) | null;
}

export function assembleBackend({
  name,
  engine,
  device,
  choice,
  hasGraphs,
  warn,
}: AssembleOptions): LibtorchBackend {
  const runtime = new Runtime(engine, warn);
  const fused: Partial<FusedOps> = { ...layerOps(runtime), ...headOps(runtime) };
  const capabilities: Capabilities = {
    dtypes: new Set(["float32", "bfloat16", "int32", "bool"]),
    fused: new Set(Object.keys(fused) as (keyof FusedOps)[]),
    inPlaceWrite: true,
    flashAttention: true,
    capture: true,
    prefersSteadyShapes: hasGraphs,
    portableRandom: true,
    device,
  };
  const dispose = () => runtime.close();
  return {
    name,
    capabilities,
    fused,
    choice,
    dispose,
    [Symbol.dispose]: dispose,
    setProfiling: (isOn) => engine.setProfiling(isOn),
    takeProfile: () => engine.takeProfile(),
    ...creationOps(runtime),
    ...movementOps(runtime),
    ...elementwiseOps(runtime),
    ...reductionOps(runtime),
    ...lifetimeOps(runtime),
    ...gradientOps(runtime),
  };
}
