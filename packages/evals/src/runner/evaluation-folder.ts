/**
 * The folder of one evaluation: `results.json` and `samples.jsonl`. It belongs to one model, one question file and one
 * set of settings; more modes, questions or samples may be added by running again, anything else is refused.
 */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { EvaluationError } from "../errors.ts";
import { type EvaluationResults, EvaluationResultsSchema, type SampleRow } from "../results/schema.ts";
import { writeFileAtomically } from "../results/write-file.ts";
import { openSampleLog, type SampleLog } from "./sample-log.ts";

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
  const file = join(folder, RESULTS_FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new EvaluationError("RESULTS_UNREADABLE", `${file}: ${String(cause)}`, { cause, file });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new EvaluationError("RESULTS_UNREADABLE", `${file}: not valid JSON`, { cause, file });
  }
  const parsed = EvaluationResultsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new EvaluationError("RESULTS_UNREADABLE", `${file}, field "${field}": ${issue?.message}`, {
    file,
    field,
  });
}

/** Writes `results.json`, whole or not at all. @throws EvaluationError WRITE_FAILED */
export async function writeResults(folder: string, results: EvaluationResults): Promise<void> {
  await writeFileAtomically(join(folder, RESULTS_FILE), `${JSON.stringify(results, null, 2)}\n`);
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
  const previous = await readResults(folder);
  const samplesFile = join(folder, SAMPLES_FILE);
  if (previous) refuseDifferences(folder, previous, identity);
  else if (await hasContent(samplesFile)) {
    throw new EvaluationError(
      "FOLDER_OF_ANOTHER_EVALUATION",
      `${folder}: holds ${SAMPLES_FILE} without the ${RESULTS_FILE} that says what they are of; name another folder`,
      { file: samplesFile },
    );
  }
  return { log: await openSampleLog(samplesFile, onRow), previous };
}

function refuseDifferences(folder: string, previous: EvaluationResults, identity: EvaluationIdentity): void {
  const differences = describeDifferences(pickIdentity(previous), pickIdentity(identity));
  if (differences.length === 0) return;
  throw new EvaluationError(
    "FOLDER_OF_ANOTHER_EVALUATION",
    `${folder}: holds another evaluation, name another folder; it differs in\n  ${differences.join("\n  ")}`,
    { file: join(folder, RESULTS_FILE), differences },
  );
}

function pickIdentity(of: EvaluationIdentity): EvaluationIdentity {
  const { task, model, checksum, template, settings } = of;
  return { task, model, checksum, template, settings };
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
