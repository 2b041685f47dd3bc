/**
 * A language model from a Hugging Face folder on this machine, or from the hub. Only JSON, safetensors and template
 * files are ever read: nothing in a model folder is run.
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Transformer } from "./architecture/transformer.ts";
import type { ModelConfig } from "./config/config.ts";
import { parseConfig, parseGenerationEosIds } from "./config/parse-config.ts";
import type { LanguageModel, LoadModelOptions } from "./contract.ts";
import { ModelError } from "./errors.ts";
import { downloadModel } from "./hub/download-model.ts";
import { parseJsonFile } from "./json-file.ts";
import { readModelFile } from "./model-files.ts";
import { createTokenizer } from "./tokenizer/create-tokenizer.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { loadParameters } from "./weights/load-parameters.ts";
import { openWeights } from "./weights/shards.ts";

/** The small files that are kept with a model, so that it can be saved again. */
const KEPT_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
] as const;

/**
 * Loads a model. A folder that exists is taken as it is; anything else must be a hub id, `organisation/name`.
 * The caller disposes the model.
 * @throws MODEL_NOT_FOUND, HUB_UNREACHABLE, CONFIG_INVALID, CONFIG_UNSUPPORTED, WEIGHTS_MISSING, WEIGHTS_SHAPE, WEIGHTS_NOT_FINITE,
 * SAFETENSORS_INVALID, SAFETENSORS_TRUNCATED, INDEX_INVALID, TOKENIZER_INVALID
 */
export async function loadModel(folderOrHubId: string, options: LoadModelOptions): Promise<LanguageModel> {
  const folder = await resolveFolder(folderOrHubId, options);
  const files = await readSmallFiles(folder);
  const { config, tokenizer } = readDescription(files, folder);
  await using weights = await openWeights(folder);
  const parameters = await loadParameters(weights, config, folder, options);
  return new Transformer({ config, backend: options.backend, tokenizer, parameters, files });
}

/** Config and tokenizer out of a model's small files. */
export function readDescription(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string,
): { config: ModelConfig; tokenizer: Tokenizer } {
  const json = (name: string, code: "CONFIG_INVALID" | "TOKENIZER_INVALID") => {
    const bytes = files.get(name);
    return bytes && parseJsonFile(bytes, join(folder, name), code);
  };
  const need = (name: string, code: "CONFIG_INVALID" | "TOKENIZER_INVALID") => {
    const parsed = json(name, code);
    if (parsed !== undefined) return parsed;
    throw new ModelError(code, `the folder has no ${name}`, { file: folder, key: name });
  };
  const own = parseConfig(need("config.json", "CONFIG_INVALID"), join(folder, "config.json"));
  const generation = json("generation_config.json", "CONFIG_INVALID") ?? {};
  const generationEos = parseGenerationEosIds(generation, join(folder, "generation_config.json"));
  const eosTokenIds = [...new Set([...own.eosTokenIds, ...generationEos])];
  const tokenizer = createTokenizer({
    definition: need("tokenizer.json", "TOKENIZER_INVALID"),
    settings: json("tokenizer_config.json", "TOKENIZER_INVALID") ?? {},
    file: join(folder, "tokenizer.json"),
    eosTokenIds,
  });
  // Whatever any of the three files calls an end ends a sequence.
  return { config: { ...own, eosTokenIds: tokenizer.eosTokenIds }, tokenizer };
}

/** A folder that exists as it is, anything else downloaded. */
export async function resolveFolder(
  folderOrHubId: string,
  options: Omit<LoadModelOptions, "backend" | "dtype">,
): Promise<string> {
  const found = await stat(folderOrHubId).catch(() => null);
  if (found?.isDirectory()) return folderOrHubId;
  if (found) {
    throw new ModelError("MODEL_NOT_FOUND", "is a file; wanted the folder of a model", {
      file: folderOrHubId,
    });
  }
  return downloadModel(folderOrHubId, options);
}

export async function readSmallFiles(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of KEPT_FILES) {
    const isConfig = name === "config.json" || name === "generation_config.json";
    const bytes = await readModelFile(folder, name, isConfig ? "CONFIG_INVALID" : "TOKENIZER_INVALID");
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}
