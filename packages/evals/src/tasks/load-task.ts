/**
 * Question files -> tasks. Nothing is looked up by name: a task name only says how the rows of a given file are to be
 * read, and only a file that is named with its place on the hub is downloaded. What was read is pinned by its checksum.
 */

import { basename, extname } from "node:path";
import type { Question } from "../contract.ts";
import { EvaluationError } from "../errors.ts";
import { detectFormat, NAMED_FORMATS, type TaskFormat } from "./formats.ts";
import { parseJsonLines } from "./json-lines.ts";
import { readRow } from "./read-row.ts";
import { mapRows, type RowFile, readRowFile, rowFile } from "./read-rows.ts";

/** What was read, so that a result can be traced to its questions. */
export interface TaskSource {
  /** File name without its folder; a file of the hub by its whole name. */
  readonly file: string;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly format: string;
  /** Questions that were read, before any limit. */
  readonly rows: number;
  /** Questions whose text (white space and case aside) stood in an earlier row; they are kept. */
  readonly duplicates: number;
  /** Rows whose id an earlier row has; they are kept under another one. Absent where there is none. */
  readonly repeatedIds?: number | undefined;
  /** Rows left out because they could not be read; 0 unless `badRows` is "skip". */
  readonly skipped: number;
  /** Rows left out because the model has no room or no embeddings for them; absent where none was looked for. */
  readonly unfit?: number | undefined;
}

/** A named list of questions. */
export interface Task {
  readonly name: string;
  readonly questions: readonly Question[];
  readonly source: TaskSource;
}

export interface LoadTaskOptions {
  readonly file: string;
  /** Defaults to the file's name without ending. */
  readonly name?: string;
  /** Defaults to what the rows' fields look like. */
  readonly format?: TaskFormat;
  /** Rows that cannot be read: stop with an error, or leave them out and count them. Defaults to `"error"`. */
  readonly badRows?: "error" | "skip";
}

/**
 * Reads a file of questions: JSON lines or Parquet, on this machine or on the hub.
 * @throws EvaluationError TASK_FILE_UNREADABLE, TASK_FILE_EMPTY, TASK_FORMAT_UNKNOWN, TASK_ROW_INVALID
 */
export async function loadTask(options: LoadTaskOptions): Promise<Task> {
  return taskOfRows(await readRowFile(options.file), options);
}

/** {@link loadTask} of JSON lines whose bytes are already here. */
export function parseTask(bytes: Uint8Array, options: LoadTaskOptions): Task {
  return taskOfRows(rowFile(bytes, options.file, parseJsonLines(bytes, options.file)), options);
}

function taskOfRows(source: RowFile, options: LoadTaskOptions): Task {
  const { file, badRows = "error" } = options;
  const format =
    options.format ?? detectFormat(source.rows.flatMap((line) => ("row" in line ? [line.row] : [])));
  const { values: questions, skipped } = mapRows(source, badRows, (row, place) =>
    readRow(row, format, place),
  );
  return {
    name: options.name ?? basename(file, extname(file)),
    questions: withUniqueIds(questions),
    source: {
      file: source.name,
      sha256: source.sha256,
      format: format.name,
      rows: questions.length,
      duplicates: countDuplicates(questions.map(({ question }) => question)),
      ...repeatedIds(questions),
      skipped,
    },
  };
}

export interface ResolveTaskOptions {
  /** The file to read when `nameOrFile` is a task's name. */
  readonly data?: string;
  readonly badRows?: "error" | "skip";
}

/**
 * A task by name (then `data` says where its file lies) or by file.
 * @throws EvaluationError TASK_NEEDS_DATA when a name comes without `data`, and as {@link loadTask}.
 */
export async function resolveTask(nameOrFile: string, options: ResolveTaskOptions = {}): Promise<Task> {
  const { data, badRows = "error" } = options;
  const format = Object.hasOwn(NAMED_FORMATS, nameOrFile) ? NAMED_FORMATS[nameOrFile] : undefined;
  if (data !== undefined) {
    // A given name with its own reader keeps it only if it is more than a guess: the rows decide for "jsonl".
    return loadTask({
      file: data,
      name: nameOrFile,
      badRows,
      ...(format && nameOrFile !== "jsonl" ? { format } : {}),
    });
  }
  if (format) {
    throw new EvaluationError(
      "TASK_NEEDS_DATA",
      `task "${nameOrFile}": name its file too, nothing is downloaded; known names: ${Object.keys(NAMED_FORMATS).join(", ")}`,
    );
  }
  return loadTask({ file: nameOrFile, badRows });
}

/** Sample randomness and resuming go by id, so a repeated one gets a suffix in order of appearance. */
export function withUniqueIds<T extends { readonly id: string }>(questions: readonly T[]): T[] {
  const taken = new Set(questions.map((question) => question.id));
  const seen = new Set<string>();
  return questions.map((question) => {
    let id = question.id;
    for (let copy = 2; seen.has(id); copy++) {
      const candidate = `${question.id}#${copy}`;
      if (!taken.has(candidate)) id = candidate;
    }
    seen.add(id);
    taken.add(id);
    return id === question.id ? question : { ...question, id };
  });
}

/** How many ids an earlier row has: nothing where each has its own. */
export function repeatedIds(questions: readonly { readonly id: string }[]): { repeatedIds?: number } {
  const count = questions.length - new Set(questions.map(({ id }) => id)).size;
  return count > 0 ? { repeatedIds: count } : {};
}

/** How many texts stood before, case and white space aside. */
export function countDuplicates(texts: readonly string[]): number {
  return texts.length - new Set(texts.map(normalizedQuestion)).size;
}

/** Case and white space aside: the key by which two questions count as the same. */
export function normalizedQuestion(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
}
