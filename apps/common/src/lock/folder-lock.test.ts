import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderInUseError, lockFolder } from "./folder-lock.ts";
import { ownIdentity } from "./process-identity.ts";

let work: string;
let folder: string;
let file: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "lock-"));
  folder = join(work, "runs", "a");
  file = join(folder, ".lock");
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const since = new Date(Date.now() - 3 * 3600_000).toISOString();
/** The lock that another process has left or holds; our parent runs for as long as we do. */
function writeLock(holder: object): void {
  mkdirSync(folder, { recursive: true });
  const identity = { ...ownIdentity(), pid: process.ppid, started: null };
  const record = {
    format: "soft-tokens-lock/1",
    ...identity,
    since,
    command: "run --out a\u001b[2J",
    ...holder,
  };
  writeFileSync(file, JSON.stringify(record));
}
const refusal = () =>
  lockFolder(folder).then(
    () => expect.unreachable("the lock was taken"),
    (error: FolderInUseError) => error,
  );
const isTaken = async () => {
  using _lock = await lockFolder(folder);
  return JSON.parse(readFileSync(file, "utf8")).pid === process.pid;
};

describe("lockFolder", () => {
  test("says who holds the folder, and gives it back", async () => {
    mkdirSync(folder, { recursive: true });
    const lock = await lockFolder(folder);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      ...ownIdentity(),
      command: expect.any(String),
    });
    lock.release();
    expect(existsSync(folder) && !existsSync(file)).toBe(true);
    lock.release(); // once more does no harm
  });

  test("folders that were made for the lock and got nothing go with it", async () => {
    (await lockFolder(folder)).release();
    expect(existsSync(join(work, "runs"))).toBe(false);
    const lock = await lockFolder(folder);
    writeFileSync(join(work, "runs", "b"), "");
    lock.release();
    expect([existsSync(folder), existsSync(join(work, "runs", "b"))]).toEqual([false, true]);
  });

  test("is refused while another process runs that holds it: pid, host, since when, what", async () => {
    writeLock({});
    const before = readFileSync(file, "utf8");
    const error = await refusal();
    expect(error).toBeInstanceOf(FolderInUseError);
    expect(error.code).toBe("FOLDER_IN_USE");
    const { host } = ownIdentity();
    for (const part of [
      folder,
      `process ${process.ppid} on ${host}`,
      since,
      "for 3h 00m",
      '"run --out a [2J"',
      "--out",
    ])
      expect(error.message).toContain(part);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("is refused within one process too", async () => {
    using _lock = await lockFolder(folder);
    expect((await refusal()).message).toContain(`process ${process.pid} `);
  });

  test("a lock of a process that is gone is taken over, also where another one has its id now", async () => {
    writeLock({ pid: spawnSync(process.execPath, ["--version"]).pid });
    expect(await isTaken()).toBe(true);
    if (ownIdentity().started === null) return; // no platform that we run on by default
    writeLock({ started: "1" });
    expect(await isTaken()).toBe(true);
  });

  test("of several that find a dead lock at the same time, one gets it", async () => {
    writeLock({ pid: spawnSync(process.execPath, ["--version"]).pid });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(folder)));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", ...Array(4).fill("rejected")]);
    for (const result of results) if (result.status === "fulfilled") result.value.release();
    expect(await isTaken()).toBe(true);
  });

  test("another machine's lock is never taken: how old it is, and what to remove", async () => {
    writeLock({ host: "elsewhere", boot: "another" });
    const { code, message } = await refusal();
    expect(code).toBe("FOLDER_IN_USE");
    for (const part of ["on elsewhere", "for 3h 00m", "another machine", `remove ${file}`])
      expect(message).toContain(part);
    rmSync(file);
    expect(await isTaken()).toBe(true);
  });

  test("a lock that cannot be read is never taken", async () => {
    writeLock({ format: "soft-tokens-lock/2" });
    expect((await refusal()).message).toContain(`remove it`);
    writeFileSync(file, "{");
    expect((await refusal()).message).toContain(file);
  });

  test("a lock that a person has removed, and another process has taken, is left to it", async () => {
    const lock = await lockFolder(folder);
    writeLock({});
    lock.release();
    expect(existsSync(file)).toBe(true);
  });

  test("a folder that cannot be made or read is an error with a code and the place", async () => {
    writeFileSync(join(work, "file"), "");
    for (const path of [join(work, "file"), join(work, "file", "run")]) {
      await expect(lockFolder(path)).rejects.toMatchObject({ code: "FOLDER_NOT_USABLE", file: path });
    }
  });
});
