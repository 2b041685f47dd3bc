/**
 * `samples.jsonl`: one row per sample, appended as batches finish, so that a killed evaluation continues. A row that
 * was cut off by the kill, or lost with the power, is removed on opening. A sample may appear twice (tried again after an error): the later row counts.
 */

import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { parseJson } from "@soft-tokens/graders";
import type { z } from "zod";
import { EvaluationError } from "../errors.ts";
import { readLines } from "../results/read-lines.ts";
import { type SampleRow, SampleRowSchema } from "../results/schema.ts";
import { toJson } from "../results/to-json.ts";
import { syncFolder, writeFailure } from "../results/write-file.ts";

/** The log of a folder, open for appending. */
export interface RowLog<Row> {
  /** Appends whole rows and syncs them. @throws EvaluationError WRITE_FAILED, RESULT_NOT_FINITE; the log then ends before these rows. */
  append(rows: readonly Row[]): Promise<void>;
  close(): Promise<void>;
}

export type SampleLog = RowLog<SampleRow>;

/** Opens or makes the log; rows that are already there go to `onRow`, in order. */
export async function openRowLog<Row>(
  file: string,
  schema: z.ZodType<Row>,
  onRow: (row: Row) => void,
): Promise<RowLog<Row>> {
  let handle: FileHandle;
  let size: number;
  try {
    await mkdir(dirname(file), { recursive: true });
    handle = await open(file, "a+");
    size = await cutUnfinishedLine(handle);
    if (size === 0) await syncFolder(dirname(file)); // it may be new
  } catch (cause) {
    throw writeFailure(file, cause);
  }
  try {
    const cutHole = async (offset: number) => {
      await handle.truncate(offset);
      size = offset;
    };
    for await (const row of readRows(file, schema, cutHole)) onRow(row);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    async append(rows) {
      const bytes = Buffer.from(rows.map((row) => `${toJson(row, file)}\n`).join(""));
      try {
        await handle.writeFile(bytes);
        await handle.datasync();
        size += bytes.length;
      } catch (cause) {
        await handle.truncate(size).catch(() => {}); // best effort: opening repairs it too
        throw writeFailure(file, cause);
      }
    },
    close: () => handle.close(),
  };
}

/** Reads rows one by one, an unfinished last line aside. @throws EvaluationError SAMPLE_LOG_INVALID with the line. */
export function readSampleRows(file: string): AsyncGenerator<SampleRow> {
  return readRows(file, SampleRowSchema);
}

/** `onHole`: see {@link isHole}; nothing is read from there on. */
async function* readRows<Row>(
  file: string,
  schema: z.ZodType<Row>,
  onHole?: (offset: number) => Promise<void>,
): AsyncGenerator<Row> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    let line = 0;
    for await (const { bytes, offset } of readLines(handle, 0, size)) {
      line += 1;
      if (onHole && isHole(bytes)) return await onHole(offset);
      const text = bytes.toString("utf8");
      if (text.trim() !== "") yield parseRow(text, schema, line, file);
    }
  } finally {
    await handle.close();
  }
}

/**
 * After a power cut a file may have its new length and zeros where the last rows should be: those that were not synced. JSON has
 * no zero bytes, so they are found by them; the samples are made again.
 */
function isHole(bytes: Buffer): boolean {
  return bytes.includes(0);
}

function parseRow<Row>(text: string, schema: z.ZodType<Row>, line: number, file: string): Row {
  const invalid = (what: string, field?: string) =>
    new EvaluationError("SAMPLE_LOG_INVALID", `${file}, line ${line}: ${what}`, {
      file,
      line,
      ...(field ? { field } : {}),
    });
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw invalid(`not valid JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw invalid(`field "${field}": ${issue?.message ?? "not a sample"}`, field);
}

/** Cuts what follows the last line feed and returns the file's size. */
async function cutUnfinishedLine(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const block = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - start, start);
    const found = block.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (found !== -1) {
      const keep = start + found + 1;
      if (keep < size) await handle.truncate(keep);
      return keep;
    }
    end = start;
  }
  if (size > 0) await handle.truncate(0);
  return 0;
}
