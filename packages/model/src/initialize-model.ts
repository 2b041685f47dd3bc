/** A fresh model with random weights: the beginning of supervised training from nothing, and of tests. */

import type { Backend, RandomKey, Tensor } from "@soft-tokens/tensor";
import { memoryShape, parameterSpecs } from "./architecture/parameters.ts";
import { Transformer } from "./architecture/transformer.ts";
import type { LanguageModel } from "./contract.ts";
import { readDescription } from "./load-model.ts";

export interface InitializeModelOptions {
  readonly backend: Backend;
  readonly key: RandomKey;
  /** Contents of the folder's small files: at least `config.json` and `tokenizer.json`, as objects or JSON texts. */
  readonly files: Readonly<Record<string, string | object>>;
  /** Defaults to `float32`. */
  readonly dtype?: "float32" | "bfloat16";
  /** Standard deviation of matrices. Defaults to `initializer_range` of the config, else 0.02. */
  readonly standardDeviation?: number;
}

/**
 * Matrices are normal with mean 0, norms one, biases zero, as transformers initialises these families. Each tensor's
 * numbers depend on its name and the key alone. The caller disposes the model.
 * @throws CONFIG_INVALID, CONFIG_UNSUPPORTED, TOKENIZER_INVALID
 */
export function initializeModel(options: InitializeModelOptions): LanguageModel {
  const { backend, key, dtype = "float32" } = options;
  const files = encodeFiles(options.files);
  const { config, tokenizer, warnings } = readDescription(files, "new model");
  const deviation = options.standardDeviation ?? initializerRange(files) ?? 0.02;
  const parameters = new Map<string, Tensor>();
  for (const spec of parameterSpecs(config)) {
    const shape = memoryShape(spec);
    const tensor = backend.tidy(() => {
      if (spec.start === "ones") return backend.ones(shape, dtype);
      if (spec.start === "zeros") return backend.zeros(shape, dtype);
      const normal = backend.randomNormal(shape, { key: key.fold("initialize", spec.name) });
      return backend.cast(backend.affine(normal, { scale: deviation }), dtype);
    });
    parameters.set(spec.name, tensor);
  }
  return new Transformer({ config, backend, tokenizer, parameters, files, warnings });
}

function encodeFiles(files: InitializeModelOptions["files"]): Map<string, Uint8Array> {
  const encoder = new TextEncoder();
  return new Map(
    Object.entries(files).map(([name, content]) => [
      name,
      encoder.encode(typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`),
    ]),
  );
}

function initializerRange(files: ReadonlyMap<string, Uint8Array>): number | null {
  const json = JSON.parse(new TextDecoder().decode(files.get("config.json"))) as {
    initializer_range?: unknown;
  };
  return typeof json.initializer_range === "number" ? json.initializer_range : null;
}
