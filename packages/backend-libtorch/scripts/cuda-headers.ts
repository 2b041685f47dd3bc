/**
 * Where CUDA's headers are, for the module of CUDA graphs: beside libtorch, as Python's packages lay them out, or those of a
 * toolkit. Reads files only.
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Environment } from "../src/native/cache-folder.ts";

export type CudaHeaders =
  | { readonly folders: readonly string[] }
  /** Why the module is left out. */
  | { readonly reason: string };

const WANTED = ["cuda.h", "cuda_runtime.h", "cuda_runtime_api.h"];
/** Included by them, and in CUDA 13 a package of its own that torch does not ask for; triton carries a copy. */
const SPLIT_OFF = join("crt", "host_defines.h");

export function findCudaHeaders(
  libtorchLib: string,
  environment: Environment = process.env,
  toolkit = "/usr/local/cuda",
): CudaHeaders {
  const packages = dirname(dirname(libtorchLib));
  const named = [environment.CUDA_HOME, environment.CUDA_PATH].filter((root) => root !== undefined);
  const folders = [
    ...named.map((root) => join(root, "include")),
    join(packages, "nvidia", "cu13", "include"),
    join(packages, "nvidia", "cuda_runtime", "include"),
    join(toolkit, "include"),
  ];
  const main = folders.find((folder) => WANTED.every((name) => existsSync(join(folder, name))));
  if (!main) return { reason: `no ${WANTED.join(", ")} in ${folders.join(", ")}` };
  if (existsSync(join(main, SPLIT_OFF))) return { folders: [main] };
  const others = [...folders, join(packages, "triton", "backends", "nvidia", "include")];
  const supplement = others.find((folder) => existsSync(join(folder, SPLIT_OFF)));
  return supplement ? { folders: [main, supplement] } : { reason: `no ${SPLIT_OFF} beside those of ${main}` };
}
