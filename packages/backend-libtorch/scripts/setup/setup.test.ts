import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { download } from "./download.ts";
import { type IndexFile, indexUrl, listFiles } from "./package-index.ts";
import { fitsWheel, isKept, makePlan } from "./plan.ts";
import { unpackWheel } from "./unpack.ts";

const { signal } = new AbortController();
const contents = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251));
const sha256 = createHash("sha256").update(contents).digest("hex");

let work = "";
let origin = "";
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {};
const server = createServer((request, response) => answer(request, response));

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), "soft-tokens-setup-"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  rmSync(work, { recursive: true, force: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const file = (changes: Partial<IndexFile> = {}): IndexFile => ({
  filename: "torch.whl",
  url: `${origin}/torch.whl`,
  sha256,
  size: contents.length,
  headers: {},
  ...changes,
});

/** Serves `contents`, from the byte that was asked for on. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const begin = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  response.writeHead(begin > 0 ? 206 : 200, { "content-length": contents.length - begin });
  response.end(contents.subarray(begin));
}

describe("download", () => {
  const path = () => join(work, "torch.whl");

  test("fetches a file whose sha256 is right, and tells how far it is", async () => {
    answer = serve;
    const seen: (number | null)[] = [];
    await download(file(), path(), { signal, onProgress: (done, total) => seen.push(done, total) });
    expect(readFileSync(path()).equals(contents)).toBe(true);
    expect(seen.slice(-2)).toEqual([contents.length, contents.length]);
    expect(readdirSync(work)).toEqual(["torch.whl"]);
  });

  test("goes on where a broken connection ended", async () => {
    const ranges: (string | undefined)[] = [];
    answer = (request, response) => {
      ranges.push(request.headers.range);
      if (ranges.length > 1) return serve(request, response);
      response.writeHead(200, { "content-length": contents.length });
      response.write(contents.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
    };
    await download(file(), path(), { signal, pauseMs: 1 });
    expect(readFileSync(path()).equals(contents)).toBe(true);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  test("starts again where the server does not go on", async () => {
    writeFileSync(`${path()}.part`, contents.subarray(0, 50_000));
    answer = (_, response) => response.end(contents);
    await download(file(), path(), { signal });
    expect(readFileSync(path()).equals(contents)).toBe(true);
  });

  test("throws away what has another sha256", async () => {
    answer = (_, response) => response.end(Buffer.alloc(contents.length));
    await expect(download(file(), path(), { signal })).rejects.toThrow(
      /torch\.whl: sha256 is .* the index says/,
    );
    expect(readdirSync(work)).toEqual([]);
  });

  test("does not fetch what cannot be checked", async () => {
    await expect(download(file({ sha256: "" }), path(), { signal })).rejects.toThrow("no sha256");
  });

  test("does not ask again after a refusal, and asks again after a server's failure", async () => {
    let asked = 0;
    answer = (_, response) => response.writeHead(asked++ === 0 ? 503 : 403).end();
    await expect(download(file(), path(), { signal, pauseMs: 1 })).rejects.toThrow("403");
    expect(asked).toBe(2);
  });

  test("stops at once when it is told to, and keeps what it has", async () => {
    const controller = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { "content-length": contents.length });
      response.write(contents.subarray(0, 100_000));
    };
    const running = download(file(), path(), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(running).rejects.toThrow();
    expect(readdirSync(work)).toEqual(["torch.whl.part"]);
  });
});

describe("the package index", () => {
  test("is read as JSON", async () => {
    answer = (request, response) => {
      expect(request.url).toBe("/simple/torch/");
      response.setHeader("content-type", "application/vnd.pypi.simple.v1+json");
      const files = [
        { filename: "a.whl", url: "../../files/a.whl", size: 7, hashes: { sha256 } },
        { filename: "b.whl", url: "b.whl", yanked: "broken", hashes: { sha256 } },
      ];
      response.end(JSON.stringify({ files }));
    };
    expect(await listFiles("torch", `${origin}/simple/`, signal)).toEqual([
      { filename: "a.whl", url: `${origin}/files/a.whl`, size: 7, sha256, headers: {} },
    ]);
  });

  test("is read as HTML, with a name and password for its own host", async () => {
    const seen: (string | undefined)[] = [];
    answer = (request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader("content-type", "text/html");
      response.end(
        `<a href="a.whl#sha256=${sha256}" data-requires-python="&gt;=3.10">a.whl</a> <a href="https://files.invalid/b.whl#sha256=${sha256}">b.whl</a>`,
      );
    };
    const index = `${origin.replace("//", "//me:secret@")}/simple/`;
    const authorization = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(await listFiles("torch", index, signal)).toEqual([
      {
        filename: "a.whl",
        url: `${origin}/simple/torch/a.whl`,
        size: null,
        sha256,
        headers: { authorization },
      },
      { filename: "b.whl", url: "https://files.invalid/b.whl", size: null, sha256, headers: {} },
    ]);
    expect(seen).toEqual([authorization]);
  });

  test("is the one that pip would use", () => {
    const config = join(work, "pip.conf");
    const environment = { HOME: work, PIP_CONFIG_FILE: config };
    writeFileSync(config, "[global]\ntimeout = 60\n[search]\nindex-url = https://no.invalid\n");
    expect(indexUrl(environment)).toBe("https://pypi.org/simple/");
    writeFileSync(config, "[global]\nindex-url = https://mirror.invalid/simple\n");
    expect(indexUrl(environment)).toBe("https://mirror.invalid/simple/");
    expect(indexUrl({ ...environment, PIP_INDEX_URL: "https://other.invalid/" })).toBe(
      "https://other.invalid/",
    );
  });
});

describe("the plan", () => {
  const torch = { project: "torch", version: "2.11.0" };
  test.each([
    ["torch-2.11.0-cp312-cp312-manylinux_2_28_x86_64.whl", "linux-x64", true],
    ["torch-2.11.0-cp312-cp312-manylinux_2_28_aarch64.whl", "linux-x64", false],
    ["torch-2.11.0-cp312-cp312-manylinux_2_28_aarch64.whl", "linux-arm64", true],
    ["torch-2.11.0-cp312-cp312-macosx_11_0_arm64.whl", "darwin-arm64", true],
    ["torch-2.11.0-cp312-cp312-win_amd64.whl", "linux-x64", false],
    ["torch-2.10.0-cp312-cp312-manylinux_2_28_x86_64.whl", "linux-x64", false],
    ["torch-2.11.0.tar.gz", "linux-x64", false],
  ])("%s on %s: %s", (filename, platform, fits) => {
    expect(fitsWheel(filename, torch, platform)).toBe(fits);
  });

  test("finds a project whose name has dashes", () => {
    const wanted = { project: "nvidia-cuda-runtime", version: "13.0.96" };
    const filename = "nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl";
    expect(fitsWheel(filename, wanted, "linux-x64")).toBe(true);
  });

  test("takes CUDA's two small libraries on Linux and nothing on a Mac", () => {
    expect(makePlan("2.11.0", "linux-x64", false).wheels).toHaveLength(3);
    expect(makePlan("2.11.0", "darwin-arm64", false).wheels).toEqual([torch]);
    expect(makePlan("2.11.0", "linux-x64", true).wheels.length).toBeGreaterThan(10);
  });

  test("refuses what it does not know", () => {
    expect(() => makePlan("1.0.0", "linux-x64", false)).toThrow("wanted one of 2.11.0, 2.10.0");
    expect(() => makePlan("2.11.0", "win32-x64", false)).toThrow("no torch wheel for win32-x64");
    expect(() => makePlan("2.11.0", "darwin-arm64", true)).toThrow("--cuda");
  });

  test("keeps headers and libraries, and CUDA's only when asked", () => {
    const kept = (cuda: boolean) =>
      [
        "torch/include/ATen/ATen.h",
        "torch/lib/libtorch_cpu.so",
        "torch/lib/libgomp.so.1",
        "torch/lib/libtorch_cuda.so",
        "torch/lib/libtorch_python.so",
        "torch/nn/modules/linear.py",
        "torch/bin/torch_shm_manager",
        "torch/version.py",
        "nvidia/cu13/lib/libcudart.so.13",
        "nvidia/cu13/include/cuda.h",
        "torch-2.11.0.dist-info/licenses/LICENSE",
      ].filter((path) => isKept(path, cuda));
    expect(kept(false)).toEqual([
      "torch/include/ATen/ATen.h",
      "torch/lib/libtorch_cpu.so",
      "torch/lib/libgomp.so.1",
      "torch/version.py",
      "nvidia/cu13/lib/libcudart.so.13",
      "torch-2.11.0.dist-info/licenses/LICENSE",
    ]);
    expect(kept(true)).toContain("torch/lib/libtorch_cuda.so");
    expect(kept(true)).toContain("nvidia/cu13/include/cuda.h");
  });
});

describe("unpackWheel", () => {
  test("writes what is kept and nothing else", async () => {
    const wheel = join(work, "a.whl");
    writeFileSync(wheel, storedZip({ "torch/version.py": "__version__ = '2.11.0'\n", "torch/big.py": "no" }));
    const unpacked = await unpackWheel(wheel, join(work, "out"), {
      signal,
      isKept: (path) => isKept(path, false),
    });
    expect(unpacked).toEqual({ files: 1, bytes: 23 });
    expect(readFileSync(join(work, "out", "torch", "version.py"), "utf8")).toBe("__version__ = '2.11.0'\n");
    expect(existsSync(join(work, "out", "torch", "big.py"))).toBe(false);
  });

  test("refuses a name that leads out of the folder", async () => {
    const wheel = join(work, "evil.whl");
    writeFileSync(wheel, storedZip({ "../outside": "no" }));
    await expect(unpackWheel(wheel, join(work, "out"), { signal, isKept: () => true })).rejects.toThrow(
      "relative path",
    );
    expect(existsSync(join(work, "outside"))).toBe(false);
  });
});

/** A zip archive without compression (APPNOTE.TXT 4.3). */
function storedZip(files: Readonly<Record<string, string>>): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [nameBytes, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), common, nameBytes, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), common, rest, nameBytes]));
    bodies.push(body);
    offset += body.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(listing.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, listing, Buffer.from("PK\x05\x06"), end]);
}
