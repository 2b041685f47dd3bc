/** Fields of a multiple-choice row, read strictly: a complaint names file, line and field. */

import { EvaluationError } from "../errors.ts";

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
    return text;
  });
}

/**
 * The right choice: an index from 0 as a number or its text, or one of `labels`. A label comes before an index, because the
 * labels of some ARC questions are 1, 2, 3, 4.
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
  const isIndex = typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
  const index = isIndex ? Number(value) : Number.NaN;
  if (Number.isInteger(index) && index >= 0 && index < count) return index;
  const wanted = labels.length > 0 ? `, or one of ${labels.join(", ")}` : "";
  throw invalid(
    at,
    field,
    `wanted the right choice's index from 0 to ${count - 1}${wanted}, got ${describe(value)}`,
  );
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
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" ? "an object" : `${typeof value} ${JSON.stringify(value)?.slice(0, 40)}`;
}
