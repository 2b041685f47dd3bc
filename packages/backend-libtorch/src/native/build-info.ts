/** `build-info.json`, which stands beside a built addon and says what it was built from. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const ADDON_FILE = "soft_tokens_libtorch.node";
/** The module for CUDA graphs; `module_path` of native/src/device-graph.cpp. */
export const CUDA_MODULE_FILE = "soft_tokens_cuda.so";
export const BUILD_INFO_FILE = "build-info.json";

export interface BuildInfo {
  /** "2.11.0+cu130": the libtorch whose headers were compiled in. */
  readonly libtorch: string;
  /** Its library folder on the machine of the build; null for a prebuilt addon, which looks for one where it runs. */
  readonly libtorchLib: string | null;
  readonly cxx11Abi: boolean;
  /** "linux-x64" */
  readonly platform: string;
  readonly nodeApi: number;
  readonly compiler: string;
  /** ISO 8601. */
  readonly date: string;
  /** Of the sources, the compiler, the flags and the libtorch: the same inputs are not built again. */
  readonly inputs: string;
}

/** The file beside `addon`, or null where there is none that can be read. */
export function readBuildInfo(addon: string): BuildInfo | null {
  try {
    return JSON.parse(readFileSync(join(dirname(addon), BUILD_INFO_FILE), "utf8")) as BuildInfo;
  } catch {
    return null;
  }
}
