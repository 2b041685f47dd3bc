/** A file of rows, wherever it lies and in whichever of the formats: bytes for the checksum, rows with their numbers. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { EvaluationError } from "../errors.ts";
import { isHubFile, readHubFile } from "./hub-file.ts";
import { type JsonLineResult, parseJsonLines } from "./json-lines.ts";
import { isParquet, parseParquet } from "./parquet.ts";

/** What was read, before anything is made of it. */
export interface RowFile {
  /** As it was asked for. */
  readonly file: string;
  /** Without its folder; a file of the hub keeps its whole name. */
  readonly name: string;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly rows: readonly JsonLineResult[];
}

/**
 * Reads JSON lines or Parquet, from this machine or from the hub (`hf://datasets/ORG/NAME/PATH`).
 * @throws EvaluationError TASK_FILE_UNREADABLE, TASK_FILE_EMPTY, TASK_FORMAT_UNKNOWN
 */
export async function readRowFile(file: string): Promise<RowFile> {
  const bytes = isHubFile(file) ? await readHubFile(file) : await readBytes(file);
  return rowFile(
    bytes,
    file,
    isParquet(bytes) ? await parseParquet(bytes, file) : parseJsonLines(bytes, file),
  );
}

/** Rows of bytes with the checksum of the bytes. @throws EvaluationError TASK_FILE_EMPTY */
export function rowFile(bytes: Uint8Array, file: string, rows: readonly JsonLineResult[]): RowFile {
  if (rows.length === 0) {
    throw new EvaluationError(
      "TASK_FILE_EMPTY",
      `${file}: no rows; wanted JSON lines or Parquet with questions`,
      {
        file,
      },
    );
  }
  return {
    file,
    name: isHubFile(file) ? file : basename(file),
    sha256: createHash("sha256").update(bytes).digest("hex"),
    rows,
  };
}

/**
 * Rows made into whatever they hold; those that cannot be read are thrown, all in one error, or counted. With a `limit` nothing
 * after that many rows is looked at.
 */
export function mapRows<T>(
  { file, rows }: RowFile,
  badRows: "error" | "skip",
  read: (
    row: Readonly<Record<string, unknown>>,
    place: { readonly file: string; readonly line: number },
  ) => T,
  limit = Number.POSITIVE_INFINITY,
): { readonly values: T[]; readonly skipped: number } {
  const values: T[] = [];
  const errors: EvaluationError[] = [];
  for (const line of rows) {
    if (values.length >= limit) break;
    try {
      if ("error" in line) throw line.error;
      values.push(read(line.row, { file, line: line.line }));
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      errors.push(error);
    }
  }
  // Every row bad: the wrong file, not a bad row.
  if (errors.length > 0 && (badRows === "error" || values.length === 0)) throw badRowsError(errors);
  return { values, skipped: errors.length };
}

/** How many bad rows a message shows. */
const SHOWN = 3;

/** One error for one bad row or for many: the place of the first, the messages of the first few, and how many there are. */
export function badRowsError(errors: readonly EvaluationError[], advice = ""): EvaluationError {
  const [first] = errors as [EvaluationError];
  if (errors.length === 1 && advice === "") return first;
  const shown = errors.slice(0, SHOWN).map(({ message }) => message);
  const more =
    errors.length > SHOWN
      ? [`and ${errors.length - SHOWN} more ${errors.length === SHOWN + 1 ? "row" : "rows"}`]
      : [];
  const { code, file, line, field, cause } = first;
  return new EvaluationError(code, [...shown, ...more, ...(advice === "" ? [] : [advice])].join("\n"), {
    cause,
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(field !== undefined && { field }),
  });
}

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why =
      code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder, wanted a file" : String(cause);
    throw new EvaluationError("TASK_FILE_UNREADABLE", `${file}: ${why}`, { cause, file });
  }
}
