/** Downloads against a small hub of our own on this machine: listing, ranges, cuts, and no network at all. */

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { chatTemplates } from "../chat-templates.ts";
import type { LoadProgress } from "../contract.ts";
import { fixtureFolder } from "../fixtures/open-fixture.ts";
import { loadModel } from "../load-model.ts";
import { hubCacheFolder, isOffline } from "./cache.ts";
import { downloadModel } from "./download-model.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const REPOSITORY = "org/tiny-qwen2";

/** What the hub has, and how it misbehaves. */
const hub = {
  files: new Map<string, Buffer>(),
  requests: [] as string[],
  /** Sends only so many bytes of this file, and breaks the connection once they are known to have arrived. */
  cut: null as { name: string; after: number } | null,
  breakConnection: () => {},
  status: 200,
};
let server: Server;
let cache: string;

beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "hub-"));
  vi.stubEnv("HF_HUB_CACHE", cache);
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("HF_HUB_OFFLINE", "");
  vi.stubEnv("HF_TOKEN", "");
  hub.files = new Map();
  for (const name of await readdir(fixtureFolder("qwen2"))) {
    hub.files.set(name, await readFile(join(fixtureFolder("qwen2"), name)));
  }
  hub.files.set("pytorch_model.bin", Buffer.from("a pickle"));
  hub.files.set("modeling_tiny.py", Buffer.from("import os"));
  Object.assign(hub, { requests: [], cut: null, status: 200 });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true });
});

describe("downloadModel", () => {
  it("fetches configuration, tokenizer and the index's shards, and nothing that could be run", async () => {
    const seen: { bytes: number; totalBytes: number }[] = [];
    const folder = await downloadModel(REPOSITORY, { onProgress: (progress) => seen.push(progress) });
    expect(folder).toBe(join(cache, "models--org--tiny-qwen2", "snapshots", COMMIT));
    const names = [...hub.files.keys()].filter((name) => !/expected|\.bin$|\.py$/.test(name));
    expect((await readdir(folder)).sort()).toEqual(names.sort());
    for (const name of names) expect(await readFile(join(folder, name))).toEqual(hub.files.get(name));
    expect(await readlink(join(folder, "config.json"))).toMatch(/^\.\.\/\.\.\/blobs\//);
    expect(seen.at(-1)?.bytes).toBe(seen.at(-1)?.totalBytes);
    expect(hub.requests.filter((url) => /pickle|\.bin|\.py/.test(url))).toEqual([]);
  });

  it("fetches every template, and the weights that config.json names in place of the usual ones", async () => {
    const config = JSON.parse(String(hub.files.get("config.json"))) as object;
    const index = hub.files.get("model.safetensors.index.json") as Buffer;
    const transformers_weights = "other.safetensors.index.json";
    hub.files.set("config.json", Buffer.from(JSON.stringify({ ...config, transformers_weights })));
    hub.files.delete("model.safetensors.index.json");
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({
      code: "WEIGHTS_MISSING",
      key: transformers_weights,
    });
    hub.files.set(transformers_weights, index);
    hub.files.set("chat_template.jinja", Buffer.from("{{ messages }}"));
    hub.files.set("additional_chat_templates/tool_use.jinja", Buffer.from("{{ tools }}"));
    hub.files.set("additional_chat_templates/deep/x.jinja", Buffer.from("not a template"));
    const folder = await downloadModel(REPOSITORY, {});
    const backend = await createTfjsBackend({ variant: "cpu" });
    using model = await loadModel(REPOSITORY, { backend });
    expect([...chatTemplates(model.files)]).toEqual([
      ["default", "{{ messages }}"],
      ["tool_use", "{{ tools }}"],
    ]);
    expect(await readdir(join(folder, "additional_chat_templates"))).toEqual(["tool_use.jinja"]);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await downloadModel(REPOSITORY, {})).toBe(folder);
    await rm(join(folder, transformers_weights));
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    backend[Symbol.dispose]();
  });

  it("gives a folder that loads", async () => {
    const backend = await createTfjsBackend({ variant: "cpu" });
    using model = await loadModel(REPOSITORY, { backend });
    expect(model.config.family).toBe("qwen2");
    backend[Symbol.dispose]();
  });

  it("does not fetch again what it has", async () => {
    await downloadModel(REPOSITORY, {});
    hub.requests.length = 0;
    await downloadModel(REPOSITORY, {});
    expect(hub.requests.filter((url) => url.includes("/resolve/"))).toEqual([]);
  });

  it("continues a download where the connection broke", async () => {
    const name = "model-00002-of-00002.safetensors";
    hub.cut = { name, after: 2000 };
    const onProgress = breakAfter(name);
    await expect(downloadModel(REPOSITORY, { onProgress })).rejects.toMatchObject({
      code: "HUB_UNREACHABLE",
    });
    const blobs = join(cache, "models--org--tiny-qwen2", "blobs");
    const partial = (await readdir(blobs)).find((file) => file.endsWith(".incomplete")) as string;
    expect((await readFile(join(blobs, partial))).length).toBe(2000);
    hub.cut = null;
    hub.requests.length = 0;
    const folder = await downloadModel(REPOSITORY, {});
    expect(await readFile(join(folder, name))).toEqual(hub.files.get(name));
    expect(hub.requests).toContain(`bytes=2000-${(hub.files.get(name) as Buffer).length - 1} ${name}`);
  });

  it("throws away what is not what the hub announced", async () => {
    const name = "model-00001-of-00002.safetensors";
    hub.cut = { name, after: 1500 };
    await expect(downloadModel(REPOSITORY, { onProgress: breakAfter(name) })).rejects.toThrowError();
    const blobs = join(cache, "models--org--tiny-qwen2", "blobs");
    const partial = join(
      blobs,
      (await readdir(blobs)).find((file) => file.endsWith(".incomplete")) as string,
    );
    await writeFile(partial, Buffer.alloc(1500, 1));
    hub.cut = null;
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({
      code: "DOWNLOAD_CORRUPT",
      key: name,
    });
    await downloadModel(REPOSITORY, {});
  });

  it("uses the cache when the hub cannot be reached or the network is switched off", async () => {
    const folder = await downloadModel(REPOSITORY, {});
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect(await downloadModel(REPOSITORY, {})).toBe(folder);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await downloadModel(REPOSITORY, {})).toBe(folder);
    expect(await downloadModel(REPOSITORY, { revision: COMMIT })).toBe(folder);
    await rm(join(folder, "model-00002-of-00002.safetensors"));
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
  });

  it("says what to do without network", async () => {
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({ code: "HUB_UNREACHABLE" });
    await expect(downloadModel(REPOSITORY, {})).rejects.toThrowError(
      /Give the path of a model folder, or connect/,
    );
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    await expect(downloadModel(REPOSITORY, {})).rejects.toThrowError(
      /HF_HUB_OFFLINE switches the network off/,
    );
  });

  it.each([
    [401, "HUB_REFUSED", /HF_TOKEN/],
    [403, "HUB_REFUSED", /licence/],
    [404, "MODEL_NOT_FOUND", /no such model/],
    [503, "HUB_UNREACHABLE", /connect/],
  ])("explains status %i", async (status, code, message) => {
    hub.status = status;
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({ code });
    await expect(downloadModel(REPOSITORY, {})).rejects.toThrowError(message);
  });

  it("refuses a repository without safetensors before it fetches anything", async () => {
    for (const name of [...hub.files.keys()]) if (name.includes("safetensors")) hub.files.delete(name);
    await expect(downloadModel(REPOSITORY, {})).rejects.toMatchObject({ code: "WEIGHTS_MISSING" });
    expect(hub.requests.filter((url) => url.includes("/resolve/"))).toEqual([]);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error("enough"));
    await expect(downloadModel(REPOSITORY, { onProgress, signal: controller.signal })).rejects.toThrowError(
      "enough",
    );
  });
});

