/** Links and special files in place of a model's own: followed where transformers' users make them, refused elsewhere. */

import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { fixtureFolder } from "./fixtures/open-fixture.ts";
import { loadModel } from "./load-model.ts";

const backend = await createTfjsBackend({ variant: "cpu" });
const root = await mkdtemp(join(tmpdir(), "model-files-"));
const original = join(root, "original");
const folder = join(root, "model");
beforeEach(async () => {
  await rm(root, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(fixtureFolder("qwen2"), original, { recursive: true });
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  backend[Symbol.dispose]();
});

const load = () => loadModel(folder, { backend });
const isPosix = process.platform !== "win32";

async function linkAll(target: (name: string) => string): Promise<void> {
  for (const name of await readdir(original)) await symlink(target(name), join(folder, name));
}

describe("a link in a model folder", () => {
  it("may lead to the file of the same name in another folder, shards included", async () => {
    await linkAll((name) => join("..", "original", name));
    using model = await load();
    expect(model.config.family).toBe("qwen2");
  });

  it("may lead into the blobs of a hub cache elsewhere", async () => {
    const blobs = join(root, "cache", "models--org--name", "blobs");
    await mkdir(blobs, { recursive: true });
    let number = 0;
    const blobOf = new Map<string, string>();
    for (const name of await readdir(original)) {
      blobOf.set(name, `${number++}`.padStart(40, "0"));
      await rename(join(original, name), join(blobs, blobOf.get(name) as string));
    }
    for (const [name, blob] of blobOf) await symlink(join(blobs, blob), join(folder, name));
    (await load()).dispose();
  });

  it("may lead from one name to another inside the folder", async () => {
    await cp(original, folder, { recursive: true });
    await rename(join(folder, "config.json"), join(folder, "config-2.json"));
    await symlink("config-2.json", join(folder, "config.json"));
    (await load()).dispose();
  });

  it.each([
    ["chat_template.jinja", "TOKENIZER_INVALID"],
    ["config.json", "CONFIG_INVALID"],
    ["generation_config.json", "CONFIG_INVALID"],
    ["tokenizer.json", "TOKENIZER_INVALID"],
    ["special_tokens_map.json", "TOKENIZER_INVALID"],
  ])("may not make %s of another file", async (name, code) => {
    await cp(original, folder, { recursive: true });
    await writeFile(join(root, "secret"), '{"password": "x"}');
    await rm(join(folder, name), { force: true });
    await symlink("../secret", join(folder, name));
    await expect(load()).rejects.toMatchObject({
      code,
      file: join(folder, name),
      message: expect.stringContaining("link that leads out of the folder"),
    });
  });

  it.each([
    ["that leads nowhere", "nothing-there"],
    ["to itself", "config.json"],
  ])("%s is named", async (_, target) => {
    await cp(original, folder, { recursive: true });
    await rm(join(folder, "config.json"));
    await symlink(target, join(folder, "config.json"));
    await expect(load()).rejects.toMatchObject({ code: "CONFIG_INVALID", file: join(folder, "config.json") });
  });
});

describe("in place of a file", () => {
  const SHARD = "model-00001-of-00002.safetensors";
  const names = ["config.json", "tokenizer.json", "tokenizer_config.json", SHARD];

  it.each(names)("a folder called %s is named", async (name) => {
    await cp(original, folder, { recursive: true });
    await rm(join(folder, name));
    await mkdir(join(folder, name));
    await expect(load()).rejects.toMatchObject({
      name: "ModelError",
      message: expect.stringContaining("is a folder, wanted a regular file"),
    });
  });

  it.runIf(isPosix).each(names)("a pipe called %s is named and not waited for", async (name) => {
    await cp(original, folder, { recursive: true });
    await rm(join(folder, name));
    execFileSync("mkfifo", [join(folder, name)]);
    await expect(load()).rejects.toMatchObject({
      name: "ModelError",
      message: expect.stringContaining("is a pipe, wanted a regular file"),
    });
  });

  it.runIf(isPosix)("a device without an end is never read", async () => {
    await cp(original, folder, { recursive: true });
    await rm(join(folder, "config.json"));
    await symlink("/dev/zero", join(folder, "config.json"));
    await expect(load()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("a file of a gigabyte is refused by its size", async () => {
    await cp(original, folder, { recursive: true });
    await truncate(join(folder, "tokenizer.json"), 2 ** 30); // takes no space: nothing is written
    await expect(load()).rejects.toMatchObject({
      code: "TOKENIZER_INVALID",
      message: expect.stringContaining("1073741824 bytes are more than any such file has"),
    });
  });
});
