/** Small files that readers must never see half written. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { FileError } from "./file-error.ts";

/**
 * Temporary name, synced, renamed: a reader never sees half a file, and a power cut leaves the old one or the new one.
 * @throws FileError WRITE_FAILED; the file is then what it was
 */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w");
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new FileError("WRITE_FAILED", path, cause);
  }
  syncFolder(dirname(path));
}

/** Makes new names in a folder durable, where the platform can sync folders. */
export function syncFolder(folder: string): void {
  let file: number | null = null;
  try {
    file = openSync(folder, "r");
    fsyncSync(file);
  } catch {
    // EINVAL or EPERM: Windows and some network file systems cannot
  } finally {
    if (file !== null) closeSync(file);
  }
}
