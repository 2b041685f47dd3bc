/**
 * One row of a data set -> one question. Values are taken as they are written (trimmed): what counts as equal is the
 * grader's business. Numbers become their shortest decimal text, lists of strings are joined by ", ".
 */

import { cutText, withoutAnswerMarks } from "@soft-tokens/graders";
import type { Question } from "../contract.ts";
import { EvaluationError } from "../errors.ts";
import type { AnswerForm, TaskFormat } from "./formats.ts";
import { NotUtf8 } from "./parquet.ts";
import { answerInForm } from "./reference-answer.ts";

type Row = Readonly<Record<string, unknown>>;

/** Where the row stands, for messages. */
export interface RowPlace {
  readonly file: string;
  /** 1-based; also the question's id where the row has none. */
  readonly line: number;
}

/** A question with the worked solution that its row has. */
export interface SolvedQuestion extends Question {
  /** Without GSM8K's final line and calculator annotations; null where the row has the answer alone. */
  readonly solution: string | null;
}

/** @throws EvaluationError TASK_ROW_INVALID naming file, line and field. */
export function readRow(row: Row, format: TaskFormat, place: RowPlace): Question {
  const { solution: _, ...question } = readSolvedRow(row, format, place);
  return question;
}

/** {@link readRow} for who learns from solutions: the same question with the same answer. */
export function readSolvedRow(row: Row, format: TaskFormat, place: RowPlace): SolvedQuestion {
  const question = readQuestion(row, format, place);
  const { answer, worked } = readAnswer(row, format, place);
  const { solution } = row;
  const written = typeof solution === "string" && solution.trim() !== "" ? solution : worked;
  if (written !== null) refuseBrokenText(written, place, "solution");
  const bare = written === null ? "" : withoutAnswerMarks(written).trim();
  return {
    ...{ id: readId(row, format, place), question, answer, line: place.line },
    solution: bare === "" ? null : bare,
  };
}

function readQuestion(row: Row, format: TaskFormat, place: RowPlace): string {
  const field = format.questionFields.find((name) => row[name] !== undefined && row[name] !== null);
  if (field === undefined) {
    const empty = format.questionFields.find((name) => row[name] === null);
    if (empty !== undefined) throw invalid(place, empty, "wanted text, got null");
    throw invalid(
      place,
      format.questionFields[0] ?? "question",
      `no field ${either(format.questionFields)}`,
      row,
    );
  }
  const value = row[field];
  if (typeof value !== "string") throw invalid(place, field, `wanted text, got ${describe(value)}`);
  if (value.trim() === "") throw invalid(place, field, "is empty");
  refuseBrokenText(value, place, field);
  return value.trim();
}

function readAnswer(
  row: Row,
  format: TaskFormat,
  place: RowPlace,
): { answer: string; worked: string | null } {
  let complaint: { field: string; what: string } | null = null;
  for (const { field, form } of format.answerFields) {
    const value = row[field];
    if (value === undefined) continue;
    const text = asText(value);
    const found = typeof text === "string" ? answerInForm(text, form) : null;
    if (found && typeof text === "string") {
      refuseBrokenText(found.answer, place, field);
      return { answer: found.answer, worked: found.isWhole ? null : text };
    }
    complaint ??= { field, what: typeof text === "string" ? missingForm(text, form) : text.problem };
  }
  if (complaint) throw invalid(place, complaint.field, complaint.what);
  const fields = format.answerFields.map(({ field }) => field);
  throw invalid(place, fields[0] ?? "answer", `no field ${either(fields)}`, row);
}

function readId(row: Row, format: TaskFormat, place: RowPlace): string {
  for (const field of format.idFields) {
    const value = row[field];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
  }
  return String(place.line);
}

function asText(value: unknown): string | { problem: string } {
  if (typeof value === "string") return value;
  if (typeof value === "number") {
    // JSON.parse has already rounded it: what the file says is lost.
    const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
    if (isRounded || !Number.isFinite(value)) {
      return { problem: `${value} is too large a number to be read exactly; write it as text, in quotes` };
    }
    return String(value);
  }
  if (Array.isArray(value) && value.length > 0) {
    const parts = value.map(asText);
    const texts = parts.filter((part) => typeof part === "string" && part.trim() !== "");
    if (texts.length === parts.length) return texts.join(", ");
  }
  return { problem: `wanted text, a number or a list of texts, got ${describe(value)}` };
}

function missingForm(text: string, form: AnswerForm): string {
  if (text.trim() === "") return "is empty";
  switch (form) {
    case "final-line":
      return "no final line `#### answer`";
    case "boxed":
      return "no closed \\boxed{...}";
    case "plain":
      return "no answer in it: its last box is empty";
    case "any":
    case "solution":
      return "no answer in it: wanted a final line `#### answer`, a closed \\boxed{...}, or a short answer alone";
    default:
      return form satisfies never;
  }
}

/** Half of a character, as a cut text has it: a tokenizer would make something else of it. @throws EvaluationError */
export function refuseBrokenText(text: string, place: RowPlace, field: string): void {
  if (!/\p{Surrogate}/u.test(text)) return; // pairs are one character and do not match
  throw invalid(place, field, "holds half of a surrogate pair, which is no character");
}

export function invalid(place: RowPlace, field: string, what: string, row?: Row): EvaluationError {
  const has = row ? ` (the row has ${either(Object.keys(row).slice(0, 12)) || "no fields"})` : "";
  const message = `${place.file}, line ${place.line}, field "${field}": ${what}${has}`;
  return new EvaluationError("TASK_ROW_INVALID", message, { ...place, field });
}

function either(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

export function describe(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof NotUtf8) return "bytes that are not UTF-8";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" ? "an object" : `${typeof value} ${cutText(String(value), 40)}`;
}
