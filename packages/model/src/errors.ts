/**
 * Errors of this package. Callers test `code`, never the text; `file` and `key` say where the trouble is.
 */

/** Stable codes of {@link ModelError}. */
export type ModelErrorCode =
  | "MODEL_NOT_FOUND" // neither a folder nor a hub id that has a model
  | "MODEL_CONTEXT_FULL" // more positions than the session or the model has
  | "HUB_UNREACHABLE" // the hub did not answer, or the network is switched off
  | "HUB_REFUSED" // the hub answered that this may not be read
  | "DOWNLOAD_CORRUPT" // what arrived is not what the hub announced
  | "CONFIG_INVALID" // a value that no model can have, or a missing one
  | "CONFIG_UNSUPPORTED" // a value that asks for a computation this package does not do
  | "LFS_POINTER" // a Git LFS pointer in place of the file, which was never downloaded
  | "WEIGHTS_MISSING" // a tensor or a weights file is not there
  | "WEIGHTS_UNEXPECTED" // a tensor that the config says nothing of
  | "WEIGHTS_SHAPE" // a tensor of another shape than the config says
  | "WEIGHTS_DTYPE" // a tensor that is not of floating point
  | "WEIGHTS_NOT_FINITE" // NaN or infinity among the weights, or a weight too large for the dtype in memory
  | "SAFETENSORS_INVALID" // not a safetensors file, or a hostile one
  | "SAFETENSORS_TRUNCATED" // ends before its header says
  | "INDEX_INVALID" // a shard index that does not fit its shards, or names files outside its folder
  | "TOKENIZER_INVALID" // a tokenizer file that cannot be used as it stands
  | "TOKENIZER_STALLED" // a text that the tokenizer file's expressions do not get through
  | "FOLDER_NOT_REPLACEABLE"; // a folder with files in it that this package did not write

export interface ModelErrorOptions extends ErrorOptions {
  /** Path of the file that is at fault. */
  readonly file?: string;
  /** Key, tensor name or config path inside the file. */
  readonly key?: string;
}

/** Every failure to read, build or write a model. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly file: string | undefined;
  readonly key: string | undefined;

  constructor(
    readonly code: ModelErrorCode,
    message: string,
    options: ModelErrorOptions = {},
  ) {
    super(options.file === undefined ? message : `${options.file}: ${message}`, options);
    this.file = options.file;
    this.key = options.key;
  }
}
