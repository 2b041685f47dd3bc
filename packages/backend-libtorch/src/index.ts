/**
 * libtorch backend of the tensor contract: CPU with bfloat16, CUDA, MPS. This release holds its typed surface only;
 * there is no native part yet, and asking for it says so. No logic that TypeScript could hold belongs here.
 */

import { type Backend, TensorError } from "@soft-tokens/tensor";

export interface LibtorchOptions {
  /** Defaults to `auto`: CUDA where a GPU is, else MPS, else the CPU. */
  readonly device?: "auto" | "cpu" | "cuda" | "mps";
}

/**
 * Opens the native backend.
 * @throws TensorError NOT_BUILT, always in this release
 */
export async function createLibtorchBackend(options: LibtorchOptions = {}): Promise<Backend> {
  throw new TensorError(
    "NOT_BUILT",
    `backend-libtorch (device ${options.device ?? "auto"}): the native part is not part of this release; ` +
      "use @soft-tokens/backend-tfjs, which needs nothing but npm",
  );
}
