/**
 * `npm run setup:native`: puts a libtorch into the project's cache, for machines without a Python that has torch.
 *
 *   npm run setup:native -- [--cuda] [--torch 2.11.0] [--wheels FOLDER] [--force]
 *
 * Fetches the torch wheel of the package index that pip is configured to use (PyPI if none), without its dependencies but for
 * the two small libraries that libtorch_cpu is linked to; checks each sha256; unpacks headers and libraries only. A folder in
 * the cache is whole or not there; what was downloaded before an interruption is used by the next try.
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { mkdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder, platformName } from "../src/native/cache-folder.ts";
import { inspectLibtorch, isUsable } from "../src/native/libtorch-folder.ts";
import { takeLock } from "./lock.ts";
import { download } from "./setup/download.ts";
import { type IndexFile, indexUrl, listFiles } from "./setup/package-index.ts";
import { DEFAULT_TORCH, fitsWheel, isKept, makePlan, type WantedWheel } from "./setup/plan.ts";
import { unpackWheel } from "./setup/unpack.ts";

const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort(new Error("interrupted")));
process.once("SIGTERM", () => stopped.abort(new Error("interrupted")));
/** Removed however this ends. */
const temporary = new Set<string>();
let lastShown = 0;

try {
  await setUp();
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  clearLine();
  if (stopped.signal.aborted) {
    say("Interrupted. Nothing half done is left; what was downloaded is used by the next try.");
    process.exitCode = 130;
  } else {
    say(`setup:native: ${code === "ENOSPC" ? "the disk is full" : message}`);
    process.exitCode = 1;
  }
} finally {
  for (const path of temporary) rmSync(path, { recursive: true, force: true });
}

async function setUp(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cuda: { type: "boolean", default: false },
      torch: { type: "string", default: DEFAULT_TORCH },
      wheels: { type: "string" },
      force: { type: "boolean", default: false },
    },
  });
  const { torch, cuda } = values;
  const platform = platformName();
  const plan = makePlan(torch, platform, cuda);
  const parent = join(cacheFolder(), "libtorch");
  const target = join(parent, `${torch}-${platform}`);
  mkdirSync(parent, { recursive: true });
  const lock = join(parent, "setup.lock");
  await takeLock(lock, stopped.signal, (owner) =>
    say(`another setup:native is at work (process ${owner}); waiting for it`),
  );
  temporary.add(lock);
  const standing = inspectLibtorch(join(target, "torch"));
  if (isUsable(standing) && (standing.hasCuda || !cuda) && !values.force) {
    say(`libtorch ${standing.version} is already in ${target}\nNext: npm run build:native`);
    return;
  }
  removeLeftovers(parent);

  const wheels = values.wheels
    ? plan.wheels.map((wanted) => wheelIn(resolve(values.wheels ?? ""), wanted, platform))
    : await fetchWheels(plan.wheels, join(parent, "download"), plan.unpackedBytes, platform);

  const staging = join(parent, `.staging-${process.pid}`);
  temporary.add(staging);
  await mkdir(staging);
  let unpacked = 0;
  for (const wheel of wheels) {
    const { bytes } = await unpackWheel(wheel, staging, {
      isKept: (path) => isKept(path, cuda),
      signal: stopped.signal,
      onProgress: (done) => showProgress(`unpacking  ${megabytes(unpacked + done)}`),
    });
    unpacked += bytes;
  }
  clearLine();
  const made = inspectLibtorch(join(staging, "torch"));
  if (!isUsable(made)) throw new Error(`the wheels do not hold a usable libtorch: ${made.reason}`);
  stopped.signal.throwIfAborted();
  await rm(target, { recursive: true, force: true });
  await rename(staging, target);
  if (!values.wheels) await rm(join(parent, "download"), { recursive: true, force: true });
  say(
    `libtorch ${made.version}${cuda ? " with CUDA" : ""} is in ${target} (${megabytes(unpacked)})\nNext: npm run build:native`,
  );
}

