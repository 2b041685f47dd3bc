/** Thought policies and generation. See README.md. */
export type * from "./contract.ts";
export { generate, generateStream } from "./engine/generate.ts";
export { generateNaive } from "./engine/naive.ts";
export { mostForcedTokens } from "./engine/plan.ts";
export * from "./errors.ts";
export * from "./policies/create-policy.ts";
export { isNoisePlace, NOISE_PLACES, type NoisePlace } from "./policies/noisy-head.ts";
export { type CheckRolloutsOptions, checkRollouts } from "./rollouts/check-rollouts.ts";
export type { StoredRollout, StoredRollouts } from "./rollouts/format.ts";
export { readRollouts } from "./rollouts/read-rollouts.ts";
export { type WriteRolloutsOptions, writeRollouts } from "./rollouts/write-rollouts.ts";
export { sampleKeys } from "./sample-keys.ts";
export { defaultGenerationSettings } from "./settings.ts";
export { type TextParts, textParts } from "./text/text-parts.ts";
