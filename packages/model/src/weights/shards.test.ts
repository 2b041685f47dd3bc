/** Indexes of shards that are whole, stale, broken and hostile. */

import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { changeJsonFile, readAll } from "../fixtures/change-files.ts";
import { fixtureFolder } from "../fixtures/open-fixture.ts";
import { loadModel } from "../load-model.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "shards-"));
});
beforeEach(async () => {
  folder = join(root, "model");
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
});
afterAll(async () => {
  await rm(root, { recursive: true });
  backend[Symbol.dispose]();
});

const load = () => loadModel(folder, { backend });
const takeFixture = (name: string) => cp(fixtureFolder(name), folder, { recursive: true });
const changeJson = (name: string, change: (json: Record<string, unknown>) => object) =>
  changeJsonFile(join(folder, name), change);
const EMBEDDING = "model.embed_tokens.weight";

describe("a shard index", () => {
  const INDEX = "model.safetensors.index.json";
  const pointTo = (shard: string) =>
    changeJson(INDEX, (json) => ({
      ...json,
      weight_map: { ...(json.weight_map as object), [EMBEDDING]: shard },
    }));

  it.each([
    "../outside.safetensors",
    "/etc/passwd",
    "sub/shard.safetensors",
    "..\\outside.safetensors",
    "C:shard.safetensors",
    "shard.safetensors\0.bin",
    "weights.bin",
    "",
  ])("that names %j is refused", async (shard) => {
    await takeFixture("qwen2");
    await cp(join(folder, "model-00001-of-00002.safetensors"), join(root, "outside.safetensors"));
    await pointTo(shard);
    await expect(load()).rejects.toMatchObject({
      code: "INDEX_INVALID",
      key: EMBEDDING,
      file: join(folder, INDEX),
    });
    await expect(load()).rejects.toThrowError(/is not the name of a .safetensors file/);
  });

  it("that reaches outside through a link is refused", async () => {
    await takeFixture("qwen2");
    await cp(join(folder, "model-00001-of-00002.safetensors"), join(root, "outside.safetensors"));
    await symlink("../outside.safetensors", join(folder, "inside.safetensors"));
    await pointTo("inside.safetensors");
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID", key: EMBEDDING });
    await expect(load()).rejects.toThrowError(/link that leads out/);
  });

  it("may name links into the blobs of the hub's cache", async () => {
    const repository = join(root, "models--org--name");
    folder = join(repository, "snapshots", "0123");
    await takeFixture("qwen2");
    await mkdir(join(repository, "blobs"));
    for (const shard of ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]) {
      await rename(join(folder, shard), join(repository, "blobs", shard));
      await symlink(join("../../blobs", shard), join(folder, shard));
    }
    (await load()).dispose();
  });

  it("that names a missing shard, or the wrong one, is refused", async () => {
    await takeFixture("qwen2");
    await pointTo("model-00003-of-00002.safetensors");
    await expect(load()).rejects.toThrowError(
      /names the shard model-00003-of-00002.safetensors, which is not there/,
    );
    const index = JSON.parse(await readFile(join(fixtureFolder("qwen2"), INDEX), "utf8")) as {
      weight_map: Record<string, string>;
    };
    const other = Object.values(index.weight_map).find(
      (shard) => shard !== index.weight_map[EMBEDDING],
    ) as string;
    await pointTo(other);
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID", key: EMBEDDING });
    await expect(load()).rejects.toThrowError(/which is not so/);
  });

  it("may name tables that no shard holds any more, and the second copy of a tied head", async () => {
    await takeFixture("qwen2");
    using whole = await load();
    const add = (name: string) =>
      changeJson(INDEX, (json) => ({
        ...json,
        weight_map: { ...(json.weight_map as object), [name]: "model-00001-of-00002.safetensors" },
      }));
    await add("model.layers.0.self_attn.rotary_emb.inv_freq");
    await add("model.rotary_emb.inv_freq");
    await add("lm_head.weight");
    using model = await load();
    expect(await readAll(model)).toEqual(await readAll(whole));
    await add("model.layers.0.self_attn.o_proj.bias");
    await expect(load()).rejects.toMatchObject({
      code: "INDEX_INVALID",
      key: "model.layers.0.self_attn.o_proj.bias",
    });
  });

  it("with two shards that hold one tensor is refused", async () => {
    await takeFixture("qwen2");
    const shard = "model-00001-of-00002.safetensors";
    await cp(join(folder, shard), join(folder, "copy.safetensors"));
    await changeJson(INDEX, (json) => {
      const map = json.weight_map as Record<string, string>;
      const [first] = Object.entries(map).find(([, name]) => name === shard) as [string, string];
      return { ...json, weight_map: { ...map, [first]: "copy.safetensors" } };
    });
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID" });
    await expect(load()).rejects.toThrowError(/is also in/);
  });

  it.each([{}, { weight_map: {} }, { weight_map: { a: 1 } }, []])("like %j is refused", async (json) => {
    await takeFixture("qwen2");
    await writeFile(join(folder, INDEX), JSON.stringify(json));
    await expect(load()).rejects.toMatchObject({ code: "INDEX_INVALID", file: join(folder, INDEX) });
  });
});
