import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { platformName } from "./cache-folder.ts";
import { findLibtorch } from "./find-libtorch.ts";
import { inspectLibtorch, library } from "./libtorch-folder.ts";

let work = "";
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "soft-tokens-libtorch-"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

interface Fake {
  readonly version?: string;
  readonly without?: string;
}

function libtorchAt(root: string, { version = "2.11.0+cu130", without }: Fake = {}): string {
  const files = {
    [`lib/${library("torch_cpu")}`]: "library",
    [`lib/${library("c10")}`]: "library",
    "include/ATen/ATen.h": "// header",
    "version.py": `from typing import Optional\n__version__ = '${version}'\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    if (name === without) continue;
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

/** A Python that knows where its torch is. */
function pythonAt(folder: string, torch: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "python"), `#!/bin/sh\necho ${join(torch, "__init__.py")}\n`);
  chmodSync(join(folder, "python"), 0o755);
}

describe("findLibtorch", () => {
  test("takes LIBTORCH before all others, and only it when it is set", async () => {
    const cached = join(work, "cache", "libtorch", `2.11.0-${platformName()}`, "torch");
    libtorchAt(cached);
    const environment = { PATH: "", SOFT_TOKENS_CACHE: join(work, "cache"), LIBTORCH: join(work, "mine") };
    expect(await findLibtorch({ environment })).toEqual({
      found: null,
      tried: [{ place: `LIBTORCH: ${join(work, "mine")}`, reason: "there is no such folder" }],
    });
    libtorchAt(join(work, "mine"));
    expect((await findLibtorch({ environment })).found).toMatchObject({
      source: "LIBTORCH",
      version: "2.11.0+cu130",
    });
  });

  test("asks the active virtual environment, and passes over a torch that is too old", async () => {
    const environment = { PATH: join(work, "bin"), SOFT_TOKENS_CACHE: work, VIRTUAL_ENV: join(work, "venv") };
    pythonAt(join(work, "venv", "bin"), libtorchAt(join(work, "old"), { version: "1.13.1" }));
    pythonAt(join(work, "bin"), libtorchAt(join(work, "new")));
    const { found, tried } = await findLibtorch({ environment });
    expect(found?.source).toBe("torch of python");
    expect(tried.find(({ place }) => place.includes("venv"))?.reason).toMatch(/1\.13\.1 is too old; 2\.\d+/);
  });

  test("takes no torch of the current folder for a Python's, and runs nothing of it", async () => {
    const here = join(work, "here");
    libtorchAt(join(here, "torch"));
    const mark = join(work, "ran");
    for (const name of ["torch/__init__.py", "sitecustomize.py", "importlib.py", "sys.py"])
      writeFileSync(join(here, name), `open(${JSON.stringify(mark)}, "a").write("x")\n`);
    // One that says where it was started, as Python's own path does.
    mkdirSync(join(work, "bin"));
    writeFileSync(join(work, "bin", "python3"), '#!/bin/sh\necho "$PWD/torch/__init__.py"\n', {
      mode: 0o755,
    });
    const search = `
      import { findLibtorch } from ${JSON.stringify(new URL("./find-libtorch.ts", import.meta.url).href)};
      const { PATH } = process.env;
      const told = { PATH: ${JSON.stringify(join(work, "bin"))} };
      for (const given of [told, { PATH }, { PATH, PYTHONPATH: "" }, { PATH, PYTHONPATH: ":/nowhere" }]) {
        const environment = { ...given, SOFT_TOKENS_CACHE: ${JSON.stringify(work)} };
        const { found, tried } = await findLibtorch({ environment, systemFolders: [], headers: false });
        console.log(JSON.stringify([found?.lib ?? "", ...tried.map(({ place }) => place)]));
      }`;
    writeFileSync(join(work, "search.mts"), search);
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", tsx, "--conditions=@soft-tokens/source", join(work, "search.mts")],
      { cwd: here },
    );
    const places = stdout
      .trim()
      .split("\n")
      .flatMap((line) => JSON.parse(line) as string[]);
    expect(places.filter((place) => place.includes(here))).toEqual([]);
    expect(places).toContainEqual(expect.stringMatching(/^torch of python3: .*native.torch$/));
    expect(existsSync(mark)).toBe(false);
  });

  test("finds what setup:native put into the cache, the newest first", async () => {
    for (const version of ["2.10.0", "2.11.0"])
      libtorchAt(join(work, "libtorch", `${version}-${platformName()}`, "torch"), { version });
    const { found, tried } = await findLibtorch({
      environment: { PATH: "", SOFT_TOKENS_CACHE: work },
      systemFolders: [join(work, "system")],
    });
    expect(found?.version).toBe("2.11.0");
    expect(tried.map(({ place }) => place)).toEqual(
      expect.arrayContaining(["LIBTORCH", "python3", join(work, "system")]),
    );
  });
});

describe("inspectLibtorch", () => {
  test.each([
    [`lib/${library("torch_cpu")}`, "missing"],
    [`lib/${library("c10")}`, "incomplete"],
    ["include/ATen/ATen.h", "incomplete"],
    ["version.py", "incomplete"],
  ])("without %s it is %s", (without, problem) => {
    expect(inspectLibtorch(libtorchAt(work, { without }))).toMatchObject({ problem });
  });

  test("needs no headers to run", () => {
    const root = libtorchAt(work, { without: "include/ATen/ATen.h" });
    expect(inspectLibtorch(root, { headers: false })).toMatchObject({ version: "2.11.0+cu130", include: "" });
  });

  test("reads the version from the headers where nothing else says it", () => {
    const root = libtorchAt(work, { without: "version.py" });
    mkdirSync(join(root, "include", "torch", "headeronly"), { recursive: true });
    writeFileSync(
      join(root, "include", "torch", "headeronly", "version.h"),
      '#define TORCH_VERSION \\\n  "2.11.0"\n',
    );
    expect(inspectLibtorch(join(root, "lib"))).toMatchObject({ version: "2.11.0", hasCuda: false });
  });

  test("warns of a version that is newer than any that was tested", () => {
    expect(inspectLibtorch(libtorchAt(work, { version: "2.99.0" }))).toMatchObject({
      warning: expect.stringContaining("2.99.0 is newer"),
    });
  });

  test("knows the layout of Debian's package, from the top and from its libraries", () => {
    const root = libtorchAt(join(work, "usr"));
    const lib = join(root, "lib", `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`);
    mkdirSync(lib);
    for (const name of ["torch_cpu", "c10"])
      renameSync(join(root, "lib", library(name)), join(lib, library(name)));
    expect(inspectLibtorch(root)).toMatchObject({ lib, version: "2.11.0+cu130" });
    expect(inspectLibtorch(lib)).toMatchObject({ lib, version: "2.11.0+cu130" });
  });

  test("sees a build with GCC's old ABI", () => {
    const root = libtorchAt(work);
    mkdirSync(join(root, "share", "cmake", "Torch"), { recursive: true });
    const flags = 'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")';
    writeFileSync(join(root, "share", "cmake", "Torch", "TorchConfig.cmake"), flags);
    expect(inspectLibtorch(root)).toMatchObject({ hasCxx11Abi: false });
  });
});
