/** Fields of a multiple-choice row, read strictly: a complaint names file, line and field. */

import { cutText } from "@soft-tokens/graders";
import { EvaluationError } from "../errors.ts";
import { NotUtf8 } from "../tasks/parquet.ts";
import { refuseBrokenText } from "../tasks/read-row.ts";

/** A row and where it stands. */
export interface ChoiceRow {
  readonly row: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** @throws EvaluationError TASK_ROW_INVALID */
export function textField(at: ChoiceRow, field: string): string {
  const value = at.row[field];
  if (typeof value !== "string") throw invalid(at, field, `wanted text, got ${describe(value)}`);
  if (value.trim() === "") throw invalid(at, field, "is empty");
  refuseBrokenText(value, at, field);
  return value;
}

/** A list of at least two texts, none of them empty. @throws EvaluationError TASK_ROW_INVALID */
export function textsField(at: ChoiceRow, field: string, value: unknown = at.row[field]): string[] {
  if (!Array.isArray(value)) throw invalid(at, field, `wanted a list of texts, got ${describe(value)}`);
  if (value.length < 2) throw invalid(at, field, `wanted at least two choices, got ${value.length}`);
  return value.map((text, index) => {
    if (typeof text !== "string") {
      throw invalid(at, field, `choice ${index + 1}: wanted text, got ${describe(text)}`);
    }
    if (text.trim() === "") throw invalid(at, field, `choice ${index + 1} is empty`);
    refuseBrokenText(text, at, field);
    return text;
  });
}

/**
 * The right choice: an index from 0 as a number or its text, or one of `labels`.
 * @throws EvaluationError TASK_ROW_INVALID
 */
export function goldField(
  at: ChoiceRow,
  field: string,
  count: number,
  labels: readonly string[] = [],
): number {
  const value = at.row[field];
  const labelled = typeof value === "string" ? labels.indexOf(value.trim()) : -1;
  if (labelled >= 0) return labelled;
  const index = wholeNumber(value);
  if (index !== null && index >= 0 && index < count) return index;
  const wanted = labels.length > 0 ? `, or one of ${labels.join(", ")}` : "";
  throw invalid(
    at,
    field,
    `wanted the right choice's index from 0 to ${count - 1}${wanted}, got ${describe(value)}`,
  );
}

/**
 * ARC's `answerKey`: one of the labels, as text or as a number. A number that is no label counts from 1, because some questions
 * have the labels 1, 2, 3, 4 and some files write those for A, B, C, D (`num_to_letter` in lm_eval/tasks/arc of the harness's
 * first versions). It is never an index from 0.
 * @throws EvaluationError TASK_ROW_INVALID
 */
export function keyField(at: ChoiceRow, field: string, labels: readonly string[]): number {
  const value = at.row[field];
  const isKey = typeof value === "string" || typeof value === "number";
  const labelled = isKey ? labels.indexOf(String(value).trim()) : -1;
  if (labelled >= 0) return labelled;
  const areLetters = labels.every((label) => /^[A-Z]$/.test(label));
  const place = areLetters ? wholeNumber(value) : null;
  if (place !== null && place >= 1 && place <= labels.length) return place - 1;
  const wanted = `${labels.join(", ")}${areLetters ? `, or a number from 1 to ${labels.length}` : ""}`;
  throw invalid(at, field, `wanted one of ${wanted}, got ${describe(value)}`);
}

/** A number, or one in digits; null for anything else. */
function wholeNumber(value: unknown): number | null {
  const number = typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) ? number : null;
}

/** The row's own id, or its line. */
export function idField(at: ChoiceRow, fields: readonly string[]): string {
  for (const field of fields) {
    const value = at.row[field];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
  }
  return String(at.line);
}

export function invalid(at: ChoiceRow, field: string, what: string): EvaluationError {
  const { file, line, row } = at;
  const names = Object.keys(row).slice(0, 12);
  const has =
    field in row ? "" : ` (the row has ${names.map((name) => `"${name}"`).join(", ") || "no fields"})`;
  return new EvaluationError("TASK_ROW_INVALID", `${file}, line ${line}, field "${field}": ${what}${has}`, {
    file,
    line,
    field,
  });
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (value instanceof NotUtf8) return "bytes that are not UTF-8";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object"
    ? "an object"
    : `${typeof value} ${cutText(JSON.stringify(value) ?? "", 40)}`;
}
