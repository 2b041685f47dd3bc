/** `createLibtorchBackend`: loads the native part, chooses the device and says why. */

import { TensorError } from "@soft-tokens/tensor";
import { assembleBackend, type LibtorchBackend } from "./backend.ts";
import type { NativeAddon, NativeDescription, TileUnit } from "./native/addon.ts";
import { describeProcessor } from "./native/describe-processor.ts";
import { loadAddon } from "./native/load-addon.ts";

type Device = "cpu" | "cuda" | "mps";

export interface LibtorchOptions {
  /** Defaults to `auto`: CUDA where a GPU is, else MPS, else the CPU. */
  readonly device?: "auto" | Device;
  /** Threads of the CPU's kernels. Defaults to libtorch's own choice, the number of physical cores. */
  readonly threads?: number;
  /**
   * `portable` computes with ATen's operations alone, as on CUDA; for comparing them with our own kernels for the CPU. The name of
   * a tile unit takes our own kernels on those instructions, where `own` takes the best that the processor has.
   * Holds for all backends of the process, the last one decides. Defaults to `own`.
   */
  readonly kernels?: "own" | "portable" | TileUnit;
  /** Hears of each tensor that was garbage-collected without `dispose()`, a leak of the caller's. Defaults to nobody. */
  readonly onLeak?: (message: string) => void;
  /** Hears of what makes work slower than it could be: a captured function that cannot be a CUDA graph. Defaults to nobody. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the native backend. Arithmetic runs on a thread of its own; the event loop stays free.
 * @throws TensorError NOT_BUILT, NATIVE_ABI, BACKEND_UNAVAILABLE with what to do about it
 */
export async function createLibtorchBackend(options: LibtorchOptions = {}): Promise<LibtorchBackend> {
  const { device: wanted = "auto", threads = 0, kernels = "own", onLeak = null, onWarning } = options;
  if (!Number.isInteger(threads) || threads < 0) {
    throw new TensorError(
      "INVALID_ARGUMENT",
      `backend-libtorch: threads must be a whole number, got ${threads}`,
    );
  }
  const addon = (await loadAddon()) as NativeAddon;
  const description = addon.describe();
  const device = wanted === "auto" ? bestDevice(description) : wanted;
  assertDevice(device, description);
  assertKernels(kernels, description);
  const engine = addon.createEngine({ device, threads, kernels, warn: onWarning ?? (() => {}) });
  const label = describeDevice(device, description);
  const asked = kernels === "own" ? "" : `; ${kernels} kernels, as asked`;
  const noGpu = device === "cpu" && wanted === "auto" ? `; CUDA: ${description.cudaReason}` : "";
  return assembleBackend({
    name: `libtorch-${device}`,
    engine,
    device: label,
    choice: `libtorch ${description.libtorch} on ${label}${noGpu}${asked}`,
    hasGraphs: device === "cuda" && description.cudaGraphs,
    warn: onLeak,
  });
}

function bestDevice(description: NativeDescription): Device {
  if (description.cudaDevices > 0) return "cuda";
  return description.hasMps ? "mps" : "cpu";
}

function assertDevice(device: Device, description: NativeDescription): void {
  if (device === "cuda" && description.cudaDevices === 0) {
    throw new TensorError(
      "BACKEND_UNAVAILABLE",
      `backend-libtorch: no CUDA device: ${description.cudaReason}; use device "cpu"`,
    );
  }
  if (device === "mps" && !description.hasMps) {
    throw new TensorError("BACKEND_UNAVAILABLE", 'backend-libtorch: no MPS device; use device "cpu"');
  }
}

function assertKernels(kernels: NonNullable<LibtorchOptions["kernels"]>, { tileUnits }: NativeDescription) {
  const known: readonly string[] = ["own", "portable", ...tileUnits];
  if (!known.includes(kernels)) {
    throw new TensorError(
      "BACKEND_UNAVAILABLE",
      `backend-libtorch: this processor has no kernels ${JSON.stringify(kernels)}; it has ${known.join(", ")}`,
    );
  }
}

function describeDevice(device: Device, description: NativeDescription) {
  const { cudaDevices } = description;
  if (device === "cuda") return cudaDevices === 1 ? "CUDA" : `CUDA, the first of ${cudaDevices} devices`;
  if (device === "mps") return "MPS";
  return `CPU, ${describeProcessor(description)}`;
}
