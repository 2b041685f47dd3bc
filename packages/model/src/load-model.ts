/**
 * A language model from a Hugging Face folder on this machine, or from the hub. Only JSON, safetensors and template
 * files are ever read: nothing in a model folder is run.
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Transformer } from "./architecture/transformer.ts";
import type { ModelConfig } from "./config/config.ts";
import { parseConfig, parseGenerationEosIds, parseWeightsFile } from "./config/parse-config.ts";
import type { LanguageModel, LoadModelOptions } from "./contract.ts";
import { ModelError } from "./errors.ts";
import { downloadModel } from "./hub/download-model.ts";
import { parseJsonFile } from "./json-file.ts";
import { readSmallFiles } from "./small-files.ts";
import { createTokenizer } from "./tokenizer/create-tokenizer.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import type { ModelWarning } from "./warnings.ts";
import { loadParameters } from "./weights/load-parameters.ts";
import { openWeights } from "./weights/shards.ts";

/**
 * Loads a model. A folder that exists is taken as it is; anything else must be a hub id, `organisation/name`.
 * The caller disposes the model.
 * @throws MODEL_NOT_FOUND, HUB_UNREACHABLE, CONFIG_INVALID, CONFIG_UNSUPPORTED, WEIGHTS_MISSING, WEIGHTS_SHAPE, WEIGHTS_NOT_FINITE,
 * SAFETENSORS_INVALID, SAFETENSORS_TRUNCATED, INDEX_INVALID, TOKENIZER_INVALID
 */
export async function loadModel(folderOrHubId: string, options: LoadModelOptions): Promise<LanguageModel> {
  const folder = await resolveFolder(folderOrHubId, options);
  const files = await readSmallFiles(folder);
  const { config, tokenizer, weightsFile, warnings } = readDescription(files, folder);
  await using weights = await openWeights(folder, weightsFile);
  const parameters = await loadParameters(weights, config, folder, options);
  return new Transformer({ config, backend: options.backend, tokenizer, parameters, files, warnings });
}

/** What a model's small files say. */
export interface ModelDescription {
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** Named in place of the usual files. */
  readonly weightsFile: string | null;
  readonly warnings: readonly ModelWarning[];
}

export function readDescription(files: ReadonlyMap<string, Uint8Array>, folder: string): ModelDescription {
  const warnings: ModelWarning[] = [];
  const onWarning = (warning: ModelWarning) => {
    warnings.push(warning);
  };
  const json = (name: string, code: "CONFIG_INVALID" | "TOKENIZER_INVALID") => {
    const bytes = files.get(name);
    return bytes && parseJsonFile(bytes, join(folder, name), code);
  };
  const need = (name: string, code: "CONFIG_INVALID" | "TOKENIZER_INVALID") => {
    const parsed = json(name, code);
    if (parsed !== undefined) return parsed;
    throw new ModelError(code, `the folder has no ${name}${MISSING_HINTS[name] ?? ""}`, {
      file: folder,
      key: name,
    });
  };
  const configFile = join(folder, "config.json");
  const configJson = need("config.json", "CONFIG_INVALID");
  const own = parseConfig(configJson, configFile, onWarning);
  const generation = json("generation_config.json", "CONFIG_INVALID") ?? {};
  const generationEos = parseGenerationEosIds(generation, join(folder, "generation_config.json"));
  const eosTokenIds = [...new Set([...own.eosTokenIds, ...generationEos])];
  const tokenizer = createTokenizer({
    definition: need("tokenizer.json", "TOKENIZER_INVALID"),
    settings: json("tokenizer_config.json", "TOKENIZER_INVALID") ?? {},
    specialTokensMap: json("special_tokens_map.json", "TOKENIZER_INVALID") ?? {},
    addedTokens: json("added_tokens.json", "TOKENIZER_INVALID") ?? {},
    file: join(folder, "tokenizer.json"),
    eosTokenIds,
    embeddingRows: own.vocabularySize,
    onWarning,
  });
  if (tokenizer.eosTokenIds.length === 0) {
    onWarning({
      code: "END_TOKEN_MISSING",
      message: `${folder}: no file names a token that ends a sequence; texts end at their limits alone`,
      file: folder,
      keys: ["eos_token", "eos_token_id"],
    });
  }
  return {
    // Whatever any of these files calls an end ends a sequence.
    config: { ...own, eosTokenIds: tokenizer.eosTokenIds },
    tokenizer,
    weightsFile: parseWeightsFile(configJson, configFile),
    warnings,
  };
}

const MISSING_HINTS: Readonly<Record<string, string>> = {
  "tokenizer.json":
    ". A tokenizer.model, or vocab.json with merges.txt, is not read; transformers writes the file (AutoTokenizer.from_pretrained, then save_pretrained)",
};

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
