/**
 * The folder of one evaluation: `results.json` and `samples.jsonl`. It belongs to one model, one question file and one
 * set of settings; more modes, questions or samples may be added by running again, anything else is refused.
 */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "@soft-tokens/graders";
import type { z } from "zod";
import { EvaluationError } from "../errors.ts";
import {
  type EvaluationResults,
  EvaluationResultsSchema,
  type SampleRow,
  SampleRowSchema,
} from "../results/schema.ts";
import { toJson } from "../results/to-json.ts";
import { writeFileAtomically } from "../results/write-file.ts";
import { openRowLog, type SampleLog } from "./sample-log.ts";

export const RESULTS_FILE = "results.json";
export const SAMPLES_FILE = "samples.jsonl";

/** What must not change between the runs that fill one folder. */
export type EvaluationIdentity = Pick<
  EvaluationResults,
  "task" | "model" | "checksum" | "template" | "settings"
>;

/**
 * Reads `results.json` of a folder; null when there is none.
 * @throws EvaluationError RESULTS_UNREADABLE
 */
export async function readResults(folder: string): Promise<EvaluationResults | null> {
  return readResultsAs(folder, EvaluationResultsSchema);
}

/** {@link readResults} of whichever form. */
export async function readResultsAs<T>(folder: string, schema: z.ZodType<T>): Promise<T | null> {
  const json = await readJson(folder);
  if (json === null) return null;
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return parsed.data;
  const { file } = json;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  const isNull = issue !== undefined && valueAt(json.value, issue.path) === null;
  const why = isNull ? `${issue.message}; ${ABOUT_NULL}` : issue?.message;
  throw new EvaluationError("RESULTS_UNREADABLE", `${file}, field "${field}": ${why}`, { file, field });
}

/** Earlier versions wrote NaN and infinity as null. */
const ABOUT_NULL =
  "a number that was NaN or infinite is written so: the evaluation is of a broken model. Evaluate into another folder, or remove this one";

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | null)?.[key], value);
}

/**
 * Writes `results.json`, whole or not at all, and only what its reader will take.
 * @throws EvaluationError WRITE_FAILED, RESULT_NOT_FINITE; TypeError where the results are of another form
 */
export async function writeResults<T>(folder: string, results: T, schema: z.ZodType<T>): Promise<void> {
  const file = join(folder, RESULTS_FILE);
  const text = toJson(results, file, 2);
  const parsed = schema.safeParse(JSON.parse(text));
  const issue = parsed.error?.issues[0];
  if (issue) throw new TypeError(`${file}, field "${issue.path.join(".")}": ${issue.message}`);
  await writeFileAtomically(file, `${text}\n`);
}

/**
 * Opens a folder for this evaluation and hands over the samples it already holds.
 * @throws EvaluationError FOLDER_OF_ANOTHER_EVALUATION with the differences
 */
export async function openEvaluationFolder(
  folder: string,
  identity: EvaluationIdentity,
  onRow: (row: SampleRow) => void,
): Promise<{ log: SampleLog; previous: EvaluationResults | null }> {
  const { task, model, checksum, template, settings } = identity;
  await refuseOtherFolder(folder, { kind: "generation", task, model, checksum, template, settings });
  const previous = await readResults(folder);
  return { log: await openRowLog(join(folder, SAMPLES_FILE), SampleRowSchema, onRow), previous };
}

/**
 * Compares what a folder says of itself with what is going to be put there; `kind` is likelihood or generation.
 * @throws EvaluationError FOLDER_OF_ANOTHER_EVALUATION with the differences, RESULTS_UNREADABLE
 */
export async function refuseOtherFolder(
  folder: string,
  identity: Readonly<Record<string, unknown>> & { readonly kind: "generation" | "likelihood" },
): Promise<void> {
  const previous = await readJson(folder);
  const samplesFile = join(folder, SAMPLES_FILE);
  if (previous === null) {
    if (!(await hasContent(samplesFile))) return;
    throw new EvaluationError(
      "FOLDER_OF_ANOTHER_EVALUATION",
      `${folder}: holds ${SAMPLES_FILE} without the ${RESULTS_FILE} that says what they are of; name another folder`,
      { file: samplesFile },
    );
  }
  if (!isRecord(previous.value)) return; // its reader says what is wrong with it
  const { value } = previous;
  if (value.kind === "grid") {
    throw new EvaluationError(
      "FOLDER_OF_ANOTHER_EVALUATION",
      `${folder}: holds a grid, whose evaluations lie in its folders; name another folder`,
      { file: previous.file },
    );
  }
  const there = Object.fromEntries(Object.keys(identity).map((key) => [key, value[key]]));
  const kind = value.mode === "likelihood" ? "likelihood" : "generation";
  const differences = describeDifferences({ ...there, kind }, identity);
  if (differences.length === 0) return;
  throw new EvaluationError(
    "FOLDER_OF_ANOTHER_EVALUATION",
    `${folder}: holds another evaluation, name another folder; it differs in\n  ${differences.join("\n  ")}`,
    { file: previous.file, differences },
  );
}

async function readJson(folder: string): Promise<{ file: string; value: unknown } | null> {
  const file = join(folder, RESULTS_FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    const why = code === "ENOTDIR" ? `${folder} is a file, wanted a folder` : String(cause);
    throw new EvaluationError("RESULTS_UNREADABLE", `${file}: ${why}`, { cause, file });
  }
  try {
    return { file, value: parseJson(text) };
  } catch (cause) {
    throw new EvaluationError(
      "RESULTS_UNREADABLE",
      `${file}: not valid JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause, file },
    );
  }
}

/** Paths whose values differ, as `path: there -> here`. Key order does not matter. */
function describeDifferences(there: unknown, here: unknown, path = ""): string[] {
  if (isRecord(there) && isRecord(here)) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    return keys.flatMap((key) =>
      describeDifferences(there[key], here[key], path === "" ? key : `${path}.${key}`),
    );
  }
  const [was, is] = [JSON.stringify(there) ?? "absent", JSON.stringify(here) ?? "absent"];
  return was === is ? [] : [`${path}: ${was} there, ${is} here`];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function hasContent(file: string): Promise<boolean> {
  try {
    return (await stat(file)).size > 0;
  } catch {
    return false; // absent; anything else shows when it is opened
  }
}
