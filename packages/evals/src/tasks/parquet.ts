/**
 * Rows of a Parquet file, in file order; a row's number takes the place of a line number. Integers come as numbers where they
 * are safe, as decimal text where they are not, so that nothing is rounded. A text whose bytes are not UTF-8 is no text: the code that
 * reads the field complains of it.
 */

import { TextDecoder } from "node:util";
import { EvaluationError } from "../errors.ts";
import type { JsonLineResult } from "./json-lines.ts";

/** The four bytes that a Parquet file begins and ends with. */
const MAGIC = "PAR1";

export function isParquet(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, MAGIC.length)).toString("latin1") === MAGIC;
}

/** @throws EvaluationError TASK_FORMAT_UNKNOWN when the file is cut off or is not readable Parquet */
export async function parseParquet(bytes: Uint8Array, file: string): Promise<JsonLineResult[]> {
  if (bytes.length < 12 || Buffer.from(bytes.subarray(-MAGIC.length)).toString("latin1") !== MAGIC) {
    throw unreadable(file, "it is cut off: it does not end with its index");
  }
  // Only here, because most question files are JSON lines.
  const [{ parquetMetadata, parquetReadObjects }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const copy = bytes.slice(); // a Buffer of Node may share a larger pool
  let rows: Record<string, unknown>[];
  let singles: ReadonlySet<string>;
  try {
    singles = singleColumns(parquetMetadata(copy.buffer as ArrayBuffer).schema);
    rows = await parquetReadObjects({
      file: copy.buffer as ArrayBuffer,
      compressors,
      parsers: { stringFromBytes: textOf },
    });
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return rows.map((row, index) => ({
    line: index + 1,
    row: Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, plain(singles.has(name) ? shortest(value) : value)]),
    ),
  }));
}

interface SchemaElement {
  readonly name: string;
  readonly type?: string | undefined;
  readonly num_children?: number | undefined;
}

/** Columns of 32-bit floats, and of lists of them. The schema is a tree in depth-first order; its root comes first. */
function singleColumns(schema: readonly SchemaElement[]): Set<string> {
  const names = new Set<string>();
  const walk = (at: number, column: string): number => {
    const { type, num_children: children = 0 } = schema[at] as SchemaElement;
    if (type === "FLOAT") names.add(column);
    let next = at + 1;
    for (let child = 0; child < children; child++) next = walk(next, column);
    return next;
  };
  for (let at = 1; at < schema.length; ) at = walk(at, (schema[at] as SchemaElement).name);
  return names;
}

/** 0.1 as 32 bits is 0.10000000149011612 as a number here: the shortest number that is the same in 32 bits. */
function shortest(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortest);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as Float32Array, shortest);
  if (typeof value !== "number" || !Number.isFinite(value)) return value;
  for (let digits = 6; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

/** Bytes of a column of texts that are not UTF-8. Columns of bytes look the same, and matter only to who reads them. */
export class NotUtf8 {}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return bytes;
  try {
    return decoder.decode(bytes);
  } catch {
    return new NotUtf8();
  }
}

function plain(value: unknown): unknown {
  if (value instanceof NotUtf8) return value;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as Int32Array, plain);
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function unreadable(file: string, why: string, cause?: unknown): EvaluationError {
  return new EvaluationError("TASK_FORMAT_UNKNOWN", `${file}: not a readable Parquet file: ${why}`, {
    cause,
    file,
  });
}
