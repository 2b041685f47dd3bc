/** Backend and model together, with what a person wants to see while they load. */

import { existsSync } from "node:fs";
import { type LanguageModel, loadModel } from "@soft-tokens/model";
import type { Backend, HeadChunk } from "@soft-tokens/tensor";
import { openBackend } from "./backend.ts";
import { UsageError } from "./errors.ts";
import type { ModelOptions } from "./model-options.ts";
import { createProgress } from "./progress.ts";

export interface OpenedModel extends Disposable {
  readonly backend: Backend;
  readonly model: LanguageModel;
  readonly chunk: HeadChunk;
  /** Resolved compute dtype and why, for logs and config.json. */
  readonly dtype: string;
}

/** Prints one line about the backend and one about the model on standard error. @throws UsageError, ModelError */
export async function openModel(options: ModelOptions, signal: AbortSignal): Promise<OpenedModel> {
  const { backend, reason } = await openBackend(options.backend);
  process.stderr.write(`backend  ${reason}\n`);
  if (options.dtype === "bfloat16" && !backend.capabilities.dtypes.has("bfloat16")) {
    backend[Symbol.dispose]();
    throw new UsageError(
      `--dtype bfloat16: ${backend.name} does not compute in bfloat16; use --dtype float32 or auto`,
    );
  }
  const progress = createProgress("loading", "MB");
  let shown = false;
  try {
    const model = await loadModel(options.model, {
      backend,
      ...(options.dtype !== "auto" && { dtype: options.dtype }),
      signal,
      onProgress({ file, bytes, totalBytes }) {
        if (totalBytes < 32e6) return; // too quick to show
        shown = true;
        progress.update(Math.round(bytes / 1e6), Math.round(totalBytes / 1e6), file);
      },
    });
    if (shown) progress.finish();
    const dtype = [...model.parameters.values()][0]?.dtype ?? "float32";
    process.stderr.write(`model    ${describe(model, options.model)}, ${dtype}\n`);
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
