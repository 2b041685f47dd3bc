/**
 * Evaluated questions that the model was trained on: a look into a training file, by normalised text. Rephrased questions are
 * not found; what is found is told and kept, because leaving questions out would make it another benchmark.
 */

import { EvaluationError } from "../errors.ts";
import type { Contamination } from "../results/schema.ts";
import { normalizedQuestion } from "./load-task.ts";
import { readRowFile } from "./read-rows.ts";

/** Where rows keep what is asked, in the forms of all tasks; the first that is there counts. */
const TEXT_FIELDS = ["question", "problem", "prompt", "input", "query", "ctx"] as const;

/** The text by which a question is recognised, or null where the row has none. */
export function questionText(row: Readonly<Record<string, unknown>>): string | null {
  for (const field of TEXT_FIELDS) {
    const value = row[field];
    if (typeof value === "string" && value.trim() !== "") return value;
    // AI2's own files of ARC have the text one level below.
    const stem = (value as { stem?: unknown } | null | undefined)?.stem;
    if (typeof stem === "string" && stem.trim() !== "") return stem;
  }
  return null;
}

/**
 * Which questions stand in a training file. Answers are not needed there, and rows that cannot be read do not matter.
 * @throws EvaluationError TASK_FILE_UNREADABLE, TASK_FILE_EMPTY, TASK_FORMAT_UNKNOWN; TASK_ROW_INVALID when no row has a question
 */
export async function findContamination(
  questions: readonly { readonly id: string; readonly text: string }[],
  trainingFile: string,
): Promise<Contamination> {
  const { name, sha256, rows } = await readRowFile(trainingFile);
  const texts = rows.flatMap((line) => ("row" in line ? (questionText(line.row) ?? []) : []));
  if (texts.length === 0) {
    throw new EvaluationError(
      "TASK_ROW_INVALID",
      `${trainingFile}: no row has a question; wanted one of the fields ${TEXT_FIELDS.map((field) => `"${field}"`).join(", ")}`,
      { file: trainingFile, field: TEXT_FIELDS[0] },
    );
  }
  const trained = new Set(texts.map(normalizedQuestion));
  const ids = questions.filter(({ text }) => trained.has(normalizedQuestion(text))).map(({ id }) => id);
  return { file: name, sha256, rows: texts.length, ids };
}
