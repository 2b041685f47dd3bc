/** Errors of the trainers. Callers test `code`, never the text. A model's bad output is data, not an error. */

/** Stable codes of {@link TrainerError}. */
export type TrainerErrorCode =
  | "EMPTY_SOURCE" // a problem or example source of size 0
  | "DETERMINISTIC_POLICY" // the training policy or answer temperature has no log-probability
  | "INVALID_REWARD" // a reward function returned a number that is not finite
  | "INVALID_EXAMPLE" // a supervised example without tokens, too long for the model, or with a token that has no embedding
  | "INVALID_END_TOKEN" // completions are to end with a token that the tokenizer or the embeddings lack
  | "LOGITS_NOT_FINITE" // the model gives NaN or infinite logits
  | "WEIGHTS_NOT_FINITE" // a parameter holds NaN or infinity, and is not saved
  | "NON_FINITE_GRADIENT" // too many steps in a row whose gradient norm is NaN or infinite
  | "CHECKPOINT_WRITE_FAILED" // disk full, no permission; `cause` is the system's error; earlier checkpoints are intact
  | "CHECKPOINT_DAMAGED" // files missing, truncated or altered
  | "CHECKPOINT_MISMATCH"; // a good checkpoint of another run: other model, policy, settings or key

export class TrainerError extends Error {
  override readonly name = "TrainerError";
  constructor(
    readonly code: TrainerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
