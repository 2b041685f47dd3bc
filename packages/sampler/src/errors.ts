/**
 * Errors of the sampler. Callers test `code`, never the text.
 */

/** Stable codes of {@link SamplerError}. */
export type SamplerErrorCode =
  | "SAMPLER_PROMPT_TOO_LONG" // prompt, thought limit and answer limit do not fit into the model's positions
  | "INVALID_SETTINGS" // a policy or generation setting that no run can have
  | "INVALID_REQUEST" // an empty prompt, a token id outside the vocabulary
  | "NO_DENSITY" // a deterministic mode has no log-probability to score
  | "INVALID_ROLLOUTS"; // a rollout file whose tensors or metadata contradict each other

export class SamplerError extends Error {
  override readonly name = "SamplerError";
  constructor(
    readonly code: SamplerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
