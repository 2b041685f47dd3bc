/** Small files that readers must never see half written. */

import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";

/** Temporary name, synced, renamed: a reader never sees half a file. */
export function writeWhole(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, "w");
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
