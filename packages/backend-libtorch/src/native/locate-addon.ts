/**
 * Finds the built addon, in this order: the file that SOFT_TOKENS_NATIVE names (alone, when it is set), the build of this
 * checkout, the platform package. Looks at files only; whether one loads is for the probe to say.
 */

import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ADDON_FILE, type BuildInfo, CUDA_MODULE_FILE, readBuildInfo } from "./build-info.ts";
import { cacheFolder, type Environment, platformName } from "./cache-folder.ts";
import { type FoundLibtorch, findLibtorch, HOW_TO_GET_LIBTORCH, type TriedPlace } from "./find-libtorch.ts";
import { inspectLibtorch, isUsable, library } from "./libtorch-folder.ts";

export interface LocatedAddon {
  /** The file to load. */
  readonly path: string;
  readonly origin: "SOFT_TOKENS_NATIVE" | "build" | "platform package";
  /** Null where no build-info.json stands beside it. */
  readonly info: BuildInfo | null;
  /** Folder of the libraries it will use; null where only the loader of the system knows. */
  readonly libtorchLib: string | null;
  /** Version of that libtorch as it is now, not as it was at the build. */
  readonly libtorchVersion: string | null;
}

export interface AddonSearch {
  readonly found: LocatedAddon | null;
  readonly tried: readonly TriedPlace[];
  /** An addon is there, the libtorch that it needs is not: what to say of it. */
  readonly withoutLibtorch?: string;
}

export interface LocateOptions {
  /** Defaults to the environment of this process. */
  readonly environment?: Environment;
  /** Folder of this package. Defaults to the one that this file is in. */
  readonly packageFolder?: string;
}

export async function locateAddon(options: LocateOptions = {}): Promise<AddonSearch> {
  const { environment = process.env, packageFolder = ownPackageFolder() } = options;
  const named = environment.SOFT_TOKENS_NATIVE;
  if (named) {
    const path = resolve(named);
    if (existsSync(path)) return { found: locate(path, "SOFT_TOKENS_NATIVE"), tried: [] };
    return { found: null, tried: [{ place: "SOFT_TOKENS_NATIVE", reason: `there is no ${path}` }] };
  }
  const tried: TriedPlace[] = [{ place: "SOFT_TOKENS_NATIVE", reason: "not set" }];
  const built = join(packageFolder, "build", "native", ADDON_FILE);
  if (existsSync(built)) return { found: locate(built, "build"), tried };
  tried.push({ place: built, reason: "not there" });

  const packageName = `@soft-tokens/backend-libtorch-${platformName()}`;
  const shipped = resolveShipped(packageName, packageFolder);
  if (!shipped) {
    tried.push({ place: packageName, reason: "not installed" });
    return { found: null, tried };
  }
  const search = await findLibtorch({ environment, headers: false });
  if (!search.found) {
    const places = search.tried.map(({ place, reason }) => `${place}: ${reason}`).join("; ");
    const withoutLibtorch = `${packageName} needs a libtorch and none was found (${places}). ${HOW_TO_GET_LIBTORCH}`;
    return { found: null, tried, withoutLibtorch };
  }
  const path = putBeside(shipped, search.found, environment);
  const { lib, version } = search.found;
  return {
    found: {
      path,
      origin: "platform package",
      info: readBuildInfo(shipped),
      libtorchLib: lib,
      libtorchVersion: version,
    },
    tried,
  };
}

function locate(path: string, origin: LocatedAddon["origin"]): LocatedAddon {
  const info = readBuildInfo(path);
  const libtorchLib = info?.libtorchLib ?? null;
  const libtorch = libtorchLib === null ? null : inspectLibtorch(libtorchLib, { headers: false });
  const libtorchVersion = libtorch !== null && isUsable(libtorch) ? libtorch.version : null;
  return { path, origin, info, libtorchLib, libtorchVersion };
}

/**
 * A shipped addon looks for its libraries in `libtorch` beside itself. The installed package is not ours to write to, so a copy
 * with such a link stands in the cache, one for each pair of addon and libtorch.
 */
function putBeside(addon: string, { lib, version }: FoundLibtorch, environment: Environment): string {
  const { size, mtimeMs } = statSync(addon);
  const key = createHash("sha256")
    .update(JSON.stringify([addon, size, mtimeMs, lib]))
    .digest("hex")
    .slice(0, 16);
  const folder = join(cacheFolder(environment), "native", key);
  const path = join(folder, ADDON_FILE);
  if (existsSync(path) && existsSync(join(folder, "libtorch", library("torch_cpu")))) return path;
  const staging = `${folder}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  copyFileSync(addon, join(staging, ADDON_FILE));
  // It holds an object of libtorch's whose layout no version promises to the next.
  const cudaModule = join(dirname(addon), CUDA_MODULE_FILE);
  const built = readBuildInfo(addon)?.libtorch;
  if (existsSync(cudaModule) && built && minorVersion(built) === minorVersion(version)) {
    copyFileSync(cudaModule, join(staging, CUDA_MODULE_FILE));
  }
  symlinkSync(lib, join(staging, "libtorch"), "dir");
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
  return path;
}

/** "2.11.0+cu130" -> "2.11" */
function minorVersion(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function resolveShipped(packageName: string, packageFolder: string): string | null {
  try {
    const manifest = createRequire(join(packageFolder, "package.json")).resolve(
      `${packageName}/package.json`,
    );
    const addon = join(dirname(manifest), ADDON_FILE);
    return existsSync(addon) ? addon : null;
  } catch {
    return null;
  }
}

/** From source this file lies two folders below the package's, bundled one. */
function ownPackageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isOwnManifest(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) return dirname(dirname(fileURLToPath(import.meta.url)));
    folder = parent;
  }
  return folder;
}

function isOwnManifest(path: string): boolean {
  return existsSync(path) && /"name":\s*"@soft-tokens\/backend-libtorch"/.test(readFileSync(path, "utf8"));
}
