/**
 * soft-tokens-grade: JSON lines with "gold" and "answer" on standard input, the same lines with their grades on standard
 * output, in the same order. Streams: memory does not grow with the input, and what has arrived is answered at once.
 * `audit` compares with another program's verdicts instead.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { audit } from "./cli/audit-command.ts";
import { type GradedLine, gradedLines } from "./cli/graded-lines.ts";
import { type AuditSettings, type GradeSettings, help, readSettings, UsageError } from "./cli/settings.ts";
import { GraderPoolError } from "./pool/errors.ts";
import { createGraderPool } from "./pool/pool.ts";
import type { GraderPool } from "./pool/types.ts";
import { visibleText } from "./visible-text.ts";

const input = process.stdin as AsyncIterable<Uint8Array>;

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Waits where the reader is slower than we are. Lines of JSON keep their value; no text in them reaches a terminal as it is. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(visibleText(text))) await once(process.stdout, "drain");
}

/** Grades what comes in. @throws {UsageError} for a bad line, behind what was graded before it */
async function grade(settings: GradeSettings, pool: GraderPool): Promise<void> {
  for await (const lines of gradedLines(input, pool, settings)) {
    const good = lines.filter((line) => settings.skipBad || "line" in line);
    if (good.length > 0) await write(`${good.map(outputLine).join("\n")}\n`);
    const bad = lines.find((line) => "problem" in line);
    if (bad && "problem" in bad && !settings.skipBad) {
      throw new UsageError(
        `line ${bad.number}: ${bad.problem.message}\nUse --skip-bad to report such lines in the output and go on.`,
      );
    }
  }
}

function outputLine(graded: GradedLine): string {
  if ("line" in graded) return graded.line.withGrade(graded.verdict);
  const { number, problem } = graded;
  return JSON.stringify({ ...problem.fields, error: `line ${number}: ${problem.message}` });
}

function fail(message: string): number {
  process.stderr.write(visibleText(`soft-tokens-grade: ${message}\n`));
  return 2;
}

async function run(settings: GradeSettings | AuditSettings): Promise<number> {
  const pool = createGraderPool(settings.pool);
  try {
    if (settings.pool.grader !== undefined) await pool.start(); // a grader that cannot be used is known before any input
    if (settings.command === "audit") return (await audit(settings, pool, input, write)) ? 3 : 0;
    await grade(settings, pool);
    return 0;
  } finally {
    await pool.dispose();
  }
}

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.argv.slice(2));
    if (settings === "help" || settings === "version") {
      process.stdout.write(settings === "help" ? help : `${packageVersion()}\n`);
      return 0;
    }
    if (process.stdin.isTTY)
      process.stderr.write("soft-tokens-grade: reading JSON lines from the terminal\n");
    return await run(settings);
  } catch (error) {
    const isWrongOption = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    if (isWrongOption) return fail(`${(error as Error).message}\nSee soft-tokens-grade --help.`);
    const isExpected = [UsageError, GraderPoolError].some((kind) => error instanceof kind);
    if (isExpected) return fail((error as Error).message);
    fail((error instanceof Error && error.stack) || String(error));
    return 1;
  }
}

// `| head` closes the pipe: that is the reader's right and no error. Anything else is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.stderr.write(`soft-tokens-grade: cannot write: ${error.message}\n`);
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
process.exitCode = await main();
