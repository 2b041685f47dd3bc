/** What the check scripts share: each check is tried, failures are shown, and the end is one line `N passed, N failed`. */

export function createReport() {
  let passed = 0;
  let failed = 0;
  return {
    /** Runs `body`; what it throws is the failure. */
    async check(title, body) {
      try {
        await body();
        passed++;
      } catch (error) {
        failed++;
        const output = [error.stdout, error.stderr].filter(Boolean).join("").trimEnd();
        process.stdout.write(`FAILED ${title}\n${indent(`${output}\n${error.message ?? error}`.trim())}\n`);
      }
    },
    /** Prints the counts and sets the exit status. */
    finish() {
      process.stdout.write(`${passed} passed, ${failed} failed\n`);
      process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
    },
  };
}

/** @throws Error with what was wanted and what was got */
export function expectEqual(got, want, what) {
  if (JSON.stringify(got) === JSON.stringify(want)) return;
  throw new Error(`${what}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(want)}`);
}

/** @throws Error with `message` unless `condition` holds */
export function expectTrue(condition, message) {
  if (!condition) throw new Error(typeof message === "function" ? message() : message);
}

function indent(text) {
  return text
    .split("\n")
    .slice(-40)
    .map((line) => `    ${line}`)
    .join("\n");
}
