/** Errors of the pool itself. What a sample does is never one of them: it is a verdict. */

/**
 * - `GRADER_NOT_FOUND`: the grader's file does not exist or is a folder.
 * - `GRADER_NOT_LOADED`: importing it failed: a syntax error, a missing import, an exception, or it ends the worker.
 * - `GRADER_NO_DEFAULT_EXPORT`: its default export is no function.
 * - `GRADER_NEEDS_TYPESCRIPT`: it is TypeScript, and nothing here can run that.
 * - `POOL_NOT_STARTED`: workers end, or do not answer, before they have graded anything.
 * - `POOL_DISPOSED`: used after `dispose`, or disposed while it graded.
 */
export type GraderPoolErrorCode =
  | "GRADER_NOT_FOUND"
  | "GRADER_NOT_LOADED"
  | "GRADER_NO_DEFAULT_EXPORT"
  | "GRADER_NEEDS_TYPESCRIPT"
  | "POOL_NOT_STARTED"
  | "POOL_DISPOSED";

/** Test `code`, not the message. */
export class GraderPoolError extends Error {
  override readonly name = "GraderPoolError";
  readonly code: GraderPoolErrorCode;

  constructor(code: GraderPoolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
