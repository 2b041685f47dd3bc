/** What a killed process was writing under a temporary name. It was never renamed, so no reader has seen it. */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../file-error.ts";
import { isRunning } from "./process-identity.ts";

/** `NAME.PID.tmp` and `NAME.tmp-PID`, of files and of folders. */
const TEMPORARY = /\.(?:(\d+)\.tmp|(?:tmp|old)-(\d+))$/;

/** Removes them from a folder, except those of processes that run. @throws FileError */
export function removeUnfinished(folder: string): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new FileError("FOLDER_NOT_USABLE", folder, error);
  }
  for (const name of names) {
    const match = TEMPORARY.exec(name);
    const pid = Number(match?.[1] ?? match?.[2]);
    if (!match || (pid !== process.pid && isRunning(pid))) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch (error) {
      throw new FileError("WRITE_FAILED", join(folder, name), error);
    }
  }
}
