/** What is known of a model before any of its weights is read: where it lies, its configuration, and how large it is. */

import { EMBEDDING, parameterSpecs } from "./architecture/parameters.ts";
import type { ModelConfig } from "./config/config.ts";
import type { LoadModelOptions } from "./contract.ts";
import { readDescription, resolveFolder } from "./load-model.ts";
import { readSmallFiles } from "./small-files.ts";
import { nameTensors } from "./weights/name-tensors.ts";
import { openWeights } from "./weights/shards.ts";

export interface ModelInspection {
  /** The folder of the files, also where a hub id was given. */
  readonly folder: string;
  readonly config: ModelConfig;
  /** Numbers in all trainable tensors. */
  readonly parameters: number;
  /** Numbers in the largest of them. */
  readonly largestParameter: number;
  /** Precision of the stored weights; float16 counts as float32, in which it is loaded. */
  readonly weightsDtype: "float32" | "bfloat16";
}

/**
 * Reads the small files and the headers of the weights; a hub id is downloaded first.
 * @throws what `loadModel` throws for the same folder before it reads weights
 */
export async function inspectModel(
  folderOrHubId: string,
  options: Omit<LoadModelOptions, "backend" | "dtype">,
): Promise<ModelInspection> {
  const folder = await resolveFolder(folderOrHubId, options);
  const { config, weightsFile } = readDescription(await readSmallFiles(folder), folder);
  await using weights = await openWeights(folder, weightsFile);
  const stored = nameTensors(weights.tensors, config).get(EMBEDDING)?.entry.dtype;
  return {
    folder,
    config,
    ...parameterCount(config),
    weightsDtype: stored === "BF16" ? "bfloat16" : "float32",
  };
}

/** Sizes that follow from a configuration alone. */
export function parameterCount(config: ModelConfig): { parameters: number; largestParameter: number } {
  const sizes = parameterSpecs(config).map(({ fileShape }) => fileShape.reduce((a, b) => a * b, 1));
  return { parameters: sizes.reduce((a, b) => a + b, 0), largestParameter: Math.max(...sizes) };
}
