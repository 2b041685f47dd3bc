/**
 * What a user sees when something is wrong with the native part, with real files: runs after `npm run build:native`.
 *
 *   node --conditions=@soft-tokens/source --import tsx packages/backend-libtorch/scripts/check-native-errors.ts
 *
 * Each case must end with its code and name its remedy, and this process must be alive to say so.
 */

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ADDON_FILE, BUILD_INFO_FILE, readBuildInfo } from "../src/native/build-info.ts";
import { platformName } from "../src/native/cache-folder.ts";
import { findLibtorch } from "../src/native/find-libtorch.ts";
import { library } from "../src/native/libtorch-folder.ts";
import { checkAddon, loadAddon } from "../src/native/load-addon.ts";

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const addon = join(packageFolder, "build", "native", ADDON_FILE);
const info = readBuildInfo(addon);
if (!info?.libtorchLib) {
  process.stderr.write(`no build in ${dirname(addon)}; run npm run build:native first\n`);
  process.exit(1);
}
const lib = info.libtorchLib;
const work = mkdtempSync(join(tmpdir(), "soft-tokens-native-errors-"));
const compiler = process.env.CXX ?? "c++";
/** Symbols are bound at load, as in our own build. */
const UNDEFINED =
  process.platform === "darwin"
    ? ["-undefined", "dynamic_lookup"]
    : ["-Wl,-z,now", "-Wl,--allow-shlib-undefined"];
/** Registers itself the way of addons before Node-API, with a version of modules that no Node has had (node.h, node_module). */
const OLD_KIND_OF_ADDON = `
struct Module { int version; unsigned flags; void* handle; const char* file; void* start; void* context;
                const char* name; void* priv; void* link; };
extern "C" void node_module_register(void*);
static Module module = {1, 0, 0, "nan.cpp", 0, 0, "nan", 0, 0};
struct Register { Register() { node_module_register(&module); } } registration;
`;
let passed = 0;
let failed = 0;

try {
  await check("the build works, and is remembered to work", async () => {
    const options = at(addon);
    const { description } = await checkAddon(options);
    expectIncludes(JSON.stringify(description), `"libtorch":"${info.libtorch.split("+")[0]}`);
    await loadAddon({ ...options, timeoutMs: 1 }); // a second child process would be too late
  });
  await refuses(
    "an addon whose libtorch folder was moved",
    "BACKEND_UNAVAILABLE",
    ["npm run build:native"],
    () => buildWith("moved", { libtorchLib: join(work, "gone", "lib") }),
  );
  await refuses(
    "an addon whose libtorch was replaced by an older one",
    "NATIVE_ABI",
    ["2.9.1", "--force"],
    () => buildWith("older", { libtorchLib: fakeLibtorch("older-libtorch", "2.10.0"), libtorch: "2.9.1" }),
  );
  await refuses(
    "an addon that is linked to a library that is not there",
    "BACKEND_UNAVAILABLE",
    ["libnot_there"],
    () => {
      compile("not_there", "int not_there() { return 1; }", ["-o", join(work, `libnot_there.${suffix()}`)]);
      const path = compile("needs", "int not_there(); int call() { return not_there(); }", [
        ...[`-L${work}`, "-lnot_there"],
      ]);
      rmSync(join(work, `libnot_there.${suffix()}`));
      return path;
    },
  );
  await refuses("an addon of Node's old kind, for another Node", "NATIVE_ABI", [process.version], () =>
    compile("nan", OLD_KIND_OF_ADDON),
  );
  await refuses("a library that registers nothing", "NATIVE_ABI", [process.version], () =>
    compile("empty", "int x;"),
  );
  await refuses("an addon with a symbol that nobody defines", "NATIVE_ABI", ["undefined", "--force"], () =>
    compile(
      "undefined",
      "int missing_from_libtorch(); int call() { return missing_from_libtorch(); }",
      UNDEFINED,
    ),
  );
  await refuses("an addon that crashes when it is loaded", "NATIVE_ABI", ["SIGSEGV"], () =>
    compile("crash", "struct C { C() { *(volatile int*)8 = 1; } } c;"),
  );
  await refuses("half an addon", "NATIVE_ABI", ["damaged"], () => {
    const path = join(work, "half.node");
    writeFileSync(path, readFileSync(addon).subarray(0, 40_000));
    return path;
  });
  await check("a libtorch that is too old is passed over, and said to be", async () => {
    const { tried, found } = await findLibtorch({
      environment: { LIBTORCH: dirname(fakeLibtorch("old", "1.13.1")) },
    });
    expectIncludes(found === null ? tried.map(({ reason }) => reason).join() : "found", "1.13.1 is too old");
  });
  await check("a platform package runs with the libtorch that is found", async () => {
    const main = join(work, "main");
    const shipped = join(main, "node_modules", `@soft-tokens/backend-libtorch-${platformName()}`);
    mkdirSync(shipped, { recursive: true });
    writeFileSync(join(main, "package.json"), "{}");
    writeFileSync(join(shipped, "package.json"), "{}");
    copyFileSync(addon, join(shipped, ADDON_FILE));
    writeFileSync(join(shipped, BUILD_INFO_FILE), JSON.stringify({ ...info, libtorchLib: null }));
    const environment = { ...clean(), LIBTORCH: dirname(lib) };
    const { addon: found } = await checkAddon({ environment, packageFolder: main });
    expectIncludes(found.path, join(work, "cache", "native"));
  });
  await check("build:native says every place that it looked at for a libtorch", async () => {
    const { status, stderr } = build({ LIBTORCH: join(work, "nowhere") });
    expectIncludes(`${status} ${stderr}`, "1 ");
    for (const words of [
      "LIBTORCH",
      join(work, "nowhere"),
      "no such folder",
      "npm run setup:native",
      "pip install torch",
    ])
      expectIncludes(stderr, words);
  });
  await check("build:native names cmake when it is missing", async () => {
    const bin = join(work, "bin");
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, "node"));
    expectIncludes(build({ PATH: bin, LIBTORCH: dirname(lib) }).stderr, "cmake 3.20 or later is needed");
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

async function check(title: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
    passed++;
    process.stdout.write(`ok      ${title}\n`);
  } catch (error) {
    failed++;
    process.stdout.write(`FAILED  ${title}\n        ${(error as Error).stack}\n`);
  }
}

