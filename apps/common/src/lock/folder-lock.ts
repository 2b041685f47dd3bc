/**
 * One writer for a folder of results. `.lock` in the folder says which process writes there; a second one is refused before it
 * touches anything. A lock whose process is gone (killed, power cut, its id used again) is taken over without a question.
 *
 * `.lock` is looked at and written inside of `.lock.door`, a lock of proper-lockfile that is held for milliseconds: of two
 * processes that find the lock of a dead one at the same time, one gets it. That library's own locks are not held for the
 * length of a run, because they go stale by the clock: a step that keeps the event loop busy, or a laptop that sleeps, would
 * lose them, and a killed run could continue only after they have aged.
 */

import { readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lock as openDoor } from "proper-lockfile";
import { z } from "zod";
import { FileError, makeFolder } from "../file-error.ts";
import { formatDuration } from "../progress.ts";
import { writeWhole } from "../write-whole.ts";
import { ownIdentity, ProcessIdentity, whereabouts } from "./process-identity.ts";
import { removeUnfinished } from "./unfinished-files.ts";

const LOCK_FILE = ".lock";
const DOOR = ".lock.door";

/** A process that has been killed a moment ago may still be on its way out. */
const LAST_MOMENTS_MS = 1500;

/** After this time a door is one that a kill between two lines of this file has left open. */
const DOOR_STALE_MS = 4000;

const LockRecord = z.object({
  format: z.literal("soft-tokens-lock/1"),
  ...ProcessIdentity.shape,
  /** ISO 8601. */
  since: z.string(),
  command: z.string(),
});
type LockRecord = z.infer<typeof LockRecord>;

/** Another process writes to the folder, or might. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
  readonly code = "FOLDER_IN_USE" as const;
  constructor(
    readonly folder: string,
    message: string,
    /** Null where the lock cannot be read. */
    readonly holder: LockRecord | null,
  ) {
    super(message);
  }
}

export interface FolderLock extends Disposable {
  /** Gives the folder back. A folder that was made for the lock and is still empty goes with it. */
  release(): void;
}

/**
 * Makes the folder if need be, takes its lock, and clears away what a killed process was writing there and in `parts`.
 * @throws FolderInUseError FOLDER_IN_USE saying who holds it; FileError where the folder cannot be written
 */
export async function lockFolder(folder: string, parts: readonly string[] = []): Promise<FolderLock> {
  const file = join(folder, LOCK_FILE);
  await refuseHolder(folder, file); // before anything is touched
  const made = makeFolder(folder);
  const own: LockRecord = {
    format: "soft-tokens-lock/1",
    ...ownIdentity(),
    since: new Date().toISOString(),
    command: process.argv.slice(2).join(" "),
  };
  const shut = await enter(folder);
  try {
    await refuseHolder(folder, file);
    writeWhole(file, `${JSON.stringify(own)}\n`);
  } finally {
    await shut();
  }
  const release = () => {
    held.delete(release);
    if (readLock(file)?.since !== own.since) return; // a person has removed it, and another process may have come
    rmSync(file, { force: true });
    if (made !== undefined) removeEmpty(folder, made);
  };
  if (held.size === 0) process.once("exit", releaseLocks);
  held.add(release);
  try {
    for (const part of ["", ...parts]) removeUnfinished(join(folder, part));
  } catch (error) {
    release();
    throw error;
  }
  return { release, [Symbol.dispose]: release };
}

const held = new Set<() => void>();

/** All of this process: for an end that runs no `finally` block. */
export function releaseLocks(): void {
  for (const release of held) release();
}

/** @throws FolderInUseError */
async function refuseHolder(folder: string, file: string): Promise<void> {
  const here = ownIdentity();
  for (const started = performance.now(); ; await sleep(50)) {
    const holder = readLock(file);
    if (holder === null) return;
    if (holder === undefined) throw new FolderInUseError(folder, unreadable(folder, file), null);
    const place = whereabouts(holder, here);
    if (place === "gone") return;
    const mayEnd = place === "running" && holder.pid !== process.pid;
    if (mayEnd && performance.now() - started < LAST_MOMENTS_MS) continue;
    const message = place === "running" ? inUse(folder, holder) : elsewhere(folder, file, holder, here.host);
    throw new FolderInUseError(folder, message, holder);
  }
}

/** Null: there is none. Undefined: it cannot be read, and `writeWhole` never leaves such a file. */
function readLock(file: string): LockRecord | null | undefined {
  try {
    return LockRecord.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code !== undefined) throw new FileError("FOLDER_NOT_USABLE", dirname(file), error);
    return undefined;
  }
}

function inUse(folder: string, holder: LockRecord): string {
  return (
    `${folder} is in use: ${describe(holder)}. ` +
    `Wait for it, stop it (kill ${holder.pid}), or choose another folder with --out`
  );
}

function elsewhere(folder: string, file: string, holder: LockRecord, host: string): string {
  const place = holder.host === host ? "another container" : `another machine than this one (${host})`;
  return (
    `${folder} is in use, or was when its process was killed: ${describe(holder)}, on ${place}, so that it cannot be seen ` +
    `from here whether it still runs. If it does not, remove ${file} and run the same command again`
  );
}

function unreadable(folder: string, file: string): string {
  return `${folder}: its lock ${file} cannot be read. If no other process writes to the folder, remove it and run the same command again`;
}

function describe({ pid, host, since, command }: LockRecord): string {
  const age = formatDuration(Math.max(0, (Date.now() - Date.parse(since)) / 1000));
  const words = command.replace(/[\p{Cc}\p{Cf}]/gu, " ");
  const shown = words.length > 200 ? `${[...words].slice(0, 200).join("")}...` : words;
  return `process ${pid} on ${host} has held it since ${since} (for ${age}), started with "${shown}"`;
}

/** Tries until the previous holder of the door has released it: within milliseconds, or when it is stale. @throws FileError */
async function enter(folder: string): Promise<() => Promise<void>> {
  const lockfilePath = join(folder, DOOR);
  for (const started = performance.now(); ; await sleep(50)) {
    try {
      const shut = await openDoor(folder, {
        ...{ lockfilePath, stale: DOOR_STALE_MS, realpath: false },
        onCompromised: () => {}, // the machine slept for seconds between two lines
      });
      return () => shut().catch(() => undefined);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "ELOCKED";
      if (isTaken && performance.now() - started < 3 * DOOR_STALE_MS) continue;
      throw new FileError("FOLDER_NOT_USABLE", folder, error);
    }
  }
}

/** From the folder up to `made`, the first one that had to be made. */
function removeEmpty(folder: string, made: string): void {
  try {
    for (let path = resolve(folder); ; path = dirname(path)) {
      rmdirSync(path);
      if (path === resolve(made)) return;
    }
  } catch {
    // not empty: it has its results
  }
}
