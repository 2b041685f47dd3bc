/** Unpacks the wanted entries of a wheel (a zip archive), streaming; names that lead out of the folder are refused by yauzl. */

import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Entry, openPromise } from "yauzl";

export interface UnpackOptions {
  readonly isKept: (path: string) => boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}

/** Writes the kept entries below `folder`; returns their number and bytes. */
export async function unpackWheel(
  wheel: string,
  folder: string,
  options: UnpackOptions,
): Promise<{ files: number; bytes: number }> {
  const archive = await openPromise(wheel, { autoClose: false });
  let files = 0;
  let bytes = 0;
  try {
    for await (const entry of archive.eachEntry() as AsyncIterable<Entry>) {
      options.signal.throwIfAborted();
      if (!options.isKept(entry.fileName)) continue;
      const path = join(folder, entry.fileName);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(path), {
        signal: options.signal,
      });
      files++;
      bytes += entry.uncompressedSize;
      options.onProgress?.(bytes);
    }
  } finally {
    archive.close();
  }
  return { files, bytes };
}