async function refuses(
  title: string,
  code: string,
  words: readonly string[],
  make: () => string,
): Promise<void> {
  await check(title, async () => {
    const outcome = await loadAddon(at(make())).catch((error: unknown) => error);
    const { code: got, message } = outcome as { code?: string; message?: string };
    expectIncludes(`${got}: ${message}`, code);
    for (const word of words) expectIncludes(message ?? "", word);
  });
}

function expectIncludes(text: string, words: string): void {
  if (!text.includes(words)) throw new Error(`wanted ${JSON.stringify(words)} in: ${text}`);
}

function clean(): NodeJS.ProcessEnv {
  const { LIBTORCH: _, VIRTUAL_ENV: __, SOFT_TOKENS_NATIVE: ___, ...rest } = process.env;
  return { ...rest, SOFT_TOKENS_CACHE: join(work, "cache") };
}

function at(path: string) {
  return { environment: { ...clean(), SOFT_TOKENS_NATIVE: path } };
}

/** A copy of the addon whose build-info says something else. */
function buildWith(name: string, changes: Readonly<Record<string, string>>): string {
  const folder = join(work, name);
  mkdirSync(folder);
  copyFileSync(addon, join(folder, ADDON_FILE));
  writeFileSync(join(folder, BUILD_INFO_FILE), JSON.stringify({ ...info, ...changes }));
  return join(folder, ADDON_FILE);
}

/** The real libraries under a version that is not theirs. */
function fakeLibtorch(name: string, version: string): string {
  const folder = join(work, name, "lib");
  mkdirSync(folder, { recursive: true });
  for (const file of [library("torch_cpu"), library("c10")]) symlinkSync(join(lib, file), join(folder, file));
  writeFileSync(join(work, name, "build-version"), version);
  return folder;
}

function suffix(): string {
  return process.platform === "darwin" ? "dylib" : "so";
}

function compile(name: string, source: string, extra: readonly string[] = []): string {
  const [input, output] = [join(work, `${name}.cpp`), join(work, `${name}.node`)];
  writeFileSync(input, source);
  const args = ["-shared", "-fPIC", input, "-o", output, ...extra];
  const { status, stderr, error } = spawnSync(compiler, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${compiler} ${args.join(" ")}: ${stderr || error?.message}`);
  return output;
}

function build(environment: NodeJS.ProcessEnv) {
  const args = [
    ...process.execArgv,
    join(packageFolder, "scripts", "build.ts"),
    "--out",
    join(work, "built"),
  ];
  return spawnSync(process.execPath, args, { encoding: "utf8", env: { ...clean(), ...environment } });
}
