/** What a person has to know of the questions behind a table: rows left out, repeated questions, questions that were trained on. */

import type { Contamination, TaskSource } from "@soft-tokens/evals";

export interface NotedResults {
  readonly source: TaskSource;
  /** That were evaluated. */
  readonly questions: number;
  readonly contamination?: Contamination | undefined;
}

/** One line each; none where there is nothing to say. */
export function sourceNotes({ source, questions, contamination }: NotedResults): string[] {
  const { skipped, unfit = 0, repeatedIds = 0, duplicates, rows } = source;
  return [
    skipped > 0 &&
      `${count(skipped, "row")} of ${source.file} could not be read and ${skipped === 1 ? "was" : "were"} left out`,
    unfit > 0 &&
      `the model has no room or no embeddings for ${count(unfit, "row")} of ${source.file}, which ${unfit === 1 ? "was" : "were"} left out`,
    duplicates > 0 &&
      `${duplicates} of the ${count(rows, "question")} of ${source.file} ${duplicates === 1 ? "repeats an earlier one" : "repeat earlier ones"}; all count`,
    repeatedIds > 0 &&
      `${count(repeatedIds, "row")} of ${source.file} ${repeatedIds === 1 ? "has an id" : "have ids"} of earlier rows, and ${repeatedIds === 1 ? "another one" : "others"} here`,
    contamination &&
      `${contamination.ids.length} of ${count(questions, "question")} also ${contamination.ids.length === 1 ? "stands" : "stand"} in ${contamination.file}`,
  ].filter((note) => typeof note === "string");
}

/** "1 question", "2 questions" */
export function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
