/** Files that are either the old one or the new one, never half of it. */

import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { EvaluationError } from "../errors.ts";

/** Writes next to the target, syncs, renames. @throws EvaluationError WRITE_FAILED; the target is then untouched. */
export async function writeFileAtomically(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {}); // the first failure is the one to tell
    throw writeFailure(file, cause);
  }
  await syncFolder(dirname(file));
}

/** Makes new names in a folder durable, where the platform can sync folders. */
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

/** Says in words what usually is the matter. */
export function writeFailure(file: string, cause: unknown): EvaluationError {
  const { code = "" } = cause as NodeJS.ErrnoException;
  const why = REASONS[code] ?? String(cause);
  return new EvaluationError("WRITE_FAILED", `${file}: ${why}`, { cause, file });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EACCES: "no permission to write",
  EPERM: "no permission to write",
  EROFS: "the file system is read-only",
  ENOTDIR: "there is a file where a folder is wanted",
  EISDIR: "there is a folder where a file is wanted",
  ENOENT: "its folder is not there any more",
  EIO: "the disk reports an error",
};
