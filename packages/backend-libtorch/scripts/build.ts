/**
 * `npm run build:native`: finds libtorch and builds the addon against it, when anything that goes into it has changed.
 *
 *   npm run build:native -- [--jobs N] [--force] [--prebuilt] [--source FOLDER] [--out FOLDER]
 *
 * Needs cmake 3.20 or later, a C++17 compiler, and ninja or make. Nothing is downloaded: Node's headers are npm packages.
 * The result is OUT/soft_tokens_libtorch.node with build-info.json beside it; OUT is packages/backend-libtorch/build/native. Where
 * libtorch_cuda and CUDA's headers are, the module for CUDA graphs lies there too.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, freemem } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  ADDON_FILE,
  BUILD_INFO_FILE,
  type BuildInfo,
  CUDA_MODULE_FILE,
  readBuildInfo,
} from "../src/native/build-info.ts";
import { platformName } from "../src/native/cache-folder.ts";
import { type FoundLibtorch, findLibtorch, HOW_TO_GET_LIBTORCH } from "../src/native/find-libtorch.ts";
import { library, supportedRange } from "../src/native/libtorch-folder.ts";
import { checkAddon } from "../src/native/load-addon.ts";
import { type CudaHeaders, findCudaHeaders } from "./cuda-headers.ts";
import { takeLock } from "./lock.ts";

const CMAKE_NEEDED = [3, 20] as const;
const NODE_API = 8;
/** What the compiler needs at most for one file that includes ATen. */
const BYTES_PER_JOB = 2 ** 31;

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/** A message for the person who builds; no stack. */
class BuildError extends Error {}

/** Deleted however this ends. */
let lock: string | null = null;
process.on("exit", () => lock && rmSync(lock, { force: true }));

try {
  await build();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  say(`build:native: ${error.message}`);
  process.exitCode = 1;
}

async function build(): Promise<void> {
  const started = performance.now();
  const { jobs, force, prebuilt, source, out } = options();
  if (
    !existsSync(source) ||
    !readdirSync(source, { recursive: true }).some((name) => String(name).endsWith(".cpp"))
  )
    throw new BuildError(`no C++ sources in ${source}`);
  await lockFolder(out);
  const tools = findTools();
  const libtorch = await findOrExplain();
  say(`libtorch ${libtorch.version} (${libtorch.source}: ${libtorch.lib})`);
  if (libtorch.warning) say(`warning: ${libtorch.warning}`);

  const cuda = cudaHeaders(libtorch, source);
  if ("reason" in cuda) say(`without the module for CUDA graphs: ${cuda.reason}`);
  const files = [ADDON_FILE, ...("folders" in cuda ? [CUDA_MODULE_FILE] : [])];

  const addon = join(out, ADDON_FILE);
  const inputs = hashInputs(source, libtorch, tools, { prebuilt, cuda });
  const isThere = files.every((name) => existsSync(join(out, name)));
  if (!force && isThere && readBuildInfo(addon)?.inputs === inputs) {
    say(`nothing has changed; ${relative(process.cwd(), addon)} stands`);
    return;
  }
  const folder = join(out, "cmake");
  const setting = [libtorch.lib, libtorch.version, tools.compiler, tools.generator].join("\n");
  // What cmake remembers of another compiler or libtorch is worth nothing; its objects of this one are.
  if (force || readOr(join(folder, "setting"), "") !== setting)
    rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "setting"), setting);

  say(
    `building with ${tools.compiler.split("\n")[0]}, ${tools.generator}, ${jobs} at a time; about two minutes`,
  );
  step("cmake", [
    ...["-S", join(packageFolder, "native"), "-B", folder, "-G", tools.generator, "-Wno-dev"],
    "-DCMAKE_BUILD_TYPE=Release",
    `-DSOURCE_FOLDER=${source}`,
    `-DLIBTORCH_INCLUDE=${libtorch.include}`,
    `-DLIBTORCH_LIB=${libtorch.lib}`,
    `-DLIBTORCH_CXX11_ABI=${libtorch.hasCxx11Abi ? 1 : 0}`,
    `-DADDON_RPATH=${prebuilt ? "" : libtorch.lib}`,
    `-DCUDA_INCLUDE=${"folders" in cuda ? cuda.folders.join(";") : ""}`,
    `-DNODE_API_INCLUDE=${require("node-api-headers").include_dir}`,
    `-DNODE_ADDON_API_INCLUDE=${nodeAddonApiFolder()}`,
  ]);
  step("cmake", ["--build", folder, "--parallel", String(jobs)]);

  const info: BuildInfo = {
    libtorch: libtorch.version,
    libtorchLib: prebuilt ? null : libtorch.lib,
    cxx11Abi: libtorch.hasCxx11Abi,
    platform: platformName(),
    nodeApi: NODE_API,
    compiler: tools.compiler.split("\n")[0] ?? "",
    date: new Date().toISOString(),
    inputs,
  };
  // A process that has the old file loaded keeps it; a kill between the two leaves a build that is made again.
  rmSync(join(out, BUILD_INFO_FILE), { force: true });
  rmSync(join(out, CUDA_MODULE_FILE), { force: true });
  for (const name of files) {
    copyFileSync(join(folder, name), join(out, `${name}.new`));
    renameSync(join(out, `${name}.new`), join(out, name));
  }
  writeFileSync(join(out, BUILD_INFO_FILE), `${JSON.stringify(info, null, 2)}\n`);
  if (!prebuilt) await requireThatItLoads(addon);
  const megabytes = (statSync(addon).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(`built ${relative(process.cwd(), addon)} (${megabytes} MB) in ${seconds} s`);
}

