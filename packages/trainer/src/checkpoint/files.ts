/** Files on disk that have to survive a crash: sync, hash, check, and small files replaced in one step. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TrainerError } from "../errors.ts";
import type { FileRecord } from "./document.ts";

/** Syncs every file of a folder (no subfolders) and records its size and hash, by name. */
export async function sealFolder(folder: string): Promise<FileRecord[]> {
  const names = (await readdir(folder)).sort();
  const records: FileRecord[] = [];
  for (const name of names) {
    const file = join(folder, name);
    await syncPath(file);
    records.push({ name, bytes: (await stat(file)).size, sha256: await sha256(file) });
  }
  return records;
}

/** @throws CHECKPOINT_DAMAGED for a file that is missing, of another size, or altered */
export async function verifyFolder(folder: string, records: readonly FileRecord[]): Promise<void> {
  const damaged = (name: string, why: string, cause?: unknown) =>
    new TrainerError("CHECKPOINT_DAMAGED", `${join(folder, name)}: ${why}`, { cause });
  for (const { name, bytes } of records) {
    const info = await stat(join(folder, name)).catch((cause: unknown) => {
      throw damaged(name, "is missing", cause);
    });
    if (info.size !== bytes) throw damaged(name, `has ${info.size} bytes, ${bytes} were written`);
  }
  for (const { name, sha256: wanted } of records) {
    if ((await sha256(join(folder, name))) !== wanted) throw damaged(name, "its contents were altered");
  }
}

/** Writes a small file so that a reader sees the old one or the new one, also after a crash. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp-${process.pid}`;
  try {
    await writeFile(temporary, text);
    await syncPath(temporary);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes renames in a folder durable, where the platform can sync folders. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  try {
    await handle?.sync();
  } catch {
    // EINVAL or EPERM: Windows and some network file systems cannot
  } finally {
    await handle?.close();
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