describe("the cache's place", () => {
  it("is that of Python's library", () => {
    expect(hubCacheFolder({ HF_HUB_CACHE: "/a", HF_HOME: "/b" })).toBe("/a");
    expect(hubCacheFolder({ HF_HOME: "/b" })).toBe(join("/b", "hub"));
    expect(hubCacheFolder({ XDG_CACHE_HOME: "/c" })).toBe(join("/c", "huggingface", "hub"));
    expect(["1", "true", "YES", "on"].every((value) => isOffline({ HF_HUB_OFFLINE: value }))).toBe(true);
    expect(isOffline({ HF_HUB_OFFLINE: "0" }) || isOffline({})).toBe(false);
  });
});

/** Breaks the connection when the bytes that the hub sends of a file are all there. */
function breakAfter(name: string): (progress: LoadProgress) => void {
  let begin: number | null = null;
  return ({ file, bytes }) => {
    if (file !== name) return;
    begin ??= bytes;
    if (bytes - begin === hub.cut?.after) hub.breakConnection();
  };
}

/** The three requests that a download makes: model info, file tree, file content by range. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://hub");
  const json = (body: unknown) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
  hub.requests.push(url.pathname);
  if (hub.status !== 200) {
    response.writeHead(hub.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: "no" }));
  } else if (url.pathname.startsWith(`/api/models/${REPOSITORY}/revision/`)) {
    json({ _id: "1", id: REPOSITORY, sha: COMMIT, lastModified: "2020-01-01" });
  } else if (url.pathname === `/api/models/${REPOSITORY}/tree/${COMMIT}`) {
    json([...hub.files].map(([path, content]) => describeFile(path, content)));
  } else if (url.pathname.startsWith(`/${REPOSITORY}/resolve/${COMMIT}/`)) {
    sendFile(url.pathname.slice(`/${REPOSITORY}/resolve/${COMMIT}/`.length), request, response);
  } else {
    response.writeHead(404).end();
  }
}

/** Weights as LFS files with SHA-256, the rest as git blobs. */
function describeFile(path: string, content: Buffer): object {
  const git = createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
  const lfs = {
    oid: createHash("sha256").update(content).digest("hex"),
    size: content.length,
    pointerSize: 130,
  };
  return {
    type: "file",
    path,
    size: content.length,
    oid: git,
    ...(path.endsWith(".safetensors") && { lfs }),
  };
}

function sendFile(name: string, request: IncomingMessage, response: ServerResponse): void {
  const content = hub.files.get(name) as Buffer;
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range) hub.requests.push(`${range[0]} ${name}`);
  const begin = Number(range?.[1] ?? 0);
  const end = range ? Number(range[2]) + 1 : content.length;
  response.writeHead(range ? 206 : 200, {
    etag: '"x"',
    "content-length": end - begin,
    ...(range && { "content-range": `bytes ${begin}-${end - 1}/${content.length}` }),
  });
  if (hub.cut?.name === name && end - begin > 1) {
    hub.breakConnection = () => response.destroy();
    response.write(content.subarray(begin, hub.cut.after));
  } else response.end(content.subarray(begin, end));
}