/** A linker lets a symbol pass that nobody defines; the system's loader does not. */
async function requireThatItLoads(addon: string): Promise<void> {
  const environment = { ...process.env, SOFT_TOKENS_NATIVE: addon };
  await checkAddon({ environment }).catch((error: Error) => {
    rmSync(join(dirname(addon), BUILD_INFO_FILE), { force: true });
    throw new BuildError(`it is built and does not load: ${error.message}`);
  });
}

/** Two builds in one folder would spoil each other; the second finds that nothing has changed. */
async function lockFolder(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "build.lock");
  await takeLock(path, new AbortController().signal, (owner) =>
    say(`another build:native is at work (process ${owner}); waiting for it`),
  );
  lock = path;
}

function options() {
  const { values } = parse();
  const byMemory = Math.max(1, Math.floor(freemem() / BYTES_PER_JOB));
  const jobs = values.jobs === undefined ? Math.min(availableParallelism(), byMemory) : Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new BuildError(`--jobs ${values.jobs}: wanted a whole number from 1`);
  return {
    jobs,
    force: values.force === true,
    prebuilt: values.prebuilt === true,
    source: resolve(values.source ?? join(packageFolder, "native", "src")),
    out: resolve(values.out ?? join(packageFolder, "build", "native")),
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        jobs: { type: "string", short: "j" },
        force: { type: "boolean" },
        prebuilt: { type: "boolean" },
        source: { type: "string" },
        out: { type: "string" },
      },
    });
  } catch (error) {
    throw new BuildError((error as Error).message);
  }
}

interface Tools {
  readonly generator: string;
  /** What the compiler says of itself. */
  readonly compiler: string;
}

