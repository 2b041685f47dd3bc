/**
 * Fetches a file to disk: goes on where an earlier try ended, tries again when the network fails, and believes the result only
 * when its sha256 is the one of the index.
 */

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { IndexFile } from "./package-index.ts";

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes on disk so far and of the whole (null while the server has not said). */
  readonly onProgress?: (done: number, total: number | null) => void;
  /** Defaults to 5. */
  readonly tries?: number;
  /** Before the second try; doubled for each further one. Defaults to 1000. */
  readonly pauseMs?: number;
}

/** Without a byte for so long a connection is given up. */
const SILENCE_MS = 60_000;

/** The bytes at `path` are those of the index, or this throws and `path` is not there. `path`.part is kept to go on from. */
export async function download(file: IndexFile, path: string, options: DownloadOptions): Promise<void> {
  if (!/^[0-9a-f]{64}$/.test(file.sha256))
    throw new Error(
      `the package index gives no sha256 for ${file.filename}; it cannot be checked, so it is not fetched`,
    );
  const part = `${path}.part`;
  const { tries = 5, pauseMs = 1000, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await fetchRest(file, part, options);
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= tries || error instanceof RefusedError) throw explain(file, error);
      await pause(pauseMs * 2 ** (attempt - 1), signal);
    }
  }
  const sha256 = await sha256Of(part, signal);
  if (sha256 !== file.sha256) {
    await rm(part, { force: true });
    throw new Error(
      `${file.filename}: sha256 is ${sha256}, the index says ${file.sha256}. The download was thrown away; run it again, and ` +
        "if it stays so something between here and the index changes files",
    );
  }
  await rename(part, path);
}

/** An answer that trying again would not change. */
class RefusedError extends Error {}

async function fetchRest(file: IndexFile, part: string, options: DownloadOptions): Promise<void> {
  const have = (await stat(part).catch(() => null))?.size ?? 0;
  if (file.size !== null && have === file.size) return;
  const begin = file.size !== null && have > file.size ? 0 : have;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await fetch(file.url, {
      headers: { ...file.headers, ...(begin > 0 && { range: `bytes=${begin}-` }) },
      signal: AbortSignal.any([options.signal, silence.signal]),
    });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new Error("the server has less than what is here; from the beginning again");
    }
    if (!response.ok || !response.body) {
      const message = `the server answers ${response.status} ${response.statusText}`;
      throw response.status >= 500 || response.status === 429
        ? new Error(message)
        : new RefusedError(message);
    }
    const isContinued = response.status === 206;
    let done = isContinued ? begin : 0;
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const total = file.size ?? (Number.isFinite(length) ? done + length : null);
    const counted = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        done += chunk.length;
        options.onProgress?.(done, total);
        yield chunk;
      }
    };
    await pipeline(
      Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
      counted,
      createWriteStream(part, { flags: isContinued ? "a" : "w" }),
    );
    if (total !== null && done < total)
      throw new Error(`the connection ended after ${done} of ${total} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest("hex");
}

function explain(file: IndexFile, error: unknown): Error {
  const { message, cause, code } = error as Error & { code?: string };
  if (code === "ENOSPC") return error as Error;
  const detail = cause instanceof Error ? `${message} (${cause.message})` : message;
  return new Error(
    `${file.filename} could not be fetched: ${detail}. What is here is kept; run the same command again`,
    {
      cause: error,
    },
  );
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
