/**
 * JSON lines as bytes: every row keeps its line number, so that a complaint can name it. Byte order marks, CRLF and
 * blank lines are accepted; invalid UTF-8, broken JSON and rows that are no objects are errors of their line.
 * Not a streaming reader: question files are a few megabytes.
 */

import { TextDecoder } from "node:util";
import { parseJson } from "@soft-tokens/graders";
import { EvaluationError } from "../errors.ts";

interface JsonLine {
  /** 1-based. */
  readonly line: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/** One line's row, or why it has none. */
export type JsonLineResult = JsonLine | { readonly line: number; readonly error: EvaluationError };

const LINE_FEED = 0x0a;

/** Reads all lines; broken ones come back as errors for the caller to throw or to count. */
export function parseJsonLines(bytes: Uint8Array, file: string): JsonLineResult[] {
  refuseOtherFormats(bytes, file);
  const decoder = new TextDecoder("utf-8", { fatal: true }); // drops a byte order mark
  const results: JsonLineResult[] = [];
  let start = 0;
  for (let line = 1; start < bytes.length; line++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    const result = parseLine(bytes.subarray(start, end), line, file, decoder);
    if (result) results.push(result);
    start = end + 1;
  }
  return results;
}

function parseLine(
  bytes: Uint8Array,
  line: number,
  file: string,
  decoder: TextDecoder,
): JsonLineResult | null {
  const invalid = (what: string, { cause, field }: { cause?: unknown; field?: string | undefined } = {}) => {
    const place = `${file}, line ${line}${field === undefined ? "" : `, field "${field}"`}`;
    const details = { cause, file, line, ...(field !== undefined && { field }) };
    return { line, error: new EvaluationError("TASK_ROW_INVALID", `${place}: ${what}`, details) };
  };
  let text: string;
  try {
    text = decoder.decode(bytes).trim();
  } catch (cause) {
    return invalid("not valid UTF-8", { cause });
  }
  if (text === "") return null;
  let row: unknown;
  try {
    row = parseJson(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const isCutOff = text.startsWith("{") && !text.endsWith("}");
    const number = /(?<=[:[,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/u.exec(text)?.[0];
    if (number !== undefined)
      return invalid(`${number} is not JSON, although Python writes it; put null or text in its place`, {
        cause,
      });
    return isCutOff
      ? invalid(`the row is cut off (${why})`, { cause, field: lastField(text) })
      : invalid(`not valid JSON (${why})`, { cause });
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) {
    return invalid(`wanted an object, got ${Array.isArray(row) ? "an array" : JSON.stringify(row)}`);
  }
  return { line, row: row as Record<string, unknown> };
}

/** The last field that a cut-off row begins; undefined where it has none. */
function lastField(text: string): string | undefined {
  const strings = [...text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?/gu)]; // all of them, or a value's text could look like a name
  return strings.findLast(([, , colon]) => colon !== undefined)?.[1];
}

/** Names the usual mix-ups instead of complaining about line 1. */
function refuseOtherFormats(bytes: Uint8Array, file: string): void {
  const head = Buffer.from(bytes.subarray(0, 64))
    .toString("latin1")
    .replace(/^\xef\xbb\xbf/u, "")
    .trimStart();
  const format = head.startsWith("PAR1")
    ? "a Parquet file" // only where somebody hands over bytes as JSON lines
    : head.startsWith("\x1f\x8b")
      ? "a gzip file"
      : /^(?:BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/u.test(head)
        ? "a compressed file"
        : /\.[ct]sv$/iu.test(file)
          ? "a table with separators"
          : head.startsWith("PK\x03\x04")
            ? "a zip file"
            : head.startsWith("version https://git-lfs")
              ? "a Git LFS pointer, the data itself was not downloaded"
              : head.startsWith("[")
                ? "a JSON array"
                : /^(?:\xff\xfe|\xfe\xff|\{\0|\0\{)/u.test(head)
                  ? "text in UTF-16, not in UTF-8"
                  : null;
  if (format === null) return;
  throw new EvaluationError(
    "TASK_FORMAT_UNKNOWN",
    `${file}: this is ${format}; wanted JSON lines, one object per line`,
    { file },
  );
}
