/** Backend and model together, with what a person wants to see while they load. */

import { existsSync } from "node:fs";
import { inspectModel, type LanguageModel, type LoadProgress, loadModel } from "@soft-tokens/model";
import type { Backend, FloatDType, HeadChunk } from "@soft-tokens/tensor";
import { type OpenBackendOptions, openBackend } from "./backend.ts";
import { UsageError } from "./errors.ts";
import { availableMemory } from "./memory/available.ts";
import type { MemoryNeeds } from "./memory/estimate.ts";
import { refuseTooLarge } from "./memory/refuse-too-large.ts";
import type { ModelOptions } from "./model-options.ts";
import { createProgress } from "./progress.ts";

export interface OpenedModel extends Disposable {
  readonly backend: Backend;
  readonly model: LanguageModel;
  readonly chunk: HeadChunk;
  /** Resolved compute dtype, for logs and config.json. */
  readonly dtype: FloatDType;
}

/**
 * Prints one line about the backend, one about the model and one for each of its warnings on standard error. `needs` says what the command will do with it.
 * @throws UsageError, also for a model that would not fit in memory; ModelError
 */
export async function openModel(
  options: ModelOptions & OpenBackendOptions,
  needs: Omit<MemoryNeeds, "headElements">,
  signal: AbortSignal,
): Promise<OpenedModel> {
  const { backend, reason } = await openBackend(options.backend, options);
  process.stderr.write(`backend  ${reason}\n`);
  const progress = createProgress("loading", "MB");
  let shown = false;
  const loading = {
    signal,
    onProgress({ file, bytes, totalBytes }: LoadProgress) {
      if (totalBytes < 32e6) return; // too quick to show
      const megabytes = Math.round(totalBytes / 1e6);
      if (!shown) progress.update(0, megabytes, file); // or the first part would count as one megabyte
      shown = true;
      progress.update(Math.round(bytes / 1e6), megabytes, file);
    },
  };
  try {
    refuseDtypes(options.dtype, needs, backend);
    const inspected = await inspectModel(options.model, loading);
    const dtype = resolveDtype(options.dtype, inspected.weightsDtype, backend);
    if (!options.ignoreMemoryCheck) {
      refuseTooLarge({
        model: inspected,
        name: options.model,
        dtype,
        dtypes: backend.capabilities.dtypes,
        needs: { ...needs, headElements: options.headElements },
        available: availableMemory(backend),
      });
    }
    const model = await loadModel(inspected.folder, { backend, dtype, ...loading });
    if (shown) progress.finish();
    process.stderr.write(`model    ${describe(model, options.model)}, ${dtype}\n`);
    for (const { message } of model.warnings) process.stderr.write(`warning  ${message}\n`);
    return {
      backend,
      model,
      dtype,
      chunk: { maxElements: options.headElements },
      [Symbol.dispose]() {
        model.dispose();
        backend[Symbol.dispose]();
      },
    };
  } catch (error) {
    if (shown) progress.finish();
    backend[Symbol.dispose]();
    throw error;
  }
}

/** @throws UsageError for a dtype that the backend does not compute in */
function refuseDtypes(
  dtype: ModelOptions["dtype"],
  { training }: Pick<MemoryNeeds, "training">,
  backend: Backend,
): void {
  if (backend.capabilities.dtypes.has("bfloat16")) return;
  if (dtype === "bfloat16") {
    throw new UsageError(
      `--dtype bfloat16: ${backend.name} does not compute in bfloat16; use --dtype float32 or auto`,
    );
  }
  if (training?.optimizerMoments === "bfloat16") {
    throw new UsageError(
      `--optimizer-moments bfloat16: ${backend.name} does not compute in bfloat16; use --optimizer-moments float32`,
    );
  }
}

/** `auto` takes the weights as they are stored where the backend computes in that, else float32: nothing is lost unasked. */
export function resolveDtype(
  asked: ModelOptions["dtype"],
  stored: FloatDType,
  backend: Pick<Backend, "capabilities">,
): FloatDType {
  if (asked !== "auto") return asked;
  return backend.capabilities.dtypes.has(stored) ? stored : "float32";
}

function describe(model: LanguageModel, name: string): string {
  const { config } = model;
  const parameters = [...model.parameters.values()].reduce((sum, tensor) => sum + tensor.size, 0);
  const where = existsSync(name) ? name : `${name} (hub)`;
  return `${where}: ${config.family}, ${formatCount(parameters)} parameters, ${config.layers} layers, hidden ${config.hiddenSize}, vocabulary ${config.vocabularySize}`;
}

/** 135_000_000 -> "135.0M" */
export function formatCount(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(2)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}M`;
  if (count >= 1e3) return `${(count / 1e3).toFixed(0)}k`;
  return String(count);
}
