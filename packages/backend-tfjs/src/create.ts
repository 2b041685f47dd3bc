/** `createTfjsBackend`: chooses the best variant that loads and says why. */

import { type Backend, TensorError } from "@soft-tokens/tensor";
import { type AssembleOptions, assembleBackend } from "./backend.ts";
import { Device } from "./engine/device.ts";
import { nativeKernels } from "./kernels/native.ts";
import { stockKernels } from "./kernels/stock.ts";
import {
  type LoadedVariant,
  loadVariant,
  packageRequire,
  type Require,
  VARIANTS,
  type Variant,
} from "./load/variants.ts";
import { wasmExtensions } from "./wasm/extensions.ts";
import { wasmKernels } from "./wasm/kernels.ts";
import { loadSimd } from "./wasm/simd.ts";

export interface TfjsBackendOptions {
  /** Defaults to `"auto"`: the best one that loads, in the order node-gpu, node, wasm, cpu. */
  readonly variant?: "auto" | Variant;
  /**
   * Use our own kernels where TensorFlow.js's on WebAssembly are slow. `false` is for comparing them; results are right
   * either way. Defaults to `true`.
   */
  readonly repairs?: boolean;
  /** How packages are loaded, for tests and bundlers. Defaults to `require` from this package. */
  readonly require?: Require;
}

export interface TfjsBackend extends Backend {
  readonly variant: Variant;
  /** One line: which variant was chosen, and why not a better one. */
  readonly choice: string;
  /** Frees every tensor of this backend; later use throws. Idempotent. */
  dispose(): void;
}

/**
 * A TensorFlow.js backend.
 * @throws BACKEND_UNAVAILABLE when nothing loads; the message lists every try
 */
export async function createTfjsBackend(options: TfjsBackendOptions = {}): Promise<TfjsBackend> {
  const { variant = "auto", require = packageRequire } = options;
  const failures: { variant: Variant; error: unknown }[] = [];
  for (const candidate of variant === "auto" ? VARIANTS : [variant]) {
    try {
      const loaded = await loadVariant(candidate, require);
      const device = new Device(loaded.tf, loaded.backendName, loaded.backend, loaded.host);
      const { note = "", ...parts } = await chooseKernels(device, loaded, options.repairs ?? true);
      const backend = assembleBackend({ name: `tfjs-${candidate}`, device, ...parts });
      return Object.assign(backend, {
        dispose: () => backend[Symbol.dispose](),
        variant: candidate,
        choice: describeChoice(candidate, parts.label, failures) + note,
      });
    } catch (error) {
      failures.push({ variant: candidate, error });
    }
  }
  throw new TensorError(
    "BACKEND_UNAVAILABLE",
    `no variant of TensorFlow.js could be loaded: ${describeFailures(failures)}`,
    { cause: new AggregateError(failures.map(({ error }) => error)) },
  );
}

/** Our own kernels where the variant has a heap for them, else TensorFlow.js's. */
async function chooseKernels(
  device: Device,
  { heap, label }: LoadedVariant,
  repairs: boolean,
): Promise<Pick<AssembleOptions, "kernels" | "label" | "extend" | "release"> & { note?: string }> {
  const kernels = stockKernels(device);
  if (!device.host.isDirect) return { kernels: nativeKernels(device, kernels), label };
  if (!heap) return { kernels, label };
  const release = () => heap.dispose();
  if (!repairs) return { kernels, label, release, note: "; stock kernels, as asked" };
  const module = await loadSimd(heap);
  if ("reason" in module) {
    return { kernels, label, release, note: `; stock kernels, because ${module.reason}` };
  }
  const wasm = { device, heap, simd: module.simd };
  return {
    kernels: wasmKernels(wasm, kernels),
    label: `${module.label}, one thread`,
    extend: (runtime) => wasmExtensions(runtime, wasm),
    release,
  };
}

type Failures = readonly { readonly variant: Variant; readonly error: unknown }[];

function describeChoice(variant: Variant, label: string, failures: Failures): string {
  const chosen = `TensorFlow.js, variant ${variant} (${label})`;
  return failures.length === 0 ? chosen : `${chosen}; not better ones because ${describeFailures(failures)}`;
}

function describeFailures(failures: Failures): string {
  return failures.map(({ variant, error }) => `${variant}: ${firstLine(error)}`).join("; ");
}

function firstLine(error: unknown): string {
  const message =
    error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error);
  const code = (error as { code?: unknown })?.code;
  if (code === "MODULE_NOT_FOUND") return "not installed";
  return (message.split("\n")[0] ?? "").trim();
}
