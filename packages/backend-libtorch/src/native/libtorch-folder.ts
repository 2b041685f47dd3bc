/**
 * One folder that may hold a libtorch: what version it is and whether the addon can use it. Reads files only; starts nothing.
 * Two layouts: `ROOT/include` with `ROOT/lib` (wheels, the official archive), and the system's with lib/TRIPLET.
 */

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Versions, as [major, minor], that were built and passed the checks. Older ones are refused, newer ones warned about. */
export const OLDEST_LIBTORCH = [2, 10] as const;
const NEWEST_TESTED_LIBTORCH = [2, 11] as const;

export interface LibtorchFolder {
  /** Folder with ATen/ and torch/; empty where there are libraries only. */
  readonly include: string;
  /** Folder with libtorch_cpu and libc10. */
  readonly lib: string;
  /** As libtorch says it: "2.11.0+cu130". */
  readonly version: string;
  /** libtorch_cuda lies beside libtorch_cpu; whether there is a GPU is another question. */
  readonly hasCuda: boolean;
  /** Compiled with GCC's C++11 ABI, as all official builds since 2.7 are. */
  readonly hasCxx11Abi: boolean;
  /** Something worth telling: a version newer than any that was tested. */
  readonly warning?: string;
}

/** Why a folder cannot be used. */
export interface UnusableFolder {
  readonly problem: "missing" | "incomplete" | "too old";
  readonly reason: string;
}

export interface InspectOptions {
  /** Headers are needed too, to build. Defaults to `true`. */
  readonly headers?: boolean;
}

/** Looks at a folder: ROOT, or its folder of libraries. */
export function inspectLibtorch(
  folder: string,
  { headers = true }: InspectOptions = {},
): LibtorchFolder | UnusableFolder {
  if (!existsSync(folder)) return { problem: "missing", reason: "there is no such folder" };
  const root = rootOf(folder);
  const lib = ["lib", `lib/${triplet()}`, "lib64"]
    .map((name) => join(root, name))
    .find((path) => existsSync(join(path, library("torch_cpu"))));
  if (!lib) return { problem: "missing", reason: `no ${library("torch_cpu")} in it` };
  const missing = ["torch_cpu", "c10"].map(library).find((name) => isEmptyOrMissing(join(lib, name)));
  if (missing) return { problem: "incomplete", reason: `${join(lib, missing)} is missing or empty` };
  const include = join(root, "include");
  const hasHeaders = existsSync(join(include, "ATen", "ATen.h"));
  const version = readVersion(root, include);
  if (!version) return { problem: "incomplete", reason: "nothing in it says which version it is" };
  const numbers = versionNumbers(version);
  if (isBefore(numbers, OLDEST_LIBTORCH)) {
    const reason = `libtorch ${version} is too old; ${supportedRange()} is supported`;
    return { problem: "too old", reason };
  }
  if (headers && !hasHeaders)
    return { problem: "incomplete", reason: `no headers (${join(include, "ATen")})` };
  return {
    include: hasHeaders ? include : "",
    lib: realpathSync(lib),
    version,
    hasCuda: existsSync(join(lib, library("torch_cuda"))),
    hasCxx11Abi: readsCxx11Abi(root),
    ...(isBefore(NEWEST_TESTED_LIBTORCH, numbers) && {
      warning: `libtorch ${version} is newer than the newest that was tested (${NEWEST_TESTED_LIBTORCH.join(".")})`,
    }),
  };
}

/** A folder of libraries belongs to the one above it, the system's to the one above that. */
function rootOf(folder: string): string {
  if (!existsSync(join(folder, library("torch_cpu")))) return folder;
  return basename(folder) === triplet() ? dirname(dirname(folder)) : dirname(folder);
}

export function isUsable(found: LibtorchFolder | UnusableFolder): found is LibtorchFolder {
  return "lib" in found;
}

/** "2.10 to 2.11" */
export function supportedRange(): string {
  const [oldest, newest] = [OLDEST_LIBTORCH.join("."), NEWEST_TESTED_LIBTORCH.join(".")];
  return oldest === newest ? oldest : `${oldest} to ${newest}`;
}

/** File name of a shared library on this platform. */
export function library(name: string): string {
  return `lib${name}.${process.platform === "darwin" ? "dylib" : "so"}`;
}

/** Python's version.py and the archive's build-version know the variant (+cpu, +cu130); the headers only the number. */
function readVersion(root: string, include: string): string | null {
  const sources: readonly [string, RegExp][] = [
    [join(root, "version.py"), /^__version__ = ['"]([^'"]+)['"]/m],
    [join(root, "build-version"), /^(\d\S*)/],
    [join(include, "torch/headeronly/version.h"), /define TORCH_VERSION \\?\s*"([^"]+)"/],
    [join(include, "torch/csrc/api/include/torch/version.h"), /define TORCH_VERSION \\?\s*"([^"]+)"/],
  ];
  for (const [path, pattern] of sources) {
    const version = existsSync(path) ? pattern.exec(readFileSync(path, "utf8"))?.[1] : undefined;
    if (version && /^\d+\.\d+/.test(version)) return version;
  }
  return null;
}

function versionNumbers(version: string): readonly [number, number] {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10));
  return [major, minor];
}

function isBefore(a: readonly [number, number], b: readonly [number, number]): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);
}

function readsCxx11Abi(root: string): boolean {
  const path = join(root, "share/cmake/Torch/TorchConfig.cmake");
  return !existsSync(path) || !/_GLIBCXX_USE_CXX11_ABI=0/.test(readFileSync(path, "utf8"));
}

function isEmptyOrMissing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

function triplet(): string {
  return `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
}
