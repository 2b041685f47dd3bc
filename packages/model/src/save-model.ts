/**
 * Writes a model as a Hugging Face folder that transformers loads: safetensors (linear weights turned back to
 * [out, in], sharded when large), the original config with the new dtype, every other number of it letter by letter as it
 * was, and the tokenizer's files as they came.
 * Everything is written to a temporary folder that is synced and renamed, so a folder is either whole or not there.
 */

import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Tensor } from "@soft-tokens/tensor";
import { applyEdits, modify } from "jsonc-parser";
import { memoryShape, type ParameterSpec, parameterSpecs } from "./architecture/parameters.ts";
import type { LanguageModel } from "./contract.ts";
import { ModelError } from "./errors.ts";
import { syncFolder, writeSafetensors } from "./safetensors/write.ts";
import { isTemplateFile, TEMPLATES_FOLDER } from "./small-files.ts";
import { INDEX_FILE, SINGLE_FILE } from "./weights/shards.ts";
import { transposed } from "./weights/transpose.ts";

export interface SaveModelOptions {
  /** Precision of the file. Defaults to the parameters' own. */
  readonly dtype?: "float32" | "bfloat16";
  /** Most bytes of one weights file; a larger model is sharded. Defaults to 5e9. */
  readonly maxShardBytes?: number;
}

/**
 * Writes `folder`, replacing a model that is there.
 * @throws FOLDER_NOT_REPLACEABLE where the folder holds anything but a model
 */
