/** Chooses the tensor backend. The apps are the only places that name one. */

import { createLibtorchBackend } from "@soft-tokens/backend-libtorch";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Backend } from "@soft-tokens/tensor";
import { UsageError } from "./errors.ts";
import type { ModelOptions } from "./model-options.ts";

export interface ChosenBackend {
  readonly backend: Backend;
  /** One line for people: which one, and why not a better one. */
  readonly reason: string;
}

/**
 * Opens the backend that was asked for; `auto` tries libtorch, then TensorFlow.js in its own order.
 * @throws UsageError when one was asked for by name and cannot be had
 */
export async function openBackend(name: ModelOptions["backend"]): Promise<ChosenBackend> {
  switch (name) {
    case "libtorch":
      return { backend: await orUsageError(createLibtorchBackend(), name), reason: "libtorch, as asked" };
    case "auto": {
      const missing = await createLibtorchBackend().then(
        (backend) => ({ backend }),
        (error: Error) => ({ error }),
      );
      if ("backend" in missing) return { backend: missing.backend, reason: missing.backend.name };
      const backend = await createTfjsBackend();
      return { backend, reason: `${backend.choice}; libtorch: not built` };
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

async function orUsageError<T>(opening: Promise<T>, name: string): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    throw new UsageError(`--backend ${name} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
