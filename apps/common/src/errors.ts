export interface UsageErrorOptions extends ErrorOptions {
  /** For what is wrong with a folder or a file; shown after the message. Defaults to USAGE, which is not shown. */
  readonly code?: string;
}

/** Something the person at the keyboard can mend: printed as its message alone, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: string;

  constructor(message: string, { code = "USAGE", ...options }: UsageErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}
