/** What the check scripts of this app share: a line per check, and at the end `N passed, N failed`. */

/** Counts what it is told. */
export function createChecks() {
  let passed = 0;
  let failed = 0;
  return {
    check(title: string, isRight: boolean, detail: string): void {
      if (isRight) passed++;
      else failed++;
      process.stdout.write(`${isRight ? "ok    " : "failed"} ${title}: ${detail}\n`);
    },
    /** Prints the counts and sets the exit status. */
    finish(): void {
      process.stdout.write(`${passed} passed, ${failed} failed\n`);
      process.exitCode = failed === 0 ? 0 : 1;
    },
  };
}
