/**
 * Where the outside data lies and how its rows are read. The data stays where it is: its licences do not allow a copy here,
 * so rows are named by their place and a short hash of their content.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A row of JSON lines and its number, from 0. */
export interface Row {
  readonly index: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Rows of a file below data/, or below another folder of the outside data. @throws Error that says what is missing. */
export function readRows(path: string, folder = "data"): readonly Row[] {
  const shared = process.env.SOFT_TOKENS_SHARED;
  if (shared === undefined || shared === "") {
    throw new Error(
      "SOFT_TOKENS_SHARED is not set: give the folder that holds data/graders, data/math, data/gsm8k, field/graders",
    );
  }
  const text = readFileSync(join(shared, folder, path), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => ({ index, fields: JSON.parse(line) as Record<string, unknown> }));
}

/** A field that is text, or null. */
export function text(row: Row, field: string): string | null {
  const value = row.fields[field];
  return typeof value === "string" ? value : null;
}

/** The row's own settings. */
export function params(row: Row): Readonly<Record<string, unknown>> {
  return (row.fields.params ?? {}) as Record<string, unknown>;
}

/** Eight hexadecimal digits that change when the row does. */
export function fingerprint(row: Row): string {
  return createHash("sha256").update(JSON.stringify(row.fields)).digest("hex").slice(0, 8);
}

/** What a check found. */
export interface Finding {
  /** "equivalence 172 1a2b3c4d": file, row and fingerprint, or a reference's id. */
  readonly key: string;
  readonly isAgreement: boolean;
  /** For people: what was compared and what came out. */
  readonly detail: string;
}

export function oneLine(value: unknown, length = 60): string {
  const whole = (typeof value === "string" ? value : JSON.stringify(value)).replace(/\s+/g, " ");
  return whole.length > length ? `…${whole.slice(-length)}` : whole;
}
