/** Chooses the tensor backend. The apps are the only places that name one. */

import { createLibtorchBackend, type LibtorchOptions } from "@soft-tokens/backend-libtorch";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { type Backend, TensorError } from "@soft-tokens/tensor";
import { UsageError } from "./errors.ts";
import type { ModelOptions } from "./model-options.ts";

export interface ChosenBackend {
  readonly backend: Backend;
  /** One line for people: which one, and why not a better one. */
  readonly reason: string;
}

export interface OpenBackendOptions {
  /** Threads of libtorch's kernels on a CPU. Defaults to 0: its own choice. */
  readonly threads?: number;
}

/**
 * Opens the backend that was asked for; `auto` tries libtorch on CUDA, libtorch on the CPU, then TensorFlow.js in its own order.
 * @throws UsageError when one was asked for by name and cannot be had
 */
export async function openBackend(
  name: ModelOptions["backend"],
  { threads = 0 }: OpenBackendOptions = {},
): Promise<ChosenBackend> {
  switch (name) {
    case "libtorch": {
      const backend = await orUsageError(createLibtorchBackend({ threads, ...warnings() }), name);
      return { backend, reason: backend.choice };
    }
    case "auto": {
      const opened = await createLibtorchBackend({ threads, ...warnings() }).catch((error: unknown) => ({
        error,
      }));
      if (!("error" in opened)) return { backend: opened, reason: opened.choice };
      const backend = await createTfjsBackend();
      return { backend, reason: `${backend.choice}; libtorch: ${inBrief(opened.error)}` };
    }
    case "tfjs": {
      const backend = await orUsageError(createTfjsBackend(), name);
      return { backend, reason: backend.choice };
    }
    case "tfjs-node-gpu":
    case "tfjs-node":
    case "tfjs-wasm":
    case "tfjs-cpu": {
      const variant = name.slice("tfjs-".length) as "node-gpu" | "node" | "wasm" | "cpu";
      const backend = await orUsageError(createTfjsBackend({ variant }), name);
      return { backend, reason: backend.choice };
    }
    default:
      return name satisfies never;
  }
}

/** On standard error; with SOFT_TOKENS_DEBUG=1 tensors that were collected without `dispose()` are named too. */
function warnings(): Pick<LibtorchOptions, "onLeak" | "onWarning"> {
  const warn = (message: string) => void process.stderr.write(`warning: ${message}\n`);
  return { onWarning: warn, ...(process.env.SOFT_TOKENS_DEBUG === "1" && { onLeak: warn }) };
}

/** Why libtorch was passed over, short enough for the line that says what was taken instead. */
function inBrief(error: unknown): string {
  const isBuilt = !(error instanceof TensorError && error.code === "NOT_BUILT");
  return isBuilt ? "cannot be used (npm run train -- doctor says why)" : "not built (npm run build:native)";
}

async function orUsageError<T>(opening: Promise<T>, name: string): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw new UsageError(`--backend ${name} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
