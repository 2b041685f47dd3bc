/**
 * Solved problems and ready pairs, for supervised training. A problem is read as `loadTask` reads it, so that what is learned
 * as its answer is what training by reward and evaluation hold for right.
 */

import { detectFormat } from "./formats.ts";
import {
  describe,
  invalid,
  type RowPlace,
  readSolvedRow,
  refuseBrokenText,
  type SolvedQuestion,
} from "./read-row.ts";
import { mapRows, readRowFile } from "./read-rows.ts";

/** A row that already is what a model is given and what it is to say. */
export interface ReadyPair {
  readonly prompt: string;
  readonly completion: string;
  readonly line: number;
}

export interface SolvedProblems {
  readonly rows: readonly (SolvedQuestion | ReadyPair)[];
  readonly source: SolvedSource;
}

/** What was read, so that a run can be traced to its data. */
export interface SolvedSource {
  /** File name without its folder; a file of the hub by its whole name. */
  readonly file: string;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly rows: number;
  /** Rows left out because they could not be read; 0 unless `badRows` is "skip". */
  readonly skipped: number;
}

export interface LoadSolvedOptions {
  /** JSON lines or Parquet, on this machine or on the hub. */
  readonly file: string;
  /** Rows after this many are not looked at. */
  readonly limit?: number | undefined;
  /** Rows that cannot be read: stop with an error, or leave them out and count them. Defaults to `"error"`. */
  readonly badRows?: "error" | "skip";
}

/** @throws EvaluationError TASK_FILE_UNREADABLE, TASK_FILE_EMPTY, TASK_FORMAT_UNKNOWN, TASK_ROW_INVALID */
export async function loadSolved(options: LoadSolvedOptions): Promise<SolvedProblems> {
  const { badRows = "error", limit } = options;
  const file = await readRowFile(options.file);
  const problems = file.rows.flatMap((line) => ("row" in line && !isPair(line.row) ? [line.row] : []));
  const format = detectFormat(problems);
  const { values, skipped } = mapRows<SolvedQuestion | ReadyPair>(
    file,
    badRows,
    (row, place) => (isPair(row) ? readPair(row, place) : readSolvedRow(row, format, place)),
    limit,
  );
  return {
    rows: values,
    source: { file: file.name, sha256: file.sha256, rows: values.length, skipped },
  };
}

type Row = Readonly<Record<string, unknown>>;

/** `prompt` with an answer is a problem under another name; with a completion, or alone, it belongs to a pair. */
function isPair(row: Row): boolean {
  const has = (field: string) => row[field] !== undefined && row[field] !== null;
  if (has("completion")) return true;
  return has("prompt") && !["answer", "final_answer", "target", "solution"].some(has);
}

function readPair(row: Row, place: RowPlace): ReadyPair {
  return {
    prompt: textOf(row, "prompt", place),
    completion: textOf(row, "completion", place),
    line: place.line,
  };
}

/** White space is part of a prompt and of a completion. */
function textOf(row: Row, field: string, place: RowPlace): string {
  const value = row[field];
  if (value === undefined) throw invalid(place, field, `no field "${field}"`, row);
  if (typeof value !== "string") throw invalid(place, field, `wanted text, got ${describe(value)}`);
  if (value.trim() === "") throw invalid(place, field, "is empty");
  refuseBrokenText(value, place, field);
  return value;
}