function findTools(): Tools {
  const cmake = outputOf("cmake", ["--version"]);
  const howTo =
    process.platform === "darwin"
      ? "xcode-select --install, and brew install cmake ninja"
      : "on Debian and Ubuntu: apt install cmake ninja-build g++";
  const needed = CMAKE_NEEDED.join(".");
  if (!cmake) throw new BuildError(`cmake ${needed} or later is needed and none is on the path (${howTo})`);
  const [, major = "0", minor = "0"] = /version (\d+)\.(\d+)/.exec(cmake) ?? [];
  if (
    Number(major) < CMAKE_NEEDED[0] ||
    (Number(major) === CMAKE_NEEDED[0] && Number(minor) < CMAKE_NEEDED[1])
  )
    throw new BuildError(`cmake ${needed} or later is needed, this is ${major}.${minor} (${howTo})`);
  const name = process.env.CXX ?? "c++";
  const compiler = outputOf(name, ["--version"]);
  if (!compiler) throw new BuildError(`a C++17 compiler is needed and ${name} does not run (${howTo})`);
  const hasNinja = outputOf("ninja", ["--version"]) !== null;
  if (!hasNinja && !outputOf("make", ["--version"]))
    throw new BuildError(`ninja or make is needed (${howTo})`);
  return { compiler, generator: hasNinja ? "Ninja" : "Unix Makefiles" };
}

async function findOrExplain(): Promise<FoundLibtorch> {
  const { found, tried } = await findLibtorch();
  if (found) return found;
  const places = tried.map(({ place, reason }) => `  ${place}: ${reason}`).join("\n");
  throw new BuildError(
    `no libtorch (${supportedRange()}) was found. Tried, in this order:\n${places}\nWhat helps: ${HOW_TO_GET_LIBTORCH}`,
  );
}

function cudaHeaders(libtorch: FoundLibtorch, source: string): CudaHeaders {
  if (!libtorch.hasCuda) return { reason: "this libtorch has no libtorch_cuda" };
  if (!existsSync(join(source, "device-graph.h"))) return { reason: `no device-graph.h in ${source}` };
  return findCudaHeaders(libtorch.lib);
}

interface BuildKind {
  readonly prebuilt: boolean;
  readonly cuda: CudaHeaders;
}

/** Everything that could change the result: sources, build files, compiler, flags in the environment, libtorch, headers. */
function hashInputs(source: string, libtorch: FoundLibtorch, tools: Tools, kind: BuildKind): string {
  const hash = createHash("sha256");
  const add = (...parts: string[]) => hash.update(JSON.stringify(parts));
  for (const name of ["CMakeLists.txt", join("cuda", "cuda-graph.cpp")]) {
    const path = join(packageFolder, "native", name);
    add(path, readFileSync(path, "utf8"));
  }
  for (const name of readdirSync(source, { recursive: true }).map(String).sort())
    if (/\.(cpp|h|hpp|inc)$/.test(name)) add(name, readFileSync(join(source, name), "utf8"));
  const binary = statSync(join(libtorch.lib, library("torch_cpu")));
  add(libtorch.lib, libtorch.version, String(binary.size), String(binary.mtimeMs));
  add(
    tools.compiler,
    tools.generator,
    process.env.CXXFLAGS ?? "",
    process.env.LDFLAGS ?? "",
    String(kind.prebuilt),
    platformName(),
    ...("folders" in kind.cuda ? kind.cuda.folders : []),
  );
  add(require("node-api-headers/package.json").version, require("node-addon-api/package.json").version);
  return hash.digest("hex");
}

function nodeAddonApiFolder(): string {
  return dirname(require.resolve("node-addon-api"));
}

function outputOf(file: string, args: readonly string[]): string | null {
  const { status, stdout } = spawnSync(file, args, { cwd: packageFolder, encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}

/** Runs a step with its output shown; the standard output of this program stays empty. */
function step(file: string, args: readonly string[]): void {
  const { status, signal } = spawnSync(file, args, {
    cwd: packageFolder,
    stdio: ["ignore", process.stderr.fd, process.stderr.fd],
  });
  if (signal === "SIGINT") process.exit(130);
  if (status !== 0) throw new BuildError(`${file} ended with ${status ?? signal}; what went wrong is above`);
}

function readOr(path: string, otherwise: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : otherwise;
}

function say(line: string): void {
  process.stderr.write(`${shown(line)}\n`);
}

/** Without control characters: names of files and answers of servers are others' text. */
function shown(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, "?");
}
