/** The PyTorch reference of `fixtures-scripts/make_reference.py`, as tests read it. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import { type LanguageModel, loadModel, readSafetensors } from "@soft-tokens/model";
import {
  createThoughtPolicy,
  type StoredRollout,
  type ThoughtName,
  type ThoughtPolicy,
} from "@soft-tokens/sampler";

export type Family = "llama" | "qwen2";

export interface ReferenceRollout {
  readonly promptIndex: number;
  readonly sampleIndex: number;
  readonly promptIds: number[];
  readonly shadowIds: number[];
  readonly forcedIds: number[];
  readonly answerIds: number[];
  readonly thoughtLogProb: number;
  readonly answerLogProb: number;
}

export interface ReferenceCase {
  /** Of three steps. */
  readonly losses: number[];
  readonly gradientNorms: number[];
  readonly thought: ThoughtName;
  readonly temperature: number;
  readonly sigma: number;
  readonly rewards: number[][];
  readonly rollouts: ReferenceRollout[];
  readonly examples: { prompt: string; completion: string }[];
  readonly embeddingGradientOff?: { loss: number; embeddingGradientNorm: number };
  readonly headRow?: number;
}

interface ReferenceDocument {
  readonly clip: number;
  readonly learningRates: number[];
  readonly weightDecay: number;
  readonly cases: Record<string, ReferenceCase>;
}

export const THOUGHT_CASES = (["llama", "qwen2"] as const).flatMap((family) =>
  (["hard", "soft", "fuzzy"] as const).map((name) => [family, name] as const),
);

export function referenceFolder(family: Family): string {
  return fileURLToPath(new URL(`../fixtures/${family}`, import.meta.url));
}

export function readReference(family: Family): ReferenceDocument {
  return JSON.parse(readFileSync(`${referenceFolder(family)}/cases.json`, "utf8")) as ReferenceDocument;
}

/** All tensors of one case by `gradient/NAME`, `after/NAME` and so on. */
export async function readReferenceTensors(family: Family, name: string): Promise<Map<string, Float32Array>> {
  await using file = await readSafetensors(`${referenceFolder(family)}/cases.safetensors`);
  const tensors = new Map<string, Float32Array>();
  for (const key of file.entries.keys()) {
    if (key.startsWith(`${name}/`)) tensors.set(key.slice(name.length + 1), await file.readFloat32(key));
  }
  return tensors;
}

/** The fixture's model on a backend; the caller disposes both. */
export async function loadReferenceModel(
  family: Family,
): Promise<{ backend: TfjsBackend; model: LanguageModel } & Disposable> {
  const backend = await createTfjsBackend({ variant: "wasm" }); // the embedded default, wherever the tests run
  const model = await loadModel(referenceFolder(family), { backend });
  return {
    backend,
    model,
    [Symbol.dispose]() {
      model.dispose();
      backend[Symbol.dispose]();
    },
  };
}

/** The stored rollouts of a case with their thoughts. */
export function storedRollouts(
  reference: ReferenceCase,
  thoughts: Float32Array | undefined,
  hiddenSize: number,
): (ReferenceRollout & StoredRollout)[] {
  let at = 0;
  return reference.rollouts.map((rollout) => {
    const size = rollout.shadowIds.length * hiddenSize;
    const own = thoughts ? thoughts.slice(at, at + size) : null;
    at += size;
    return { ...rollout, thoughts: own };
  });
}

/** A policy with exactly the fixture's temperature and sigma. */
export function referencePolicy({ thought, temperature, sigma }: ReferenceCase): ThoughtPolicy {
  return createThoughtPolicy(thought, { temperature, sigma });
}
