/**
 * Policies by name, with the settings of method.md: section 1 for training, section 7 for the six inference modes.
 */

import type { ThoughtPolicy } from "../contract.ts";
import { SamplerError } from "../errors.ts";
import { hardPolicy } from "./hard.ts";
import { noisyMixturePolicy } from "./noisy-mixture.ts";

export const THOUGHT_NAMES = ["hard", "soft", "fuzzy"] as const;
export type ThoughtName = (typeof THOUGHT_NAMES)[number];

/** The six inference modes of method.md section 7. */
export const INFERENCE_MODES = [
  "hard-greedy",
  "hard-sample",
  "soft-greedy",
  "soft-sample",
  "fuzzy-greedy",
  "fuzzy-sample",
] as const;
export type InferenceMode = (typeof INFERENCE_MODES)[number];

export interface ThoughtPolicyOptions {
  /** rms(E) of the model given to the run; see `measureEmbeddingRms`. Hard thoughts do not use it. */
  readonly rms: number;
  /** tau. Defaults to 1 (hard), 0.5 (soft), 1e-4 (fuzzy). */
  readonly temperature?: number;
  /** Noise per embedding component as a multiple of rms. Defaults to 0.33 (soft, fuzzy); hard thoughts have none. */
  readonly noiseScale?: number;
}

const DEFAULTS: Record<ThoughtName, { readonly temperature: number; readonly noiseScale: number }> = {
  hard: { temperature: 1, noiseScale: 0 },
  soft: { temperature: 0.5, noiseScale: 0.33 },
  fuzzy: { temperature: 1e-4, noiseScale: 0.33 },
};

/**
 * A thought policy with its training defaults.
 * @throws INVALID_SETTINGS for a value that the thought cannot have
 */
export function createThoughtPolicy(name: ThoughtName, options: ThoughtPolicyOptions): ThoughtPolicy {
  if (!THOUGHT_NAMES.includes(name)) {
    throw invalid(`createThoughtPolicy: "${name}" is no thought; use one of ${THOUGHT_NAMES.join(", ")}`);
  }
  const temperature = options.temperature ?? DEFAULTS[name].temperature;
  const noiseScale = options.noiseScale ?? DEFAULTS[name].noiseScale;
  const minimum = name === "hard" ? "at least 0 (0 is greedy)" : "above 0";
  if (!Number.isFinite(temperature) || temperature < 0 || (temperature === 0 && name !== "hard")) {
    throw invalid(`${name}: the temperature must be ${minimum}, got ${temperature}`);
  }
  if (!Number.isFinite(noiseScale) || noiseScale < 0) {
    throw invalid(`${name}: the noise scale must be at least 0, got ${noiseScale}`);
  }
  if (name === "hard") {
    if (noiseScale !== 0) throw invalid(`hard: hard thoughts have no noise, got noise scale ${noiseScale}`);
    return hardPolicy({ temperature, noiseScale: 0, sigma: 0 });
  }
  if (!Number.isFinite(options.rms) || options.rms <= 0) {
    throw invalid(`${name}: rms(E) must be above 0, got ${options.rms}`);
  }
  return noisyMixturePolicy(name, { temperature, noiseScale, sigma: noiseScale * options.rms });
}

/**
 * The policy of one of the six modes. Overrides apply where a mode has the setting and are left aside elsewhere, so that
 * one set of options serves all six: `temperature` in all but `hard-greedy`, `noiseScale` in `soft-sample` and `fuzzy-sample`.
 */
export function inferencePolicy(mode: InferenceMode, options: ThoughtPolicyOptions): ThoughtPolicy {
  if (!INFERENCE_MODES.includes(mode)) {
    throw invalid(`inferencePolicy: "${mode}" is no mode; use one of ${INFERENCE_MODES.join(", ")}`);
  }
  const [name, kind] = mode.split("-") as [ThoughtName, "greedy" | "sample"];
  const { noiseScale: _, ...withoutNoise } = options;
  if (name === "hard")
    return createThoughtPolicy(name, { ...withoutNoise, ...(kind === "greedy" && { temperature: 0 }) });
  return createThoughtPolicy(name, kind === "greedy" ? { ...options, noiseScale: 0 } : options);
}

function invalid(message: string): SamplerError {
  return new SamplerError("INVALID_SETTINGS", message);
}
