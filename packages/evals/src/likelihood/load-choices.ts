/** Files of multiple-choice rows -> likelihood tasks. */

import { countDuplicates, repeatedIds, type TaskSource, withUniqueIds } from "../tasks/load-task.ts";
import { mapRows, readRowFile } from "../tasks/read-rows.ts";
import type { ChoiceQuestion } from "./contract.ts";
import type { LikelihoodForm } from "./forms.ts";

/** A named list of multiple-choice questions. */
export interface ChoiceTask {
  readonly name: string;
  readonly questions: readonly ChoiceQuestion[];
  readonly source: TaskSource;
}

export interface LoadChoicesOptions {
  /** JSON lines or Parquet, on this machine or on the hub. */
  readonly file: string;
  readonly name: string;
  readonly form: LikelihoodForm;
  /** Rows that cannot be read: stop with an error, or leave them out and count them. Defaults to `"error"`. */
  readonly badRows?: "error" | "skip";
}

/** @throws EvaluationError TASK_FILE_UNREADABLE, TASK_FILE_EMPTY, TASK_FORMAT_UNKNOWN, TASK_ROW_INVALID */
export async function loadChoiceTask(options: LoadChoicesOptions): Promise<ChoiceTask> {
  const { name, form, badRows = "error" } = options;
  const source = await readRowFile(options.file);
  const { values, skipped } = mapRows(source, badRows, (row, place) => ({
    ...form.read({ row, ...place }),
    line: place.line,
  }));
  return {
    name,
    questions: withUniqueIds(values),
    source: {
      file: source.name,
      sha256: source.sha256,
      format: form.name,
      rows: values.length,
      // The same context with other choices is another question.
      duplicates: countDuplicates(values.map(({ context, choices }) => [context, ...choices].join("\n"))),
      ...repeatedIds(values),
      skipped,
    },
  };
}
