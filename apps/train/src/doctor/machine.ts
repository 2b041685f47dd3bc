/** What the machine is: read from the system, nothing measured. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, freemem, totalmem } from "node:os";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { processorFlags, processorName } from "@soft-tokens/app-common";
import { cacheFolder, neutralFolder } from "@soft-tokens/backend-libtorch/native";

export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  /** That this process may use. */
  readonly cores: number;
  /** Instructions that matter for matrix products, the best last: "AVX-512", "AMX bfloat16". */
  readonly features: readonly string[];
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Name and memory of each, as the driver says it. */
  readonly gpus: readonly string[];
  /** Why there are none. */
  readonly noGpuReason: string | null;
  readonly cache: string;
  readonly cacheFreeBytes: number | null;
  /** What building the native part needs: the version found, or null. */
  readonly buildTools: Readonly<Record<"cmake" | "compiler" | "ninja or make", string | null>>;
}

const TIMEOUT_MS = 10_000;
const X86_FEATURES: readonly [flag: string, name: string][] = [
  ["avx2", "AVX2"],
  ["avx512f", "AVX-512"],
  ["avx512_bf16", "AVX-512 bfloat16"],
  ["amx_bf16", "AMX bfloat16"],
];
const ARM_FEATURES: readonly [flag: string, name: string][] = [
  ["asimd", "NEON"],
  ["sve", "SVE"],
  ["bf16", "bfloat16"],
];

export async function readMachine(): Promise<Machine> {
  const cache = cacheFolder();
  const limit = process.constrainedMemory() ?? 0;
  const [gpus, disk, cmake, compiler, ninja, make] = await Promise.all([
    readGpus(),
    statfs(nearestFolder(cache)).catch(() => null),
    firstLine("cmake", ["--version"]),
    firstLine(process.env.CXX ?? "c++", ["--version"]),
    firstLine("ninja", ["--version"]),
    firstLine("make", ["--version"]),
  ]);
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processor: processorName(),
    cores: availableParallelism(),
    features: await readFeatures(),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
    freeMemoryBytes: freemem(),
    ...gpus,
    cache,
    cacheFreeBytes: disk && disk.bavail * disk.bsize,
    buildTools: {
      cmake: cmake?.replace(/^cmake version /, "") ?? null,
      compiler,
      "ninja or make": ninja ? `ninja ${ninja}` : make,
    },
  };
}

async function readGpus(): Promise<Pick<Machine, "gpus" | "noGpuReason">> {
  if (process.platform === "darwin")
    return process.arch === "arm64"
      ? { gpus: ["Apple GPU (Metal)"], noGpuReason: null }
      : { gpus: [], noGpuReason: "no Apple GPU" };
  const query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"];
  const output = await run("nvidia-smi", query);
  const gpus = output?.split("\n").filter(Boolean) ?? [];
  const noGpuReason =
    output === null ? "no NVIDIA driver (nvidia-smi does not run)" : "the NVIDIA driver shows none";
  return { gpus, noGpuReason: gpus.length > 0 ? null : noGpuReason };
}

async function readFeatures(): Promise<string[]> {
  const known = process.arch === "x64" ? X86_FEATURES : ARM_FEATURES;
  if (process.platform === "darwin") {
    const text = (await run("sysctl", ["-n", "hw.optional.arm.FEAT_BF16"])) ?? "0";
    return process.arch === "arm64" ? ["NEON", ...(text.trim() === "1" ? ["bfloat16"] : [])] : [];
  }
  const flags = processorFlags() ?? new Set();
  return known.filter(([flag]) => flags.has(flag)).map(([, name]) => name);
}

async function firstLine(file: string, args: readonly string[]): Promise<string | null> {
  return (await run(file, args))?.split("\n")[0]?.trim() || null;
}

async function run(file: string, args: readonly string[]): Promise<string | null> {
  try {
    return (await promisify(execFile)(file, args, { cwd: neutralFolder(), timeout: TIMEOUT_MS })).stdout;
  } catch {
    return null;
  }
}

/** The folder itself may not exist yet. */
function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path));
}
