/**
 * One line of the command-line tool: a JSON object with `gold` and `answer` in, the same object with its grade out.
 */
import { parseJson } from "../json/parse-json.ts";
import type { GradeItem, PoolVerdict } from "../pool/contract.ts";
import type { PresetName, Reference } from "../reward/presets.ts";

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

const outputFields = ["correct", "reward", "extracted", "reason", "status"] as const;

type Row = Readonly<Record<string, unknown>>;

/** What a line asks for. */
export interface GradableLine {
  readonly row: Row;
  readonly item: GradeItem;
  /** The line with its grade; the record's own fields are kept as they are written, numbers of any size included. */
  readonly withGrade: (verdict: PoolVerdict) => string;
}

/**
 * Reads a line. `question` (or `problem`), where the record has one, exposes answers that only repeat it.
 * @throws {BadLine} for what is not a JSON object with a `gold` and an `answer`, and for fields of a preset that cannot be read.
 */
export function readLine(line: string, preset: PresetName): GradableLine {
  const row = parseRow(line);
  const gold = referenceOf(row, preset, line);
  const question = row.question ?? row.problem;
  // A null answer is a model that gave none.
  const text = row.answer === null ? "" : textField(row, "answer", line);
  const item: GradeItem = {
    text,
    gold,
    ...(typeof question === "string" && { question, options: { question } }),
    ...((typeof row.id === "string" || typeof row.id === "number") && { id: String(row.id) }),
  };
  return { row, item, withGrade: (verdict) => withGrade(line, row, verdict) };
}

function withGrade(line: string, row: Row, verdict: PoolVerdict): string {
  const { correct, reward, extracted, reason, status } = verdict;
  const grade = { correct, reward, extracted, reason, ...(status !== "graded" && { status }) };
  if (outputFields.some((field) => Object.hasOwn(row, field))) {
    const { status: _old, ...rest } = row;
    return JSON.stringify({ ...rest, ...grade });
  }
  return `${line.slice(0, line.lastIndexOf("}"))},${JSON.stringify(grade).slice(1)}`;
}

/** A line's JSON object. @throws {BadLine} */
export function parseRow(line: string, wanted = 'with "gold" and "answer"'): Row {
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (error) {
    throw new BadLine(`not JSON (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadLine(`not a JSON object ${wanted}`);
  }
  return value as Row;
}

function referenceOf(row: Row, preset: PresetName, line: string): Reference | string {
  switch (preset) {
    case "auto":
    case "gsm8k":
    case "math":
      return textField(row, "gold", line);
    case "olympiad":
      return olympiadReference(row, line);
    case "choice": {
      const field = row.choices === undefined ? "endings" : "choices";
      const choices = row[field] === undefined ? [] : textsField(row, field, line);
      return { gold: textField(row, "gold", line), choices };
    }
    default:
      return preset satisfies never;
  }
}

/** OlympiadBench's own fields; the files write null, and a list of one text, for most of them. */
function olympiadReference(row: Row, line: string): Reference {
  const field = row.gold === undefined && row.final_answer !== undefined ? "final_answer" : "gold";
  const { unit = null, error = null, is_multiple_answer: isSeveral = null } = row;
  if (unit !== null && typeof unit !== "string") throw new BadLine('"unit" is neither text nor null', row);
  const errors = error === null ? [] : String(error).split(",").map(Number);
  if (errors.some((one) => !Number.isFinite(one) || one <= 0)) {
    throw new BadLine('"error" is neither null nor positive numbers such as "1e-1"', row);
  }
  if (isSeveral !== null && typeof isSeveral !== "boolean")
    throw new BadLine('"is_multiple_answer" is neither true nor false', row);
  return {
    gold: Array.isArray(row[field]) ? textsField(row, field, line) : textField(row, field, line),
    unit,
    error: error === null ? null : String(error),
    ...(isSeveral !== null && { isSeveral }),
  };
}

function textsField(row: Row, field: string, line: string): string[] {
  const value = row[field];
  if (!Array.isArray(value) || value.length === 0 || value.some((part) => typeof part !== "string"))
    throw new BadLine(`"${field}" is not a list of texts`, row);
  if (value.length > 26) throw new BadLine(`"${field}" has ${value.length} texts, at most 26 are read`, row);
  return value.map((_, index) => textField(value as unknown as Row, String(index), line));
}

/** A field as text. Numbers are texts without quotes; those that a double cannot hold are taken from the line. */
function textField(row: Row, field: string, line: string): string {
  const value = row[field];
  if (typeof value === "string") return value;
  if (typeof value === "number") {
    const isExact = Number.isSafeInteger(value) || !Number.isInteger(value);
    const written = isExact ? null : new RegExp(`"${field}"\\s*:\\s*(-?[0-9.eE+-]+)`).exec(line)?.[1];
    return written ?? String(value);
  }
  if (typeof value === "boolean") return String(value);
  const what = value === undefined ? "is missing" : "is neither text nor a number";
  throw new BadLine(`"${field}" ${what}`, row);
}
