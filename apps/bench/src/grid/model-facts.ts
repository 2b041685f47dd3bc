/** What can be said of a model without loading it: a fingerprint of its files, and the settings of the training it came from. */

import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "@soft-tokens/app-common";

const SAMPLE_BYTES = 64 * 1024;

/**
 * Sha256 over names and sizes of the files that decide what a model computes, small ones whole, of large ones both ends: a
 * later checkpoint under the same path differs, and no gigabytes are read. A hub id stands for itself.
 * @throws UsageError for a path without a model
 */
export function fingerprint(model: string): string {
  if (!existsSync(model)) {
    if (/^[\w.-]+\/[\w.-]+$/u.test(model) && !model.startsWith(".")) return `hub:${model}`;
    throw new UsageError(`--models: ${model}: no such folder`);
  }
  if (!existsSync(join(model, "config.json")))
    throw new UsageError(`--models: ${model}: not a model folder, it has no config.json`);
  const hash = createHash("sha256");
  for (const name of readdirSync(model).sort()) {
    if (!/^(config\.json|tokenizer\.json|.*\.safetensors)$/u.test(name)) continue;
    const path = join(model, name);
    if (!statSync(path).isFile()) throw new UsageError(`--models: ${path} is not a regular file`);
    hash.update(`${name} ${statSync(path).size}\n`).update(ends(path));
  }
  return hash.digest("hex").slice(0, 16);
}

function ends(path: string): Buffer {
  const { size } = statSync(path);
  if (size <= 2 * SAMPLE_BYTES) return readFileSync(path);
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(2 * SAMPLE_BYTES);
    readSync(file, bytes, 0, SAMPLE_BYTES, 0);
    readSync(file, bytes, SAMPLE_BYTES, SAMPLE_BYTES, size - SAMPLE_BYTES);
    return bytes;
  } finally {
    closeSync(file);
  }
}

/** A checkpoint lies at most this deep in its run's folder. */
const MOST_PARENTS = 3;

/** Options and resolved values of the run whose checkpoint this is, flat; null for a model from elsewhere. */
export function trainingSettings(model: string): Record<string, unknown> | null {
  let folder = resolve(model);
  for (let depth = 0; depth < MOST_PARENTS; depth++) {
    folder = dirname(folder);
    const config = readConfig(join(folder, "config.json"));
    if (config?.format !== "soft-tokens-run/1") continue;
    const { options, resolved } = config as { options?: object; resolved?: object };
    return { ...options, ...resolved };
  }
  return null;
}

function readConfig(file: string): Readonly<Record<string, unknown>> | null {
  try {
    const config: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof config === "object" && config !== null ? (config as Record<string, unknown>) : null;
  } catch {
    return null; // none, or not a run's: the model is from elsewhere
  }
}
