/** Files and folders that the system refuses: one error with a code, the place, and the reason in words. */

import { accessSync, constants, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Stable codes of {@link FileError}. */
type FileErrorCode = "FOLDER_NOT_USABLE" | "READ_FAILED" | "WRITE_FAILED";

export class FileError extends Error {
  override readonly name = "FileError";
  constructor(
    readonly code: FileErrorCode,
    /** The file or folder. */
    readonly file: string,
    cause: unknown,
  ) {
    super(`${file}: ${reasonOf(cause)}`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOTDIR: "there is a file where a folder is wanted",
  EEXIST: "there is a file where a folder is wanted",
  EISDIR: "there is a folder where a file is wanted",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "is not there (any more)",
  EIO: "the disk reports an error",
  EMFILE: "too many files are open",
};

function reasonOf(cause: unknown): string {
  const { code = "", message = String(cause) } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code];
  return reason === undefined ? message : `${reason} (${code})`;
}

/**
 * Makes a folder with those above it. Returns the first one that had to be made, or undefined.
 * @throws FileError FOLDER_NOT_USABLE with the system's real reason
 */
export function makeFolder(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new FileError("FOLDER_NOT_USABLE", folder, realReason(folder, error));
  }
}

/** On a read-only file system Node's recursive mkdir says ENOENT; the nearest folder that exists knows better. */
function realReason(folder: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return error;
  for (let path = resolve(folder); ; path = dirname(path)) {
    try {
      accessSync(path, constants.W_OK);
      return error;
    } catch (found) {
      const { code } = found as NodeJS.ErrnoException;
      if (code !== "ENOENT") return found;
      if (path === dirname(path)) return error;
    }
  }
}