export async function saveModel(
  model: Pick<LanguageModel, "config" | "backend" | "parameters" | "files">,
  folder: string,
  options: SaveModelOptions = {},
): Promise<void> {
  const target = resolve(folder);
  await checkReplaceable(target);
  const temporary = join(dirname(target), `.${basename(target)}.tmp-${process.pid}`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    const dtype = options.dtype ?? ownDType(model.parameters);
    await writeWeights(model, temporary, dtype, options.maxShardBytes ?? 5e9);
    for (const [name, bytes] of model.files) {
      if (isTemplateFile(name)) await mkdir(join(temporary, TEMPLATES_FOLDER), { recursive: true });
      await writeSynced(join(temporary, name), name === "config.json" ? configToSave(bytes, dtype) : bytes);
    }
    await syncFolder(temporary);
    await replaceFolder(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function writeWeights(
  model: Pick<LanguageModel, "config" | "backend" | "parameters">,
  folder: string,
  dtype: "float32" | "bfloat16",
  maxShardBytes: number,
): Promise<void> {
  const bytesPerElement = dtype === "float32" ? 4 : 2;
  const shards = splitShards(parameterSpecs(model.config), bytesPerElement, maxShardBytes);
  const names = shards.map((_, index) => shardName(index, shards.length));
  for (const [index, specs] of shards.entries()) {
    const tensors = specs.map((spec) => ({
      name: spec.name,
      dtype: dtype === "float32" ? ("F32" as const) : ("BF16" as const),
      shape: spec.fileShape,
      data: () => readParameter(model, spec),
    }));
    await writeSafetensors(join(folder, names[index] as string), tensors, { format: "pt" });
  }
  if (shards.length === 1) return;
  const weightMap = shards.flatMap((specs, index) => specs.map((spec) => [spec.name, names[index]]));
  const totalSize = shards.flat().reduce((sum, spec) => sum + elements(spec) * bytesPerElement, 0);
  const index = { metadata: { total_size: totalSize }, weight_map: Object.fromEntries(weightMap) };
  await writeSynced(join(folder, INDEX_FILE), encode(index));
}

/** Row-major in the file's orientation. */
async function readParameter(
  model: Pick<LanguageModel, "backend" | "parameters">,
  spec: ParameterSpec,
): Promise<Float32Array> {
  const tensor = model.parameters.get(spec.name) as Tensor;
  const values = (await model.backend.read(tensor)) as Float32Array;
  const [rows = 0, columns = 0] = memoryShape(spec);
  return spec.isTransposed ? transposed(values, rows, columns) : values;
}

/** Fills shards in order; a tensor larger than the limit gets one of its own. */
function splitShards(
  specs: readonly ParameterSpec[],
  bytesPerElement: number,
  maxShardBytes: number,
): ParameterSpec[][] {
  const shards: ParameterSpec[][] = [];
  let room = 0;
  for (const spec of specs) {
    const bytes = elements(spec) * bytesPerElement;
    const last = shards.at(-1);
    if (last && bytes <= room) last.push(spec);
    else {
      shards.push([spec]);
      room = maxShardBytes;
    }
    room -= bytes;
  }
  return shards;
}

function shardName(index: number, count: number): string {
  if (count === 1) return SINGLE_FILE;
  const number = (n: number) => String(n).padStart(5, "0");
  return `model-${number(index + 1)}-of-${number(count)}.safetensors`;
}

function elements(spec: ParameterSpec): number {
  return spec.fileShape.reduce((size, length) => size * length, 1);
}

function ownDType(parameters: ReadonlyMap<string, Tensor>): "float32" | "bfloat16" {
  const [first] = parameters.values();
  return first?.dtype === "bfloat16" ? "bfloat16" : "float32";
}

/**
 * The original config with its precision, under the key that it used (`torch_dtype` before transformers 5), and without the
 * name of another weights file. The text is edited: a number that went through JavaScript would lose its `.0`, by which
 * Python tells a float, and its digits beyond 2^53.
 */
function configToSave(config: Uint8Array, dtype: string): Uint8Array {
  const text = new TextDecoder().decode(config);
  const json = JSON.parse(text) as Record<string, unknown>;
  const key = "torch_dtype" in json && !("dtype" in json) ? "torch_dtype" : "dtype";
  const tabSize = /^\{\s*?\n( +)"/.exec(text)?.[1]?.length ?? 2;
  const formattingOptions = { insertSpaces: true, tabSize, eol: "\n" };
  const edit = (before: string, name: string, value: unknown) =>
    applyEdits(before, modify(before, [name], value, { formattingOptions }));
  const withDType = edit(text, key, dtype);
  const saved =
    "transformers_weights" in json ? edit(withDType, "transformers_weights", undefined) : withDType;
  return new TextEncoder().encode(saved);
}

function encode(json: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "w");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Only what a model folder consists of may be thrown away. */
async function checkReplaceable(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new ModelError("FOLDER_NOT_REPLACEABLE", `cannot be used as a folder (${error.code})`, {
      file: folder,
      cause: error,
    });
  });
  const templates = await readdir(join(folder, TEMPLATES_FOLDER)).catch(() => []);
  const hasOnlyTemplates = templates.every((name) => isTemplateFile(`${TEMPLATES_FOLDER}/${name}`));
  const foreign = entries.find((entry) =>
    entry.isDirectory()
      ? entry.name !== TEMPLATES_FOLDER || !hasOnlyTemplates
      : !/\.(json|safetensors|jinja)$/.test(entry.name),
  );
  const isModel = entries.some((entry) => entry.name === "config.json");
  if (entries.length === 0 || (isModel && !foreign)) return;
  throw new ModelError(
    "FOLDER_NOT_REPLACEABLE",
    `holds ${foreign?.name ?? "files"} and will not be replaced by a model; choose a new or an empty folder`,
    { file: folder, ...(foreign && { key: foreign.name }) },
  );
}

/** The old folder steps aside first: a folder cannot be renamed onto one that has files. */
async function replaceFolder(temporary: string, target: string): Promise<void> {
  const aside = join(dirname(target), `.${basename(target)}.old-${process.pid}`);
  await rm(aside, { recursive: true, force: true });
  const hadOld = await rename(target, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  try {
    await rename(temporary, target);
  } catch (error) {
    if (hadOld) await rename(aside, target);
    throw error;
  }
  await syncFolder(dirname(target));
  await rm(aside, { recursive: true, force: true });
}
