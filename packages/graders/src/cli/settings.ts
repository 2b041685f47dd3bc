/** The command line: options of grading and of `audit`, their checks, and what a wrong one is told. */
import { parseArgs } from "node:util";
import { extractModes } from "../extract/extract-answer.ts";
import type { GraderPoolOptions } from "../pool/types.ts";
import type { GradeOptions } from "../reward/grade-response.ts";
import { type PresetName, presetNames, presets } from "../reward/presets.ts";

/** The person at the keyboard can mend it: exit status 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

export interface GradeSettings {
  readonly command: "grade";
  readonly preset: PresetName;
  readonly pool: GraderPoolOptions;
  readonly skipBad: boolean;
}

export interface AuditSettings extends Omit<GradeSettings, "command"> {
  readonly command: "audit";
  /** File with the other program's verdicts. */
  readonly against: string;
  /** Its field with the verdict; null: the first of the usual names. */
  readonly field: string | null;
  /** Numbers from here on mean right; null: only 0 to 1 are verdicts. */
  readonly threshold: number | null;
  readonly asJson: boolean;
  /** Disagreements shown of each kind. */
  readonly limit: number;
}

const presetLines = presetNames
  .map((name) => `                      ${name.padEnd(12)} ${presets[name].description}`)
  .join("\n");

export const help = `Usage: soft-tokens-grade [options] < answers.jsonl > graded.jsonl
       soft-tokens-grade audit --against theirs.jsonl [options] < answers.jsonl

Reads one JSON object per line: {"gold": "...", "answer": "..."}. "answer" is a whole response or a bare
expression; other fields pass through, and a "question" (or "problem") exposes answers that only repeat it.
Writes each line with "correct" (true or false), "reward" (100 correct, 10 wrong in a closed box, 0),
"extracted" (the answer as found, or null) and "reason"; "status" where there is no verdict: timeout, refused
or failed. An answer that takes too long costs its own verdict only. Control characters are written as \\u001b.

Options:
  --extract MODE    where the answer is (default: auto)
                      auto         the box if there is one, else #### or "answer is", else the whole text
                      boxed        the last closed \\boxed{} only (what training uses)
                      gsm8k        after the last #### only
                      answer-is    after the last "answer is" only
                      last-number  the last number
                      choice       the letter of a multiple choice
                      text         the whole text
  --preset NAME     how "gold" is read (default: auto)
${presetLines}
                    olympiad takes "final_answer" for "gold", and "unit", "error", "is_multiple_answer";
                    choice takes "choices" (or "endings"), the options' texts
  --decimals N      numbers are equal within half a unit of the N-th decimal place (default: exact)
  --grader FILE     grade with your own function: the default export of a JavaScript or TypeScript file
  --workers N       most workers: threads, or processes of your own grader
                    (default: one less than the cores, at most 4)
  --timeout-ms N    most milliseconds of one line (default: 2000)
  --skip-bad        write {"error": "..."} for a line that cannot be graded instead of stopping
  --help            show this text
  --version         show the version

audit grades the lines of standard input and compares with another program's verdicts, by "id" where every line has
one, else line by line. Disagreements are listed by kind, with counts.
  --against FILE    JSON lines with its verdicts
  --field NAME      its field: true or false, yes or no, right or wrong, or 0 to 1
                    (default: the first of correct, is_correct, equal, expected_bool, expected, score, reward)
  --threshold N     numbers of at least N mean right
  --limit N         show at most N of each kind (default: 20)
  --json            write each disagreement as a JSON line instead

Exit codes: 0 done (audit: all agree), 1 the output could not be written, 2 wrong options or a line that cannot be graded,
3 audit found disagreements.
`;

const gradeOptions = {
  extract: { type: "string", default: "auto" },
  preset: { type: "string", default: "auto" },
  decimals: { type: "string" },
  grader: { type: "string" },
  workers: { type: "string" },
  "timeout-ms": { type: "string" },
  "skip-bad": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", short: "v", default: false },
} as const;

const auditOptions = {
  ...gradeOptions,
  against: { type: "string" },
  field: { type: "string" },
  threshold: { type: "string" },
  limit: { type: "string", default: "20" },
  json: { type: "boolean", default: false },
} as const;

/** @throws {UsageError} and parseArgs' own errors */
export function readSettings(args: readonly string[]): GradeSettings | AuditSettings | "help" | "version" {
  if (args[0] !== "audit") {
    if (args[0] !== undefined && !args[0].startsWith("-"))
      throw new UsageError(`${args[0]}: no such command; wanted audit, or options only`);
    const { values } = parseArgs({ args: [...args], options: gradeOptions });
    if (values.help || values.version) return values.help ? "help" : "version";
    return { command: "grade", ...grading(values) };
  }
  const { values } = parseArgs({ args: args.slice(1), options: auditOptions });
  if (values.help || values.version) return values.help ? "help" : "version";
  const { against, field = null, threshold, limit, json: asJson } = values;
  if (against === undefined) throw new UsageError("audit: --against FILE is missing");
  if (threshold !== undefined && !Number.isFinite(Number(threshold || Number.NaN)))
    throw new UsageError(`--threshold ${threshold}: expected a number`);
  return {
    command: "audit",
    ...grading(values),
    ...{ against, field, asJson, threshold: threshold === undefined ? null : Number(threshold) },
    limit: wholeNumber("--limit", limit, 0, 1e9),
  };
}

interface GradingValues {
  readonly extract: string;
  readonly preset: string;
  readonly decimals?: string | undefined;
  readonly grader?: string | undefined;
  readonly workers?: string | undefined;
  readonly "timeout-ms"?: string | undefined;
  readonly "skip-bad": boolean;
}

function grading(values: GradingValues): Omit<GradeSettings, "command"> {
  const { decimals, grader, workers, "timeout-ms": timeout } = values;
  const preset = oneOf("--preset", values.preset, presetNames);
  const options: GradeOptions = {
    mode: oneOf("--extract", values.extract, extractModes),
    ...(decimals !== undefined && { decimals: wholeNumber("--decimals", decimals, 0, 99) }),
  };
  return {
    preset,
    skipBad: values["skip-bad"],
    pool: {
      preset,
      options,
      ...(grader !== undefined && { grader }),
      ...(workers !== undefined && { workers: wholeNumber("--workers", workers, 1, 256) }),
      ...(timeout !== undefined && { timeoutMs: wholeNumber("--timeout-ms", timeout, 1, 86_400_000) }),
    },
  };
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`${option} ${value}: expected one of ${allowed.join(", ")}`);
  return found;
}

function wholeNumber(option: string, value: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`${option} ${value}: expected a whole number from ${least} to ${most}`);
}