/** Downloads what is not there yet; returns the paths. */
async function fetchWheels(
  wanted: readonly WantedWheel[],
  folder: string,
  unpackedBytes: number,
  platform: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const index = indexUrl();
  const files: IndexFile[] = [];
  for (const wheel of wanted) {
    const listed = await listFiles(wheel.project, index, stopped.signal).catch((error: Error) => {
      stopped.signal.throwIfAborted();
      throw new Error(`${error.message}${causeOf(error)}. ${howToDoWithout(wanted)}`, { cause: error });
    });
    const fitting = listed.filter(({ filename }) => fitsWheel(filename, wheel, platform));
    // A file that an earlier try began is gone on with.
    const file = fitting.find(({ filename }) => existsSync(join(folder, `${filename}.part`))) ?? fitting[0];
    if (!file)
      throw new Error(
        `the package index has no ${wheel.project} ${wheel.version} for ${platform}. ${howToDoWithout(wanted)}`,
      );
    files.push(file);
  }
  await requireSpace(folder, files, unpackedBytes);
  const paths: string[] = [];
  for (const file of files) {
    const path = join(folder, file.filename);
    const started = performance.now();
    let begin: number | null = null;
    if (!existsSync(path))
      await download(file, path, {
        signal: stopped.signal,
        onProgress(done, total) {
          begin ??= done;
          const rate = (done - begin) / Math.max(0.001, performance.now() - started) / 1000;
          const whole = total === null ? "" : ` of ${megabytes(total)}`;
          showProgress(`${file.filename}  ${megabytes(done)}${whole}  ${rate.toFixed(1)} MB/s`);
        },
      });
    clearLine();
    say(`${file.filename}  ${file.size === null ? "" : `${megabytes(file.size)}, `}sha256 as the index says`);
    paths.push(path);
  }
  return paths;
}

async function requireSpace(
  folder: string,
  files: readonly IndexFile[],
  unpackedBytes: number,
): Promise<void> {
  let wanted = unpackedBytes;
  for (const { filename, size } of files) {
    const path = join(folder, filename);
    const have =
      (
        await stat(path)
          .catch(() => stat(`${path}.part`))
          .catch(() => null)
      )?.size ?? 0;
    wanted += Math.max(0, (size ?? 0) - have);
  }
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const total = files.reduce((sum, { size }) => sum + (size ?? 0), 0);
  say(
    `To download: ${megabytes(total)}; needs ${gigabytes(wanted)} of disk while it works and ${gigabytes(unpackedBytes)} after, ${gigabytes(free)} are free.`,
  );
  if (free < wanted)
    throw new Error(
      `${dirname(folder)} has ${gigabytes(free)} free and ${gigabytes(wanted)} are needed; free some, or set SOFT_TOKENS_CACHE to a folder on another disk`,
    );
}

function wheelIn(folder: string, wanted: WantedWheel, platform: string): string {
  const name = (existsSync(folder) ? readdirSync(folder) : []).find((file) =>
    fitsWheel(file, wanted, platform),
  );
  if (!name)
    throw new Error(`${folder} holds no wheel of ${wanted.project} ${wanted.version} for ${platform}`);
  return join(folder, name);
}

function howToDoWithout(wanted: readonly WantedWheel[]): string {
  const names = wanted.map(({ project, version }) => `${project}==${version}`).join(" ");
  return `Without a network: pip download --no-deps -d FOLDER ${names} elsewhere, then --wheels FOLDER. Behind a certificate of your own set NODE_EXTRA_CA_CERTS`;
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? ` (${cause.message})` : "";
}

/** What a killed run left. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent))
    if (name.startsWith(".staging-")) rmSync(join(parent, name), { recursive: true, force: true });
}

function showProgress(text: string): void {
  const isLive = process.stderr.isTTY === true;
  if (performance.now() - lastShown < (isLive ? 100 : 10_000)) return;
  lastShown = performance.now();
  process.stderr.write(
    isLive ? `\r\x1b[2K${shown(text).slice(0, (process.stderr.columns ?? 80) - 1)}` : `${shown(text)}\n`,
  );
}

function clearLine(): void {
  if (process.stderr.isTTY === true) process.stderr.write("\r\x1b[2K");
}

function say(line: string): void {
  process.stderr.write(`${shown(line)}\n`);
}

/** Without control characters: names of files and answers of servers are others' text. */
function shown(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, "?");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
