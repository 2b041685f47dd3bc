/**
 * The cache folder that Python's huggingface_hub uses too, so that a model downloaded by one is found by the other:
 * `models--ORG--NAME/` with `blobs/ETAG`, `refs/REVISION` and `snapshots/COMMIT/FILE`, links into blobs.
 */

import { copyFile, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { parseWeightsFile } from "../config/parse-config.ts";
import { readJson } from "../json-file.ts";
import { INDEX_FILE, SINGLE_FILE } from "../weights/shards.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** HF_HUB_CACHE, else HF_HOME/hub, else XDG_CACHE_HOME or ~/.cache with huggingface/hub. */
export function hubCacheFolder(environment: Environment = process.env): string {
  const cache = environment.HF_HUB_CACHE ?? environment.HUGGINGFACE_HUB_CACHE;
  if (cache) return cache;
  const home = environment.HF_HOME;
  if (home) return join(home, "hub");
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface", "hub");
}

/** The network is switched off by HF_HUB_OFFLINE (1, true, yes or on). */
export function isOffline(environment: Environment = process.env): boolean {
  return /^(1|true|yes|on)$/i.test(environment.HF_HUB_OFFLINE ?? "");
}

/** One repository in the cache. */
export class CachedRepository {
  readonly #folder: string;

  constructor(cacheFolder: string, hubId: string) {
    this.#folder = join(cacheFolder, `models--${hubId.replace("/", "--")}`);
  }

  snapshotFolder(commit: string): string {
    return join(this.#folder, "snapshots", commit);
  }

  blobPath(etag: string): string {
    return join(this.#folder, "blobs", etag);
  }

  /** Remembers which commit a branch or tag was. */
  async writeRef(revision: string, commit: string): Promise<void> {
    if (revision === commit) return;
    const path = join(this.#folder, "refs", revision);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, commit);
  }

  /** Makes a downloaded blob appear under its name in a snapshot. */
  async link(etag: string, commit: string, name: string): Promise<void> {
    const path = join(this.snapshotFolder(commit), name);
    await mkdir(dirname(path), { recursive: true });
    const blob = this.blobPath(etag);
    try {
      await symlink(relative(dirname(path), blob), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
      await copyFile(blob, path); // file systems and accounts without links
    }
  }

  /** The snapshot that was downloaded last for this revision, if all of it is there; null else. */
  async completeSnapshot(revision: string): Promise<string | null> {
    const commit = /^[0-9a-f]{40}$/.test(revision)
      ? revision
      : (await readFile(join(this.#folder, "refs", revision), "utf8").catch(() => "")).trim();
    if (commit === "") return null;
    const folder = this.snapshotFolder(commit);
    const needed = ["config.json", "tokenizer.json", ...(await weightFiles(folder))];
    for (const name of needed) {
      if (!(await exists(join(folder, name)))) return null;
    }
    return folder;
  }
}

/** Which weight files a folder should have: the shards of its index, or the single file. */
async function weightFiles(folder: string): Promise<string[]> {
  const named = await namedWeights(folder);
  const index = named ?? INDEX_FILE;
  if (!index.endsWith(".json")) return [index];
  if (!(await exists(join(folder, index)))) return [named ?? SINGLE_FILE];
  return shardNames(await readJson(join(folder, index), "INDEX_INVALID"));
}

/** What the folder's `config.json` names in place of the usual weights files. @throws CONFIG_INVALID */
export async function namedWeights(folder: string): Promise<string | null> {
  const path = join(folder, "config.json");
  return (await exists(path)) ? parseWeightsFile(await readJson(path, "CONFIG_INVALID"), path) : null;
}

/** File names in an index that has not been checked yet. */
export function shardNames(index: unknown): string[] {
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  if (map === null || typeof map !== "object") return [];
  return [...new Set(Object.values(map as Record<string, unknown>).map(String))];
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
