/**
 * A model of the hub as a folder of the local cache. Only configuration, tokenizer, templates and safetensors are ever
 * fetched: never a pickle, never code.
 */

import type { LoadModelOptions } from "../contract.ts";
import { ModelError } from "../errors.ts";
import { readJson } from "../json-file.ts";
import { isTemplateFile, SMALL_FILES } from "../small-files.ts";
import { INDEX_FILE, SINGLE_FILE } from "../weights/shards.ts";
import { CachedRepository, hubCacheFolder, isOffline, namedWeights, shardNames } from "./cache.ts";
import { type AnnouncedFile, fetchBlob } from "./fetch-blob.ts";

const HUB_ID = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

type DownloadOptions = Pick<LoadModelOptions, "onProgress" | "signal" | "revision">;

/**
 * The folder of a snapshot, downloaded or continued where it is not complete. Honours HF_HOME, HF_HUB_CACHE,
 * HF_HUB_OFFLINE, HF_ENDPOINT and HF_TOKEN.
 * @throws MODEL_NOT_FOUND, HUB_UNREACHABLE, HUB_REFUSED, DOWNLOAD_CORRUPT, WEIGHTS_MISSING
 */
export async function downloadModel(hubId: string, options: DownloadOptions): Promise<string> {
  if (!HUB_ID.test(hubId)) {
    throw new ModelError(
      "MODEL_NOT_FOUND",
      `there is no folder ${hubId}, and it is not a hub id, which looks like organisation/name`,
    );
  }
  const revision = options.revision ?? "main";
  const repository = new CachedRepository(hubCacheFolder(), hubId);
  if (isOffline()) {
    const cached = await repository.completeSnapshot(revision);
    if (cached) return cached;
    throw unreachable(hubId, "HF_HUB_OFFLINE switches the network off");
  }
  try {
    return await downloadSnapshot(hubId, revision, repository, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ModelError) throw error;
    const cached = isNetworkFailure(error) ? await repository.completeSnapshot(revision) : null;
    if (cached) return cached;
    throw explainFailure(error, hubId);
  }
}

async function downloadSnapshot(
  hubId: string,
  revision: string,
  repository: CachedRepository,
  options: DownloadOptions,
): Promise<string> {
  // Only here, because most models are folders on this machine and the library takes a while to load.
  const { downloadFile, listFiles, modelInfo } = await import("@huggingface/hub");
  const request = requestSettings(options.signal);
  const { sha: commit } = await modelInfo({ ...request, name: hubId, revision, additionalFields: ["sha"] });
  if (!/^[0-9a-f]{40}$/.test(commit))
    throw new TypeError(`the hub gave ${JSON.stringify(commit)} as a commit`);
  const listed = new Map<string, AnnouncedFile>();
  for await (const entry of listFiles({ ...request, repo: hubId, revision: commit, recursive: true })) {
    if (entry.type === "file") listed.set(entry.path, announced(entry));
  }

  let bytes = 0;
  let totalBytes = 0;
  const fetchAll = async (files: readonly AnnouncedFile[]) => {
    totalBytes += files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files) {
      options.signal?.throwIfAborted();
      const open = async () => {
        const blob = await downloadFile({ ...request, repo: hubId, revision: commit, path: file.name });
        if (blob) return blob;
        throw new ModelError("MODEL_NOT_FOUND", `${hubId} has no ${file.name} any more`, { key: file.name });
      };
      await fetchBlob(file, repository.blobPath(file.hash), open, (count) => {
        bytes += count;
        options.onProgress?.({ phase: "download", file: file.name, bytes, totalBytes });
      });
      await repository.link(file.hash, commit, file.name);
    }
  };
  const pick = (names: readonly string[]) =>
    names.map((name) => listed.get(name)).filter((file) => file !== undefined);

  const snapshot = repository.snapshotFolder(commit);
  const refuse = (name: string) => {
    throw new ModelError(
      "WEIGHTS_MISSING",
      `${hubId} has no ${name}; pickles (pytorch_model.bin) are never fetched, since they can run code`,
      { key: name },
    );
  };
  if (![...listed.keys()].some((path) => /\.safetensors(\.index\.json)?$/.test(path))) refuse(SINGLE_FILE);
  await fetchAll(pick([...SMALL_FILES, ...[...listed.keys()].filter(isTemplateFile)]));
  const named = await namedWeights(snapshot);
  const whole = named ?? (listed.has(SINGLE_FILE) ? SINGLE_FILE : INDEX_FILE);
  if (!listed.has(whole)) refuse(whole);
  await fetchAll(pick([whole]));
  if (whole.endsWith(".json")) {
    const index = await readJson(`${snapshot}/${whole}`, "INDEX_INVALID");
    await fetchAll(pick(shardNames(index)));
  }
  await repository.writeRef(revision, commit);
  return snapshot;
}

function requestSettings(signal: AbortSignal | undefined) {
  const { HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken } = process.env;
  return {
    ...(hubUrl && { hubUrl: hubUrl.replace(/\/$/, "") }),
    ...(accessToken && { accessToken }),
    ...(signal && { fetch: ((input, init) => fetch(input, { ...init, signal })) satisfies typeof fetch }),
  };
}

function announced(entry: {
  path: string;
  size: number;
  oid?: string;
  lfs?: { oid: string; size: number };
}): AnnouncedFile {
  const hash = entry.lfs?.oid ?? entry.oid ?? "";
  // The hash becomes a file name in the cache.
  if (!/^[0-9a-f]{40,64}$/.test(hash)) throw new TypeError(`the hub gave ${JSON.stringify(hash)} as a hash`);
  return {
    name: entry.path,
    bytes: entry.lfs?.size ?? entry.size,
    hash,
    algorithm: entry.lfs ? "sha256" : "git-sha1",
  };
}

function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : null;
}

/** No answer at all, or the hub's own trouble. */
function isNetworkFailure(error: unknown): boolean {
  const status = statusOf(error);
  return status === null || status >= 500 || status === 429;
}

function explainFailure(error: unknown, hubId: string): ModelError {
  const status = statusOf(error);
  const detail =
    error instanceof Error ? (error.cause instanceof Error ? error.cause : error).message : String(error);
  if (status === 401 || status === 403) {
    return new ModelError(
      "HUB_REFUSED",
      `the hub refused ${hubId}: it does not exist, is private, or its licence has to be accepted on its page first; then set HF_TOKEN to a token that may read it (${detail})`,
      { cause: error },
    );
  }
  if (status === 404) {
    return new ModelError("MODEL_NOT_FOUND", `there is no folder ${hubId}, and the hub has no such model`, {
      cause: error,
    });
  }
  return unreachable(hubId, `the hub could not be reached (${detail})`, error);
}

function unreachable(hubId: string, why: string, cause?: unknown): ModelError {
  return new ModelError(
    "HUB_UNREACHABLE",
    `there is no folder ${hubId}, ${why}, and the cache ${hubCacheFolder()} has no complete copy of ${hubId}. Give the path of a model folder, or connect and run again: the download continues where it stopped`,
    cause === undefined ? {} : { cause },
  );
}
