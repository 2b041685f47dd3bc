/**
 * Errors of tasks and of the runner. Callers test `code`, never the text. What a model wrote is never an error:
 * it is recorded with its sample and counted.
 */

/** Stable codes of {@link EvaluationError}. */
export type EvaluationErrorCode =
  | "TASK_FILE_UNREADABLE" // missing, a folder, no permission; `cause` holds the system's error
  | "TASK_FILE_EMPTY"
  | "TASK_FORMAT_UNKNOWN" // neither rows nor fields that a reader knows
  | "TASK_ROW_INVALID" // `file`, `line` and `field` say where
  | "TASK_ROW_UNFIT" // a good row that this model has no room or no embeddings for; `file`, `line` and `field` say where
  | "TASK_NEEDS_DATA" // a task was named and no file given
  | "INVALID_TEMPLATE"
  | "SAMPLE_LOG_INVALID" // a row that is not the last one cannot be read
  | "FOLDER_OF_ANOTHER_EVALUATION" // `differences` lists what differs
  | "RESULTS_UNREADABLE"
  | "WRITE_FAILED" // disk full and the like; what was written before stays readable
  | "LOGITS_NOT_FINITE" // the model gives NaN or infinite numbers: every answer would be rubbish, so none is counted
  | "RESULT_NOT_FINITE" // a number of a result is NaN or infinite, `field` says which; nothing was written
  | "GENERATION_KEEPS_FAILING" // several questions in a row; `cause` holds the last failure
  | "GRADER_KEEPS_FAILING" // many samples in a row
  | "QUESTION_NOT_SCORABLE" // its text is no tokens for this model, or more than it has room for
  | "SCORES_INVALID"; // a scorer left a question out, or a log-probability is no finite number

export interface EvaluationErrorDetails {
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  readonly field?: string;
  readonly differences?: readonly string[];
}

export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly field: string | undefined;
  readonly differences: readonly string[] | undefined;

  constructor(
    readonly code: EvaluationErrorCode,
    message: string,
    options: ErrorOptions & EvaluationErrorDetails = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.file = options.file;
    this.line = options.line;
    this.field = options.field;
    this.differences = options.differences;
  }
}
