/**
 * One file of a data set on the Hugging Face hub, named `hf://datasets/ORG/NAME[@REVISION]/PATH`. It goes into the cache
 * folder that Python's huggingface_hub uses, so that a file fetched by one is found by the other, and is checked against
 * the hash that the hub announced. Only that one file is fetched; nothing of it is run.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { EvaluationError } from "../errors.ts";

/** A parsed `hf://datasets/...` name. */
interface HubFile {
  /** `ORG/NAME` */
  readonly repository: string;
  /** Branch, tag or commit; a branch such as `refs/convert/parquet` is written `refs%2Fconvert%2Fparquet`. */
  readonly revision: string;
  readonly path: string;
}

const HUB_PREFIX = "hf://";
const HUB_FILE =
  /^hf:\/\/datasets\/([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([\w.%-]+))?\/([^/].*\.[A-Za-z]+)$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Whether a name asks for a file of the hub. */
export function isHubFile(file: string): boolean {
  return file.startsWith(HUB_PREFIX);
}

/**
 * Reads a file of the hub, from the cache where it is there. Honours HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_ENDPOINT, HF_TOKEN.
 * @throws EvaluationError TASK_FILE_UNREADABLE
 */
export async function readHubFile(name: string): Promise<Uint8Array> {
  const wanted = parseHubFile(name);
  const repository = join(cacheFolder(), `datasets--${wanted.repository.replace("/", "--")}`);
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? "")) {
    return (await readCached(repository, wanted)) ?? fail(name, "HF_HUB_OFFLINE switches the network off");
  }
  try {
    return await download(repository, wanted);
  } catch (cause) {
    if (cause instanceof EvaluationError) throw cause;
    const status = (cause as { statusCode?: unknown }).statusCode;
    const isRefused = typeof status === "number" && status < 500 && status !== 429;
    const cached = isRefused ? null : await readCached(repository, wanted);
    return cached ?? fail(name, explain(cause, status), cause);
  }
}

function parseHubFile(name: string): HubFile {
  const [, repository, revision = "main", path] = HUB_FILE.exec(name) ?? [];
  if (repository === undefined || path === undefined || path.split("/").includes("..")) {
    throw new EvaluationError(
      "TASK_FILE_UNREADABLE",
      `${name}: not a file of a data set; wanted hf://datasets/ORG/NAME/PATH, or hf://datasets/ORG/NAME@REVISION/PATH`,
      { file: name },
    );
  }
  return { repository, revision: decodeURIComponent(revision), path };
}

async function download(folder: string, { repository, revision, path }: HubFile): Promise<Uint8Array> {
  // Only here: most question files lie on this machine, and the library takes a while to load.
  const { datasetInfo, downloadFile, pathsInfo } = await import("@huggingface/hub");
  const { HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken } = process.env;
  const request = {
    ...(hubUrl && { hubUrl: hubUrl.replace(/\/$/, "") }),
    ...(accessToken && { accessToken }),
  };
  const repo = { type: "dataset", name: repository } as const;
  const info = await datasetInfo({ ...request, name: repository, revision, additionalFields: ["sha"] });
  const commit = info.sha;
  if (!COMMIT.test(commit)) throw new TypeError(`the hub gave ${JSON.stringify(commit)} as a commit`);
  const [entry] = await pathsInfo({ ...request, repo, revision: commit, paths: [path] });
  if (entry?.type !== "file") throw Object.assign(new Error(`no file ${path}`), { statusCode: 404 });
  const hash = entry.lfs?.oid ?? entry.oid ?? "";
  if (!/^[0-9a-f]{40,64}$/.test(hash)) throw new TypeError(`the hub gave ${JSON.stringify(hash)} as a hash`);

  const blob = join(folder, "blobs", hash);
  const there = await readFile(blob).catch(() => null);
  if (there && hashOf(there, hash) === hash) {
    await remember(folder, { repository, revision, path }, commit, blob);
    return there;
  }
  const content = await downloadFile({ ...request, repo, revision: commit, path });
  if (!content) throw Object.assign(new Error(`no file ${path}`), { statusCode: 404 });
  const bytes = new Uint8Array(await content.arrayBuffer());
  const actual = hashOf(bytes, hash);
  if (actual !== hash) throw new Error(`${path} arrived with hash ${actual}, the hub announced ${hash}`);
  await mkdir(dirname(blob), { recursive: true });
  await writeFile(`${blob}.${process.pid}.incomplete`, bytes);
  await rename(`${blob}.${process.pid}.incomplete`, blob);
  await remember(folder, { repository, revision, path }, commit, blob);
  return bytes;
}

/** Large files are known by SHA-256, small ones by git's SHA-1 of a blob. */
function hashOf(bytes: Uint8Array, announced: string): string {
  if (announced.length === 64) return createHash("sha256").update(bytes).digest("hex");
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Makes the blob appear under its name in the snapshot, and the branch point at the commit. */
async function remember(folder: string, file: HubFile, commit: string, blob: string): Promise<void> {
  const link = join(folder, "snapshots", commit, file.path);
  await mkdir(dirname(link), { recursive: true });
  await symlink(relative(dirname(link), blob), link).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") await writeFile(link, await readFile(blob)); // file systems without links
  });
  if (file.revision === commit) return;
  const ref = join(folder, "refs", file.revision);
  await mkdir(dirname(ref), { recursive: true });
  await writeFile(ref, commit);
}

async function readCached(folder: string, { revision, path }: HubFile): Promise<Uint8Array | null> {
  const commit = COMMIT.test(revision)
    ? revision
    : (await readFile(join(folder, "refs", revision), "utf8").catch(() => "")).trim();
  if (!COMMIT.test(commit)) return null;
  return readFile(join(folder, "snapshots", commit, path)).catch(() => null);
}

function cacheFolder({ env } = process): string {
  const cache = env.HF_HUB_CACHE ?? env.HUGGINGFACE_HUB_CACHE;
  if (cache) return cache;
  if (env.HF_HOME) return join(env.HF_HOME, "hub");
  return join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface", "hub");
}

function explain(error: unknown, status: unknown): string {
  const detail =
    error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
  if (status === 401 || status === 403) {
    return `the hub refused it: it does not exist, is private, or its licence has to be accepted first; then set HF_TOKEN (${detail})`;
  }
  if (status === 404) return `the hub has no such data set or file (${detail})`;
  return `the hub could not be read (${detail})`;
}

function fail(name: string, why: string, cause?: unknown): never {
  throw new EvaluationError(
    "TASK_FILE_UNREADABLE",
    `${name}: ${why}, and the cache ${cacheFolder()} has no copy of it`,
    { file: name, ...(cause === undefined ? {} : { cause }) },
  );
}
