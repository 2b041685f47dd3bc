/**
 * soft-tokens-grade: JSON lines with "gold" and "answer" on standard input, the same lines with their grades on standard
 * output, in the same order. Streams: memory does not grow with the input, and what has arrived is answered at once.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BadLine, gradeLine } from "./cli/grade-line.ts";
import { type Line, LineTooLong, linesByChunk } from "./cli/json-lines.ts";
import { type ExtractMode, extractModes } from "./extract/extract-answer.ts";
import type { GradeOptions } from "./reward/grade-response.ts";
import { type Preset, type PresetName, presets } from "./reward/presets.ts";

const help = `Usage: soft-tokens-grade [options] < answers.jsonl > graded.jsonl

Reads one JSON object per line: {"gold": "...", "answer": "..."}. "answer" is a whole response or a bare
expression; other fields pass through, and a "question" (or "problem") exposes answers that only repeat it.
Writes each line with "correct" (true or false), "reward" (100 correct, 10 wrong in a closed box, 0),
"extracted" (the answer as found, or null) and "reason".

Options:
  --extract MODE    where the answer stands (default: auto)
                      auto         the box if there is one, else #### or "answer is", else the whole text
                      boxed        the last closed \\boxed{} only (what training uses)
                      gsm8k        behind the last #### only
                      answer-is    behind the last "answer is" only
                      last-number  the last number
                      choice       the letter of a multiple choice
                      text         the whole text
  --preset NAME     how "gold" is read: auto, gsm8k (a solution ending in ####) or math (a solution with
                    a box) (default: auto)
  --decimals N      numbers are equal within half a unit of the N-th decimal place (default: exact)
  --skip-bad        write {"error": "..."} for a line that cannot be graded instead of stopping
  --help            show this text
  --version         show the version

Exit codes: 0 done, 1 the output could not be written, 2 wrong options or a line that cannot be graded.
`;

/** What the options ask for, or a text to print and an exit code. */
interface Settings {
  readonly preset: Preset;
  readonly options: GradeOptions;
  readonly skipBad: boolean;
}

class UsageError extends Error {}

function readSettings(args: readonly string[]): Settings | string {
  const { values } = parseArgs({
    args: [...args],
    options: {
      extract: { type: "string", default: "auto" },
      preset: { type: "string", default: "auto" },
      decimals: { type: "string" },
      "skip-bad": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", short: "v", default: false },
    },
  });
  if (values.help) return help;
  if (values.version) return `${packageVersion()}\n`;
  const mode = oneOf("--extract", values.extract, extractModes);
  const preset = presets[oneOf("--preset", values.preset, Object.keys(presets) as PresetName[])];
  const { decimals } = values;
  if (decimals !== undefined && !/^\d{1,2}$/.test(decimals)) {
    throw new UsageError(`--decimals ${decimals}: expected a whole number from 0 to 99`);
  }
  const options: GradeOptions = {
    mode: mode satisfies ExtractMode,
    ...(decimals === undefined ? {} : { decimals: Number(decimals) }),
  };
  return { preset, options, skipBad: values["skip-bad"] };
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: expected one of ${allowed.join(", ")}`);
  return found;
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Grades what comes in; the exit code. */
async function run(settings: Settings): Promise<number> {
  for await (const lines of linesByChunk(process.stdin as AsyncIterable<Uint8Array>)) {
    const output: string[] = [];
    let problem: string | null = null;
    for (const line of lines) {
      if (line.text.trim() === "") continue;
      const graded = gradeOrExplain(line, settings);
      if (graded.isBad && !settings.skipBad) {
        problem = graded.text;
        break;
      }
      output.push(graded.text);
    }
    if (output.length > 0 && !process.stdout.write(`${output.join("\n")}\n`))
      await once(process.stdout, "drain");
    if (problem !== null)
      return fail(`${problem}\nUse --skip-bad to report such lines in the output and go on.`);
  }
  return 0;
}

function gradeOrExplain(line: Line, settings: Settings): { text: string; isBad: boolean } {
  try {
    return { text: gradeLine(line.text, settings.preset, settings.options), isBad: false };
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    const message = `line ${line.number}: ${error.message}`;
    return {
      text: settings.skipBad ? JSON.stringify({ ...error.fields, error: message }) : message,
      isBad: true,
    };
  }
}

function fail(message: string): number {
  process.stderr.write(`soft-tokens-grade: ${message}\n`);
  return 2;
}

async function main(): Promise<number> {
  let settings: Settings | string;
  try {
    settings = readSettings(process.argv.slice(2));
  } catch (error) {
    const isUsage =
      error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    if (!isUsage) throw error;
    return fail(`${(error as Error).message}\nSee soft-tokens-grade --help.`);
  }
  if (typeof settings === "string") {
    process.stdout.write(settings);
    return 0;
  }
  if (process.stdin.isTTY) process.stderr.write("soft-tokens-grade: reading JSON lines from the terminal\n");
  try {
    return await run(settings);
  } catch (error) {
    if (error instanceof LineTooLong) return fail(error.message);
    throw error;
  }
}

// `| head` closes the pipe: that is the reader's right and no error. Anything else is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.stderr.write(`soft-tokens-grade: cannot write: ${error.message}\n`);
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
process.exitCode = await main();
