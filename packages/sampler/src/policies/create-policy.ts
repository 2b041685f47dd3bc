/**
 * Policies by name, with the settings of method.md: section 1 for training, section 7 for the six inference modes.
 */

import type { ThoughtPolicy } from "../contract.ts";
import { SamplerError } from "../errors.ts";
import { hardPolicy } from "./hard.ts";
import { type NoisePlace, noisyHeadPolicy } from "./noisy-head.ts";
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

/** Temperature, and noise in one of two units. */
export type ThoughtPolicyOptions = {
  /** tau. Defaults to 1 (hard), 0.5 (soft), 1e-4 (fuzzy). */
  readonly temperature?: number;
} & (RelativeNoise | AbsoluteNoise);

interface RelativeNoise {
  /** rms(E) of the model given to the run; see `embeddingRms` of the model package. Hard thoughts do not use it. */
  readonly rms: number;
  /** Noise per embedding component as a multiple of rms. Defaults to 0.33 (soft, fuzzy); hard thoughts have none. */
  readonly noiseScale?: number;
  readonly sigma?: never;
}

/** For thoughts whose sigma is known and whose unit is not: those of a rollout file. */
interface AbsoluteNoise {
  /** Noise per embedding component. The policy's `noiseScale` is then NaN where there is noise. */
  readonly sigma: number;
  readonly rms?: never;
  readonly noiseScale?: never;
}

const DEFAULTS: Record<ThoughtName, { readonly temperature: number; readonly noiseScale: number }> = {
  hard: { temperature: 1, noiseScale: 0 },
  soft: { temperature: 0.5, noiseScale: 0.33 },
  fuzzy: { temperature: 1e-4, noiseScale: 0.33 },
};

/**
 * A thought policy by name ("hard", "soft", "fuzzy") with its training defaults.
 * @throws INVALID_SETTINGS for a value that the thought cannot have
 */
export function createThoughtPolicy(name: string, options: ThoughtPolicyOptions): ThoughtPolicy {
  if (!isThoughtName(name)) {
    throw invalid(`createThoughtPolicy: "${name}" is no thought; use one of ${THOUGHT_NAMES.join(", ")}`);
  }
  const temperature = options.temperature ?? DEFAULTS[name].temperature;
  const minimum = name === "hard" ? "at least 0 (0 is greedy)" : "above 0";
  if (!Number.isFinite(temperature) || temperature < 0 || (temperature === 0 && name !== "hard")) {
    throw invalid(`${name}: the temperature must be ${minimum}, got ${temperature}`);
  }
  const noise = resolveNoise(name, options);
  if (name !== "hard") return noisyMixturePolicy(name, { temperature, ...noise });
  if (noise.sigma !== 0) throw invalid("hard: hard thoughts have no noise; leave noiseScale and sigma out");
  return hardPolicy({ temperature, ...noise });
}

function isThoughtName(name: string): name is ThoughtName {
  return (THOUGHT_NAMES as readonly string[]).includes(name);
}

function resolveNoise(
  name: ThoughtName,
  { rms, noiseScale = DEFAULTS[name].noiseScale, sigma }: ThoughtPolicyOptions,
): { noiseScale: number; sigma: number } {
  if (sigma !== undefined) {
    if (!isNotNegative(sigma)) throw invalid(`${name}: sigma must be at least 0, got ${sigma}`);
    return { noiseScale: sigma === 0 ? 0 : Number.NaN, sigma };
  }
  if (!isNotNegative(noiseScale))
    throw invalid(`${name}: the noise scale must be at least 0, got ${noiseScale}`);
  if (noiseScale === 0) return { noiseScale, sigma: 0 };
  if (!isNotNegative(rms) || rms === 0) throw invalid(`${name}: rms(E) must be above 0, got ${rms}`);
  return { noiseScale, sigma: noiseScale * rms };
}

function isNotNegative(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/**
 * The policy of one of the six modes. Overrides apply where a mode has the setting and are left aside elsewhere, so that
 * one set of options serves all six: `temperature` in all but `hard-greedy`, `noiseScale` and `noisePlace` in `soft-sample` and
 * `fuzzy-sample`. Noise elsewhere than on the embedding is for inference: its policy refuses to score.
 */
export function inferencePolicy(
  mode: InferenceMode,
  options: RelativeNoise & { readonly temperature?: number; readonly noisePlace?: NoisePlace },
): ThoughtPolicy {
  if (!INFERENCE_MODES.includes(mode)) {
    throw invalid(`inferencePolicy: "${mode}" is no mode; use one of ${INFERENCE_MODES.join(", ")}`);
  }
  const [name, kind] = mode.split("-") as [ThoughtName, "greedy" | "sample"];
  if (mode === "hard-greedy") return createThoughtPolicy(name, { ...options, temperature: 0, noiseScale: 0 });
  const isQuiet = name === "hard" || kind === "greedy";
  const policy = createThoughtPolicy(name, isQuiet ? { ...options, noiseScale: 0 } : options);
  const { noisePlace = "embedding" } = options;
  if (isQuiet || noisePlace === "embedding") return policy;
  return noisyHeadPolicy(name, noisePlace, policy.settings);
}

function invalid(message: string): SamplerError {
  return new SamplerError("INVALID_SETTINGS", message);
}
