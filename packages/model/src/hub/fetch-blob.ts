/** One file of the hub into the cache: resumed where an earlier try stopped, and checked against the hub's hash. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open as openFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { ModelError } from "../errors.ts";
import { exists } from "./cache.ts";

/** A file as the hub's listing announces it. */
export interface AnnouncedFile {
  readonly name: string;
  readonly bytes: number;
  /** Large files by SHA-256, small ones by git's SHA-1 of a blob. Also the name in the cache. */
  readonly hash: string;
  readonly algorithm: "sha256" | "git-sha1";
}

/**
 * Downloads to `path` unless it is there. `open` gives the file's content; a slice of it is a ranged request.
 * @throws DOWNLOAD_CORRUPT
 */
export async function fetchBlob(
  file: AnnouncedFile,
  path: string,
  open: () => Promise<Blob>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (await exists(path)) {
    onBytes(file.bytes);
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  const incomplete = `${path}.incomplete`;
  let have = await stat(incomplete).then(
    (found) => found.size,
    () => 0,
  );
  if (have > file.bytes) {
    await rm(incomplete);
    have = 0;
  }
  onBytes(have);
  const handle = await openFile(incomplete, "a");
  try {
    if (have < file.bytes) {
      const content = await open();
      const rest = have > 0 ? content.slice(have) : content;
      // Each piece is on the disk before the next one is waited for: what has come is not fetched again.
      for await (const piece of Readable.fromWeb(rest.stream() as ReadableStream)) {
        await handle.appendFile(piece as Uint8Array);
        onBytes((piece as Uint8Array).length);
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  const actual = await hashFile(incomplete, file);
  if (actual !== file.hash) {
    // What has come cannot be continued: the next try begins anew.
    await rm(incomplete, { force: true });
    throw new ModelError(
      "DOWNLOAD_CORRUPT",
      `${file.name} arrived with hash ${actual}, the hub announced ${file.hash}; try again`,
      { file: path, key: file.name },
    );
  }
  await rename(incomplete, path);
}

async function hashFile(path: string, file: AnnouncedFile): Promise<string> {
  const hash = createHash(file.algorithm === "sha256" ? "sha256" : "sha1");
  if (file.algorithm === "git-sha1") {
    const { size } = await stat(path);
    hash.update(`blob ${size}\0`);
  }
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
