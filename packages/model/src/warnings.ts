/**
 * What loading a model noticed and went on from: data for the caller to show. What would make a result wrong is an
 * error, not a warning.
 */

/** Stable codes of {@link ModelWarning}. */
export type ModelWarningCode =
  | "CONFIG_KEY_UNKNOWN" // keys of config.json that neither this package nor transformers uses for these families
  | "CONFIG_KEY_IGNORED" // a setting that has no effect here, and none in transformers
  | "TOKEN_ADDED" // a token that a file names and tokenizer.json lacks; it got the next free id
  | "TOKEN_ID_CHANGED" // an added token has another id than its file says
  | "TOKEN_OUTSIDE_EMBEDDINGS" // tokens whose ids are no rows of the embeddings
  | "END_TOKEN_MISSING"; // no file names a token that ends a sequence

export interface ModelWarning {
  readonly code: ModelWarningCode;
  /** A sentence that names the file. */
  readonly message: string;
  readonly file: string;
  /** Keys or tokens that it is about. */
  readonly keys: readonly string[];
}

/** Takes what is noticed on the way. */
export type WarningSink = (warning: ModelWarning) => void;
