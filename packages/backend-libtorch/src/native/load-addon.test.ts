import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ADDON_FILE, BUILD_INFO_FILE, type BuildInfo } from "./build-info.ts";
import { platformName } from "./cache-folder.ts";
import { describeNative } from "./describe-native.ts";
import { library, OLDEST_LIBTORCH } from "./libtorch-folder.ts";
import { calmOpenMp, type LoadOptions, loadAddon, probeError } from "./load-addon.ts";
import type { LocatedAddon } from "./locate-addon.ts";
import { probeAddon } from "./probe-addon.ts";

let work = "";
let options: LoadOptions = {};

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "soft-tokens-native-"));
  options = {
    environment: { PATH: "", SOFT_TOKENS_CACHE: join(work, "cache"), LIBTORCH: join(work, "libtorch") },
    packageFolder: join(work, "package"),
  };
  mkdirSync(join(work, "package", "build", "native"), { recursive: true });
  writeFileSync(join(work, "package", "package.json"), "{}");
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const built = () => join(work, "package", "build", "native", ADDON_FILE);

/** Files that look like a libtorch to everything but the system's loader. */
function fakeLibtorch(version: string): string {
  const root = join(work, "libtorch");
  mkdirSync(join(root, "lib"), { recursive: true });
  mkdirSync(join(root, "include", "ATen"), { recursive: true });
  for (const name of ["torch_cpu", "c10"]) writeFileSync(join(root, "lib", library(name)), "not a library");
  writeFileSync(join(root, "include", "ATen", "ATen.h"), "");
  writeFileSync(join(root, "build-version"), `${version}\n`);
  return join(root, "lib");
}

function fakeBuild(info: Partial<BuildInfo>, contents = "not an addon"): void {
  writeFileSync(built(), contents);
  const whole: BuildInfo = {
    libtorch: "2.11.0",
    libtorchLib: null,
    cxx11Abi: true,
    platform: platformName(),
    nodeApi: 8,
    compiler: "c++",
    date: "2026-01-01T00:00:00.000Z",
    inputs: "",
    ...info,
  };
  writeFileSync(join(work, "package", "build", "native", BUILD_INFO_FILE), JSON.stringify(whole));
}

describe("loadAddon", () => {
  test("says that nothing is built, where it looked, and what to run", async () => {
    await expect(loadAddon(options)).rejects.toMatchObject({
      code: "NOT_BUILT",
      message: expect.stringMatching(
        /npm run build:native .*setup:native.*SOFT_TOKENS_NATIVE: not set.*soft_tokens_libtorch\.node: not there.*backend-libtorch-\w+-\w+: not installed/,
      ),
    });
  });

  test("takes the file that SOFT_TOKENS_NATIVE names and no other", async () => {
    fakeBuild({});
    const environment = { ...options.environment, SOFT_TOKENS_NATIVE: join(work, "elsewhere.node") };
    await expect(loadAddon({ ...options, environment })).rejects.toMatchObject({
      code: "NOT_BUILT",
      message: expect.stringContaining(`there is no ${join(work, "elsewhere.node")}`),
    });
  });

  test.each([["not an addon"], [""]])("refuses a file that is no addon: %j", async (contents) => {
    fakeBuild({}, contents);
    await expect(loadAddon(options)).rejects.toMatchObject({
      code: "NATIVE_ABI",
      message: expect.stringContaining("build it again: npm run build:native"),
    });
  });

  test("refuses a file that loads and is not this project's", async () => {
    const module = join(work, "other.js");
    writeFileSync(module, "module.exports = {};");
    const environment = { ...options.environment, SOFT_TOKENS_NATIVE: module };
    await expect(loadAddon({ ...options, environment })).rejects.toMatchObject({
      code: "NATIVE_ABI",
      message: expect.stringContaining("describe()"),
    });
  });

  test("says that the libtorch of the build is gone", async () => {
    fakeBuild({ libtorchLib: join(work, "moved", "lib") });
    await expect(loadAddon(options)).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining(join(work, "moved", "lib")),
    });
  });

  test("says that the libtorch of the build was replaced by another version", async () => {
    fakeBuild({ libtorch: "2.11.0", libtorchLib: fakeLibtorch("2.10.1") });
    await expect(loadAddon(options)).rejects.toMatchObject({
      code: "NATIVE_ABI",
      message: expect.stringMatching(/built for libtorch 2\.11\.0, but .* holds 2\.10\.1 now/),
    });
  });
});

describe("a platform package", () => {
  const packageName = `@soft-tokens/backend-libtorch-${platformName()}`;
  const ship = () => {
    const folder = join(work, "package", "node_modules", packageName);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: packageName, version: "0.1.0" }));
    writeFileSync(join(folder, ADDON_FILE), "not an addon");
  };

  test("needs a libtorch, and says where it looked for one", async () => {
    ship();
    await expect(loadAddon(options)).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringMatching(/LIBTORCH: .*libtorch: there is no such folder.*setup:native/),
    });
  });

  test("is loaded from a copy beside a link to the libtorch that was found", async () => {
    ship();
    fakeLibtorch("2.11.0");
    const { addon, problem } = await describeNative(options);
    expect(addon).toMatchObject({ origin: "platform package", libtorchVersion: "2.11.0" });
    expect(addon?.path.startsWith(join(work, "cache", "native"))).toBe(true);
    expect(existsSync(join(addon?.path ?? "", "..", "libtorch", library("torch_cpu")))).toBe(true);
    expect(problem?.code).toBe("NATIVE_ABI"); // it is a text file after all
  });
});

