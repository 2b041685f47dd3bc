/**
 * Errors of the sampler. Callers test `code`, never the text.
 */

/** Stable codes of {@link SamplerError}. */
export type SamplerErrorCode =
  | "SAMPLER_PROMPT_TOO_LONG" // prompt, thought limit and answer limit do not fit into the model's positions
  | "INVALID_SETTINGS" // a policy or generation setting that no run can have
  | "INVALID_REQUEST" // an empty prompt, a token id outside the vocabulary
  | "LOGITS_NOT_FINITE" // NaN or infinite logits; `promptIndex` and `sampleIndex` say of which sample
  | "NO_DENSITY" // a deterministic mode has no log-probability to score
  | "INVALID_ROLLOUTS"; // rollouts, or a file of them, whose tensors or metadata contradict each other or the model

/** Where the trouble is: in a file, or with a sample of a request. */
export interface SamplerErrorPlace {
  readonly file?: string;
  /** Tensor or metadata key. */
  readonly key?: string;
  /** Place in the request. */
  readonly promptIndex?: number;
  readonly sampleIndex?: number;
}

export class SamplerError extends Error {
  override readonly name = "SamplerError";
  readonly file: string | undefined;
  readonly key: string | undefined;
  readonly promptIndex: number | undefined;
  readonly sampleIndex: number | undefined;

  constructor(
    readonly code: SamplerErrorCode,
    message: string,
    options: ErrorOptions & SamplerErrorPlace = {},
  ) {
    super(message, options);
    this.file = options.file;
    this.key = options.key;
    this.promptIndex = options.promptIndex;
    this.sampleIndex = options.sampleIndex;
  }
}
