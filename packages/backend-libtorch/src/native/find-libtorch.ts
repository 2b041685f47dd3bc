/**
 * Finds a libtorch on this machine, in this order: LIBTORCH (alone, when it is set: who names one wants no other), the `torch` of
 * a Python on the path, a system libtorch, the cache folder that `npm run setup:native` fills.
 * Python is asked where torch lies without importing it, which takes milliseconds and not seconds.
 */

import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, type Environment, platformName } from "./cache-folder.ts";
import { type InspectOptions, inspectLibtorch, isUsable, type LibtorchFolder } from "./libtorch-folder.ts";
import { neutralFolder } from "./neutral-folder.ts";

/** A place that was looked at and why it gave nothing. */
export interface TriedPlace {
  readonly place: string;
  readonly reason: string;
}

export interface FoundLibtorch extends LibtorchFolder {
  /** For people: "LIBTORCH", "torch of /usr/bin/python3". */
  readonly source: string;
}

export interface LibtorchSearch {
  readonly found: FoundLibtorch | null;
  readonly tried: readonly TriedPlace[];
}

export interface SearchOptions extends InspectOptions {
  /** Defaults to the environment of this process. */
  readonly environment?: Environment;
  /** Where a libtorch of the system may be. Defaults to the usual places. */
  readonly systemFolders?: readonly string[];
}

/** How to get a libtorch, for the end of a message that says that none was found. */
export const HOW_TO_GET_LIBTORCH =
  "npm run setup:native puts one into the project's cache (about 550 MB to download); or pip install torch, " +
  "or set LIBTORCH to the folder of an unpacked libtorch";

const SYSTEM_FOLDERS = [
  "/opt/libtorch",
  "/usr/local/libtorch",
  "/usr/lib/libtorch",
  "/usr/local",
  "/usr",
  "/opt/homebrew/opt/pytorch",
  "/opt/homebrew",
];
const PYTHON_TIMEOUT_MS = 20_000;
/**
 * `python -c` has the current folder on its path, and a `torch` there is nobody's libtorch. `-I` would leave it out, and PYTHONPATH
 * and the user's own packages with it, where torch may well be: so only what names no folder is taken off.
 */
const WHERE_IS_TORCH =
  "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]; " +
  "import importlib.util as u; s = u.find_spec('torch'); print(s.origin if s and s.origin else '')";

export async function findLibtorch(options: SearchOptions = {}): Promise<LibtorchSearch> {
  const { environment = process.env, systemFolders = SYSTEM_FOLDERS } = options;
  const tried: TriedPlace[] = [];
  const look = (source: string, folder: string): FoundLibtorch | null => {
    const result = inspectLibtorch(folder, options);
    if (isUsable(result)) return { ...result, source };
    tried.push({
      place: source === folder ? folder : `${source}: ${folder}`,
      reason: result.reason,
    });
    return null;
  };
  if (environment.LIBTORCH) return { found: look("LIBTORCH", environment.LIBTORCH), tried };
  tried.push({ place: "LIBTORCH", reason: "not set" });

  for (const python of pythons(environment)) {
    const folder = await torchOfPython(python, environment);
    if (typeof folder !== "string") {
      tried.push({ place: python, reason: folder.reason });
      continue;
    }
    const found = look(`torch of ${python}`, folder);
    if (found) return { found, tried };
  }
  for (const folder of [...systemFolders, ...cachedLibtorchs(environment)]) {
    const found = look(folder, folder);
    if (found) return { found, tried };
  }
  return { found: null, tried };
}

/** The folders that `npm run setup:native` made for this platform, newest first. */
function cachedLibtorchs(environment: Environment = process.env): string[] {
  const parent = join(cacheFolder(environment), "libtorch");
  try {
    return readdirSync(parent)
      .filter((name) => name.endsWith(`-${platformName()}`))
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((name) => join(parent, name, "torch"));
  } catch {
    return [join(parent, `*-${platformName()}`)];
  }
}

function pythons(environment: Environment): string[] {
  const own = environment.VIRTUAL_ENV ? [resolve(environment.VIRTUAL_ENV, "bin", "python")] : [];
  return [...own, "python3", "python"];
}

/** The folder of a Python's torch package, found without importing it. */
async function torchOfPython(
  python: string,
  environment: Environment,
): Promise<string | { readonly reason: string }> {
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", WHERE_IS_TORCH], {
      cwd: neutralFolder(),
      env: environment as NodeJS.ProcessEnv,
      timeout: PYTHON_TIMEOUT_MS,
    });
    const origin = stdout.trim();
    return origin === "" ? { reason: "this Python has no torch" } : dirname(origin);
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") return { reason: "not on the path" };
    return { reason: `did not run (${stderr?.trim().split("\n").at(-1) || String(code)})` };
  }
}
