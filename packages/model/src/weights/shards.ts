/**
 * The weights of a model folder: one `model.safetensors`, or shards with an index. The index comes from strangers: its
 * file names must be plain names inside the folder, and it must agree with the shards about every tensor.
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ModelError } from "../errors.ts";
import { readJson } from "../json-file.ts";
import { locateModelFile } from "../model-files.ts";
import type { SafetensorsEntry } from "../safetensors/header.ts";
import { readSafetensors, type SafetensorsFile } from "../safetensors/read.ts";

export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

export interface LocatedTensor {
  readonly file: SafetensorsFile;
  readonly entry: SafetensorsEntry;
}

/** All tensors of a folder's weights. The owner closes it. */
export interface WeightFiles extends AsyncDisposable {
  readonly tensors: ReadonlyMap<string, LocatedTensor>;
  /** Tensors that the index names and no shard holds, each with what to say of it where it is needed. */
  readonly absent: ReadonlyMap<string, ModelError>;
}

/**
 * `named` is the file that `config.json` names in place of the usual ones: a safetensors file or an index.
 * @throws WEIGHTS_MISSING, INDEX_INVALID, SAFETENSORS_INVALID, SAFETENSORS_TRUNCATED, LFS_POINTER
 */
export async function openWeights(folder: string, named: string | null): Promise<WeightFiles> {
  if (named !== null) return openNamed(folder, named);
  const indexPath = join(folder, INDEX_FILE);
  if (await locateModelFile(folder, SINGLE_FILE, "WEIGHTS_MISSING"))
    return openAll([join(folder, SINGLE_FILE)]);
  if (await locateModelFile(folder, INDEX_FILE, "INDEX_INVALID")) return openSharded(folder, indexPath);
  throw await explainMissing(folder);
}

async function openNamed(folder: string, named: string): Promise<WeightFiles> {
  const path = join(folder, named);
  if (await locateModelFile(folder, named, "WEIGHTS_MISSING")) {
    return named.endsWith(".json") ? openSharded(folder, path) : openAll([path]);
  }
  throw new ModelError(
    "WEIGHTS_MISSING",
    `has no ${named}, which transformers_weights of config.json names`,
    {
      file: folder,
      key: named,
    },
  );
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

async function openSharded(folder: string, indexPath: string): Promise<WeightFiles> {
  const parsed = indexSchema.safeParse(await readJson(indexPath, "INDEX_INVALID"));
  if (!parsed.success) {
    throw new ModelError("INDEX_INVALID", "weight_map must map tensor names to file names", {
      file: indexPath,
      key: "weight_map",
    });
  }
  const shardOf = Object.entries(parsed.data.weight_map);
  if (shardOf.length === 0) throw invalidIndex(indexPath, "weight_map", "names no tensor");
  const paths = new Map<string, string>();
  for (const [tensor, shard] of shardOf) {
    if (!paths.has(shard)) paths.set(shard, await locateShard(folder, indexPath, tensor, shard));
  }
  const weights = await openAll([...paths.values()]);
  const absent = new Map<string, ModelError>();
  for (const [tensor, shard] of shardOf) {
    const located = weights.tensors.get(tensor);
    if (located?.file.path === paths.get(shard)) continue;
    const error = invalidIndex(indexPath, tensor, `says that ${shard} holds it, which is not so`);
    if (located) {
      await weights[Symbol.asyncDispose]();
      throw error;
    }
    absent.set(tensor, error);
  }
  return { ...weights, absent };
}

/** A shard's path, once it is known to be one. @throws INDEX_INVALID */
async function locateShard(
  folder: string,
  indexPath: string,
  tensor: string,
  shard: string,
): Promise<string> {
  // One path segment: no separators of either kind, no drive, no "..".
  if (!/^[^/\\:\0]+\.safetensors$/.test(shard)) {
    throw invalidIndex(indexPath, tensor, `${JSON.stringify(shard)} is not the name of a .safetensors file`);
  }
  const target = await locateModelFile(folder, shard, "INDEX_INVALID").catch((error: ModelError) => {
    throw invalidIndex(indexPath, tensor, `names the shard ${error.message}`);
  });
  if (target === null) throw invalidIndex(indexPath, tensor, `names the shard ${shard}, which is not there`);
  return join(folder, shard);
}

async function openAll(paths: readonly string[]): Promise<WeightFiles> {
  const files: SafetensorsFile[] = [];
  const close = async () => {
    for (const file of files) await file.close();
  };
  try {
    const tensors = new Map<string, LocatedTensor>();
    for (const path of paths) {
      const file = await readSafetensors(path);
      files.push(file);
      for (const [name, entry] of file.entries) {
        const other = tensors.get(name);
        if (other) {
          throw new ModelError(
            "INDEX_INVALID",
            `tensor ${JSON.stringify(name)} is also in ${other.file.path}`,
            {
              file: path,
              key: name,
            },
          );
        }
        tensors.set(name, { file, entry });
      }
    }
    return { tensors, absent: new Map(), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function explainMissing(folder: string): Promise<ModelError> {
  const isPickled =
    (await isFile(join(folder, "pytorch_model.bin"))) ||
    (await isFile(join(folder, "pytorch_model.bin.index.json")));
  const message = isPickled
    ? "holds its weights as pytorch_model.bin, a Python pickle, which can run code when it is read. Convert it to safetensors (with transformers: save_pretrained)"
    : `has neither ${SINGLE_FILE} nor ${INDEX_FILE}`;
  return new ModelError("WEIGHTS_MISSING", message, { file: folder });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function invalidIndex(file: string, key: string, why: string): ModelError {
  return new ModelError("INDEX_INVALID", `${key}: ${why}`, { file, key });
}
