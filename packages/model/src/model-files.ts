/**
 * The one way to a file of a model folder. Folders come from strangers, and a name in one can be a link to anything: a file that
 * is no business of a model (and would be copied into every checkpoint), a device without an end, a pipe that nobody writes to.
 *
 * A link is followed
 * - inside the folder,
 * - into the `blobs` of a hub cache, which is that cache's own layout,
 * - out of it where the target has the same name, or where `model.safetensors` is a link to another `.safetensors`: so a folder
 *   of links to a model, which transformers loads too.
 */

import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { ModelError, type ModelErrorCode } from "./errors.ts";

/** Largest file that is read whole, in bytes: tokenizers have up to 40 MB. */
const MAX_BYTES = 256 * 2 ** 20;

/** `models--ORG--NAME/blobs/ETAG`, as huggingface_hub lays its cache out. */
const HUB_BLOB = /[\\/](?:models|datasets|spaces)--[^\\/]+[\\/]blobs[\\/][^\\/]+$/;

/** The path of a file in the folder, links resolved; null where there is no such name. @throws the given code for a forbidden link */
export async function locateModelFile(
  folder: string,
  name: string,
  code: ModelErrorCode,
): Promise<string | null> {
  const path = join(folder, name);
  const entry = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return null;
    throw new ModelError(code, `cannot be read (${cause.code ?? cause.message})`, { file: path, cause });
  });
  if (entry === null) return null;
  const target = await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ELOOP" ? "is a link to itself" : "is a link that leads nowhere";
    throw new ModelError(code, why, { file: path, cause });
  });
  const root = await realpath(folder);
  const isWithin = target.startsWith(root.endsWith(sep) ? root : root + sep);
  const isSameKind =
    basename(target) === basename(name) || (name === "model.safetensors" && target.endsWith(".safetensors"));
  if (isWithin || isSameKind || HUB_BLOB.test(target)) return target;
  throw new ModelError(code, `is a link that leads out of the folder, to ${target}`, { file: path });
}

/** The bytes of a small file; null where there is none. @throws the given code, with the file */
export async function readModelFile(
  folder: string,
  name: string,
  code: ModelErrorCode,
): Promise<Uint8Array | null> {
  const target = await locateModelFile(folder, name, code);
  return target === null ? null : readRegularFile(target, code, join(folder, name));
}

/** The bytes of a regular file of at most 256 MiB; the size is looked at before anything is read. @throws the given code */
export async function readRegularFile(
  path: string,
  code: ModelErrorCode,
  shownAs = path,
): Promise<Uint8Array> {
  const handle = await openRegularFile(path, code, shownAs);
  try {
    const { size } = await handle.stat();
    if (size > MAX_BYTES) {
      throw new ModelError(code, `${size} bytes are more than any such file has`, { file: shownAs });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** Opens a file for reading, and nothing that is not one: no folder, pipe or device. The caller closes it. @throws the given code */
export async function openRegularFile(
  path: string,
  code: ModelErrorCode,
  shownAs = path,
): Promise<FileHandle> {
  // Opening a pipe waits for its writer unless told not to.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  const handle = await open(path, flags).catch((cause: NodeJS.ErrnoException) => {
    throw new ModelError(code, `cannot be opened (${cause.code ?? cause.message})`, { file: shownAs, cause });
  });
  const stat = await handle.stat();
  if (stat.isFile()) {
    if (!(await isLfsPointer(handle, stat.size))) return handle;
    await handle.close();
    throw new ModelError(
      "LFS_POINTER",
      "this is a Git LFS pointer, the file itself was not downloaded; run `git lfs pull` in the folder, or download the model again",
      { file: shownAs },
    );
  }
  await handle.close();
  const what = stat.isDirectory()
    ? "a folder"
    : stat.isFIFO()
      ? "a pipe"
      : stat.isSocket()
        ? "a socket"
        : "a device";
  throw new ModelError(code, `is ${what}, wanted a regular file`, { file: shownAs });
}

/** https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a text of less than 1024 bytes with the version in its first line. */
async function isLfsPointer(handle: FileHandle, size: number): Promise<boolean> {
  const start = "version https://git-lfs.github.com/spec/";
  if (size < start.length || size >= 1024) return false;
  const bytes = new Uint8Array(start.length);
  await handle.read(bytes, 0, bytes.length, 0); // at a position: what is read later starts at the beginning
  return new TextDecoder().decode(bytes) === start;
}
