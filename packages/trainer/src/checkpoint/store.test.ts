import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCheckpointStore, readBestCheckpoint } from "./store.ts";

let root = "";
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "checkpoints-")), "run");
});
afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

const write = (folder: string) => writeFile(join(folder, "content"), "x");
const save = (step: number, best: number | null = null, keep = 2) =>
  createCheckpointStore(root, { keep }).save({
    step,
    best: best === null ? null : { step: best, score: 0.5 },
    bytes: 1,
    write,
  });

describe("createCheckpointStore", () => {
  it("names folders by step and points to the last and the best", async () => {
    expect(await save(7, 7)).toBe(join(root, "step-000007"));
    expect((await readdir(root)).sort()).toEqual(["best.json", "last.json", "step-000007"]);
    expect(JSON.parse(await readFile(join(root, "last.json"), "utf8"))).toEqual({
      step: 7,
      folder: "step-000007",
    });
    expect(await readBestCheckpoint(root)).toEqual({
      step: 7,
      score: 0.5,
      folder: join(root, "step-000007"),
    });
  });

  it("keeps the newest and the best, and removes the rest", async () => {
    for (const step of [1, 2, 3, 4, 5]) await save(step, step === 1 ? null : 2);
    expect(await createCheckpointStore(root, { keep: 2 }).steps()).toEqual([5, 4, 2]);
  });

  it("leaves earlier checkpoints alone and no rubbish behind when the disk is full", async () => {
    await save(1);
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const failing = createCheckpointStore(root, { keep: 1 }).save({
      step: 2,
      best: null,
      bytes: 3 * 2 ** 20,
      write: async (folder) => {
        await write(folder);
        throw full;
      },
    });
    await expect(failing).rejects.toMatchObject({ code: "CHECKPOINT_WRITE_FAILED", cause: full });
    await expect(failing).rejects.toThrow(/step-000002 \(about 3 MiB\): no space left on the disk/);
    expect((await readdir(root)).sort()).toEqual(["last.json", "step-000001"]);
    expect(JSON.parse(await readFile(join(root, "last.json"), "utf8"))).toMatchObject({ step: 1 });
  });

  it("says so when a file stands where the folder should be", async () => {
    await mkdir(join(root, ".."), { recursive: true });
    await writeFile(root, "a file");
    await expect(save(1)).rejects.toMatchObject({ code: "CHECKPOINT_WRITE_FAILED" });
    const opened = createCheckpointStore(root, { keep: 1 }).open();
    await expect(opened).rejects.toThrow(/there is a file where a folder should be/);
  });

  it("removes what a crash left half-written and never takes it for a checkpoint", async () => {
    await save(1);
    await mkdir(join(root, ".writing-2"));
    await write(join(root, ".writing-2"));
    await mkdir(join(root, "..writing-2.tmp-99"));
    await writeFile(join(root, "last.json.tmp-99"), "{");
    const store = createCheckpointStore(root, { keep: 2 });
    expect(await store.steps()).toEqual([1]);
    await store.open();
    expect((await readdir(root)).sort()).toEqual(["last.json", "step-000001"]);
  });

  it("sets damaged checkpoints aside under names that are never read or pruned", async () => {
    const store = createCheckpointStore(root, { keep: 1 });
    await save(1);
    expect(await store.setAside(1)).toBe(join(root, "step-000001.damaged"));
    await save(1);
    expect(await store.setAside(1)).toBe(join(root, "step-000001.damaged-2"));
    for (const step of [1, 2, 3]) await save(step, null, 1);
    expect(await store.steps()).toEqual([3]);
    expect(await readdir(root)).toContain("step-000001.damaged");
  });

  it("replaces a checkpoint of the same step", async () => {
    await save(1);
    await save(1);
    expect((await readdir(root)).sort()).toEqual(["last.json", "step-000001"]);
  });

  it("has no checkpoints where there is no folder", async () => {
    const store = createCheckpointStore(root, { keep: 1 });
    expect(await store.steps()).toEqual([]);
    await store.open();
    expect(await store.steps()).toEqual([]);
    expect(await readBestCheckpoint(root)).toBeNull();
  });

  it("names a best.json that leads to no checkpoint", async () => {
    await createCheckpointStore(root, { keep: 1 }).open();
    for (const text of [
      "null",
      "{",
      '{"step":1,"score":2,"folder":"../elsewhere"}',
      '{"step":1,"score":null}',
    ]) {
      await writeFile(join(root, "best.json"), text);
      await expect(readBestCheckpoint(root), text).rejects.toMatchObject({
        code: "CHECKPOINT_DAMAGED",
        message: expect.stringContaining("best.json"),
      });
    }
  });
});
