/** Rows of every kind that a batch may hold, and models of every kind that may be trained on them. */

import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import { initializeModel, type LanguageModel } from "@soft-tokens/model";
import { RandomKey } from "@soft-tokens/tensor";
import type { TrainingRow } from "../training-row.ts";
import { loadReferenceModel } from "./reference.ts";

const MODEL_KINDS = {
  "llama, tied head": {},
  "llama with all biases, head of its own": {
    attention_bias: true,
    mlp_bias: true,
    tie_word_embeddings: false,
  },
  "qwen2, head of its own": {
    model_type: "qwen2",
    architectures: ["Qwen2ForCausalLM"],
    tie_word_embeddings: false,
  },
  "qwen3, tied head": { model_type: "qwen3", architectures: ["Qwen3ForCausalLM"], head_dim: 8 },
} as const;
export type ModelKind = keyof typeof MODEL_KINDS;
export const modelKinds = Object.keys(MODEL_KINDS) as ModelKind[];

/** Two layers with random weights, biases and norms; the caller disposes both. */
export async function openModelOfKind(
  kind: ModelKind,
): Promise<{ backend: TfjsBackend; model: LanguageModel } & Disposable> {
  using reference = await loadReferenceModel("llama");
  const files = Object.fromEntries(
    [...reference.model.files].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
  );
  const config = { ...JSON.parse(files["config.json"] as string), ...MODEL_KINDS[kind] };
  const backend = await createTfjsBackend({ variant: "wasm" });
  const key = RandomKey.fromSeed(11);
  const model = initializeModel({
    backend,
    key,
    files: { ...files, "config.json": config },
    standardDeviation: 0.25,
  });
  // Biases begin as zeros and norms as ones, which would hide what is wrong with them.
  for (const [name, parameter] of model.parameters) {
    if (parameter.shape.length > 1) continue;
    backend.tidy(() => {
      const noise = backend.randomNormal(parameter.shape, { key: key.fold("vector", name) });
      backend.assign(parameter, backend.add(parameter, backend.affine(noise, { scale: 0.2 })));
    });
  }
  return {
    backend,
    model,
    [Symbol.dispose]() {
      model.dispose();
      backend[Symbol.dispose]();
    },
  };
}

/** Tokens of each prompt and its rows: of different lengths, one with a single row. */
export const PROMPT_LENGTHS = [9, 4, 8, 6];
const ROWS_PER_PROMPT = [7, 1, 6, 5];

/** Thoughts as tokens, or stored beside their shadows. Coefficients of both signs, and of 0. */
export function variedRows(hiddenSize: number, hasStoredThoughts: boolean): TrainingRow[] {
  const id = (...parts: number[]) => parts.reduce((sum, part, at) => sum + part * (7 + 4 * at), 3) % 50;
  const ids = (count: number, ...parts: number[]) => Array.from({ length: count }, (_, t) => id(t, ...parts));
  return PROMPT_LENGTHS.flatMap((length, promptIndex) =>
    Array.from({ length: ROWS_PER_PROMPT[promptIndex] as number }, (_, row): TrainingRow => {
      const T = (promptIndex + 2 * row) % 5;
      return {
        promptIndex,
        promptIds: ids(length, promptIndex),
        thoughtIds: ids(T, promptIndex, row),
        thoughts: hasStoredThoughts ? storedThoughts(T * hiddenSize, promptIndex + 5 * row) : null,
        // Without a thought and without these, the prompt itself predicts the first token of the answer.
        forcedIds: row % 2 === 0 ? [30, 31] : [],
        answerIds: ids(T === 0 ? 3 : row % 3, row, promptIndex),
        coefficient: row % 4 === 2 ? 0 : (row % 2 === 0 ? 0.03 : -0.02) * (1 + promptIndex),
      };
    }),
  );
}

function storedThoughts(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => 0.3 * Math.sin(1.3 * index + seed));
}
