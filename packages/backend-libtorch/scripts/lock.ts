/** One process at a time: a file with the owner's process id. A lock of a process that is gone counts for nothing. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";

const POLL_MS = 500;

/** Takes the lock, waiting while another process has it; `onWait` is told once. Release it by deleting the file. */
export async function takeLock(
  path: string,
  signal: AbortSignal,
  onWait: (owner: number) => void,
): Promise<void> {
  for (let hasWaited = false; ; ) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = ownerOf(path);
    if (owner !== null && !isAlive(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!hasWaited) onWait(owner ?? 0);
    hasWaited = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    signal.throwIfAborted();
  }
}

/** Null in the moment between making the file and writing it. */
function ownerOf(path: string): number | null {
  try {
    return Number.parseInt(readFileSync(path, "utf8"), 10) || null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
