/** Files that are either the old one or the new one, never half of it. */

import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { EvaluationError } from "../errors.ts";

/** Writes beside the target, syncs, renames. @throws EvaluationError WRITE_FAILED; the target is then untouched. */
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
}

/** Says in words what usually is the matter. */
export function writeFailure(file: string, cause: unknown): EvaluationError {
  const code = (cause as NodeJS.ErrnoException).code;
  const why =
    code === "ENOSPC"
      ? "no space left on the disk"
      : code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? "no permission to write"
        : String(cause);
  return new EvaluationError("WRITE_FAILED", `${file}: ${why}`, { cause, file });
}
