/** Something the person at the keyboard can mend: printed as its message alone, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "USAGE" as const;
}
