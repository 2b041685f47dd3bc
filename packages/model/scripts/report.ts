/** What the check scripts share: their folders from the environment, and one line of result. */

/** @throws Error when the variable is not set */
export function requireFolder(variable: string): string {
  const folder = process.env[variable];
  if (!folder)
    throw new Error(`set ${variable} to the folder that this check reads; see the head of the script`);
  return folder;
}

/** Counts checks, prints the failed ones, ends with `N passed, N failed`. */
export class Report {
  #passed = 0;
  #failed = 0;

  check(title: string, isRight: boolean, detail = ""): void {
    if (isRight) this.#passed++;
    else {
      this.#failed++;
      process.stdout.write(`failed: ${title}${detail && `: ${detail}`}\n`);
    }
  }

  /** Every element within `tolerance`. */
  close(title: string, got: readonly number[], want: readonly number[], tolerance: number): void {
    const largest = want.reduce((most, value, index) => {
      const difference = Math.abs((got[index] ?? Number.NaN) - value);
      return Math.max(difference, most); // NaN stays NaN
    }, 0);
    const isRight = got.length === want.length && largest <= tolerance;
    this.check(title, isRight, `largest difference ${largest}, allowed ${tolerance}`);
    this.note(`${title}: largest difference ${largest.toExponential(1)}`);
  }

  note(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Prints the counts and sets the exit status. */
  finish(): void {
    process.stdout.write(`${this.#passed} passed, ${this.#failed} failed\n`);
    process.exitCode = this.#failed === 0 ? 0 : 1;
  }
}
