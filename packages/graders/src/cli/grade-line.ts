/**
 * One line of the command-line tool: a JSON object with `gold` and `answer` in, the same object with its grade out.
 */
import type { GradeOptions } from "../reward/grade-response.ts";
import { gradeWithPreset, type Preset } from "../reward/presets.ts";

/** A line that is no gradable record. The message says what is wrong with it, without its number. */
export class BadLine extends Error {
  override name = "BadLine";
  /** The record's own fields, as far as there are any. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(message: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.fields = fields;
  }
}

const outputFields = ["correct", "reward", "extracted", "reason"] as const;

/**
 * Grades a line; the output line. The record's own fields are kept as they are written, numbers of any size included.
 * `question` (or `problem`), where the record has one, exposes answers that only repeat it.
 * @throws {BadLine} for what is not a JSON object with a `gold` and an `answer`.
 */
export function gradeLine(line: string, preset: Preset, options: GradeOptions): string {
  const record = parseRecord(line);
  const gold = textField(record, "gold", line);
  const question = record.question ?? record.problem;
  const asked = typeof question === "string" ? { question } : {};
  // A null answer is a model that gave none.
  const answer = record.answer === null ? "" : textField(record, "answer", line);
  const { correct, reward, extracted, reason } = gradeWithPreset(preset, answer, gold, {
    ...asked,
    ...options,
  });
  const grade = { correct, reward, extracted, reason };
  if (outputFields.some((field) => Object.hasOwn(record, field)))
    return JSON.stringify({ ...record, ...grade });
  return `${line.slice(0, line.lastIndexOf("}"))},${JSON.stringify(grade).slice(1)}`;
}

function parseRecord(line: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new BadLine(`not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadLine('not a JSON object with "gold" and "answer"');
  }
  return value as Record<string, unknown>;
}

/** A field as text. Numbers are texts without quotes; those that a double cannot hold are taken from the line. */
function textField(record: Record<string, unknown>, field: "gold" | "answer", line: string): string {
  const value = record[field];
  if (typeof value === "string") return value;
  if (typeof value === "number") {
    const isExact = Number.isSafeInteger(value) || !Number.isInteger(value);
    const written = isExact ? null : new RegExp(`"${field}"\\s*:\\s*(-?[0-9.eE+-]+)`).exec(line)?.[1];
    return written ?? String(value);
  }
  if (typeof value === "boolean") return String(value);
  const what = value === undefined ? "is missing" : "is neither text nor a number";
  throw new BadLine(`"${field}" ${what}`, record);
}