describe("probeAddon", () => {
  const located = (path: string): LocatedAddon => ({
    path,
    origin: "SOFT_TOKENS_NATIVE",
    info: null,
    libtorchLib: null,
    libtorchVersion: null,
  });
  const script = (source: string): LocatedAddon => {
    const path = join(work, "addon.cjs");
    writeFileSync(path, source);
    return located(path);
  };

  test("survives an addon that ends its process", async () => {
    const addon = script("process.kill(process.pid, 'SIGSEGV'); for (;;);");
    expect(await probeAddon(addon, options)).toEqual({ status: "crashed", signal: "SIGSEGV" });
  });

  test("survives an addon that leaves without a word", async () => {
    const addon = script("process.exit(3);");
    expect(await probeAddon(addon, options)).toEqual({ status: "crashed", signal: "status 3" });
  });

  test("gives up on an addon that hangs", async () => {
    const addon = script("for (;;);");
    expect(await probeAddon(addon, { ...options, timeoutMs: 300 })).toEqual({
      status: "timed out",
      afterMs: 300,
    });
  });

  test("remembers what worked until the file changes, and never a failure", async () => {
    const says = (name: string) =>
      `console.log("noise"); exports.describe = () => ({ name: ${JSON.stringify(name)} });`;
    const missing = await probeAddon(located(join(work, "addon.cjs")), options);
    expect(missing.status).toBe("refused");
    const first = await probeAddon(script(says("one")), options);
    expect(first).toEqual({ status: "works", description: { name: "one" } });
    const environment = { ...options.environment, NODE_OPTIONS: "--no-such-option" };
    expect(await probeAddon(located(join(work, "addon.cjs")), { environment })).toEqual(first);
    expect(await probeAddon(script(says("number two")), options)).toEqual({
      status: "works",
      description: { name: "number two" },
    });
  });
});

describe("probeError", () => {
  const addon: LocatedAddon = {
    path: "/a.node",
    origin: "build",
    info: null,
    libtorchLib: "/t/lib",
    libtorchVersion: null,
  };
  // The messages of glibc 2.36, dyld and Node 20.
  test.each([
    [
      "libtorch_cpu.so: cannot open shared object file: No such file or directory",
      "BACKEND_UNAVAILABLE",
      "libtorch_cpu.so",
    ],
    ["dlopen(/a.node, 0x1): Library not loaded: @rpath/libc10.dylib", "BACKEND_UNAVAILABLE", "libc10.dylib"],
    ["/a.node: undefined symbol: _ZN2at4_ops2mm4callERKNS_6TensorES4_", "NATIVE_ABI", "_ZN2at4_ops2mm"],
    [
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by /a.node)",
      "NATIVE_ABI",
      "GLIBC_2.38",
    ],
    ["/a.node: invalid ELF header", "NATIVE_ABI", process.arch],
    ["/a.node: file too short", "NATIVE_ABI", process.arch],
    ["Module did not self-register: '/a.node'.", "NATIVE_ABI", process.version],
    ["The module was compiled against a different Node.js version", "NATIVE_ABI", process.version],
    ["something new", "NATIVE_ABI", "something new"],
  ])("%s", (message, code, word) => {
    const error = probeError(addon, { status: "refused", message });
    expect(error).toMatchObject({ code, message: expect.stringContaining(word) });
    expect(error.message).toContain("npm run build:native");
  });

  test("a forbidden instruction and a crash are told apart", () => {
    expect(probeError(addon, { status: "crashed", signal: "SIGILL" }).message).toContain("processor");
    expect(probeError(addon, { status: "crashed", signal: "SIGSEGV" }).message).toContain("another libtorch");
    expect(probeError(addon, { status: "timed out", afterMs: 5000 }).message).toContain("5 s");
  });
});

describe("describeNative", () => {
  test("says why a libtorch cannot be used", async () => {
    fakeLibtorch(`${OLDEST_LIBTORCH[0]}.${OLDEST_LIBTORCH[1] - 1}.1+cpu`);
    const { libtorch, tried, problem } = await describeNative(options);
    expect(libtorch).toBeNull();
    expect(tried.map(({ reason }) => reason).join()).toContain("too old");
    expect(problem?.code).toBe("NOT_BUILT");
  });
});

describe("calmOpenMp", () => {
  test("lets OpenMP's threads sleep soon, unless somebody has said how they wait", () => {
    const plain: NodeJS.ProcessEnv = {};
    calmOpenMp(plain);
    expect(Number(plain.GOMP_SPINCOUNT)).toBeGreaterThan(0);
    for (const set of [{ GOMP_SPINCOUNT: "0" }, { OMP_WAIT_POLICY: "ACTIVE" }]) {
      const environment: NodeJS.ProcessEnv = { ...set };
      calmOpenMp(environment);
      expect(environment).toEqual(set);
    }
  });
});
