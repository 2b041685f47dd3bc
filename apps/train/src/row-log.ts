/**
 * JSON lines that a run appends to: whole rows or none. A row that the disk took only a part of is an error, and what is there of
 * it is cut off again; what a kill or a power cut leaves of a last row is left out by the next reader.
 */

import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { FileError, writeWhole } from "@soft-tokens/app-common";

export interface RowLog<Row extends object> {
  /** @throws FileError WRITE_FAILED; the file then ends before this row */
  append(row: Row): void;
  /** The whole rows of the file; lines that are none are left out. @throws FileError READ_FAILED */
  read(): Row[];
  /** Replaces the file by these rows, where they are not what it holds. @throws FileError */
  rewrite(rows: readonly Row[]): void;
  /** Makes durable what was appended; a file that was removed meanwhile is made again. @throws FileError WRITE_FAILED */
  sync(): void;
  close(): void;
}

/** Nothing is opened or made before the first row. `isRow` is what a line must be. */
export function createRowLog<Row extends object>(
  file: string,
  isRow: (value: unknown) => value is Row,
): RowLog<Row> {
  let descriptor: number | null = null;
  const close = () => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  const guarded = (write: () => void) => {
    try {
      write();
    } catch (cause) {
      throw new FileError("WRITE_FAILED", file, cause);
    }
  };
  return {
    append: (row) =>
      guarded(() => {
        descriptor ??= openSync(file, "a+");
        appendWhole(descriptor, Buffer.from(lineOf(row)));
      }),
    read: () =>
      readText(file)
        .split("\n")
        .flatMap((line) => parse(line, isRow)),
    rewrite(rows) {
      const text = rows.map(lineOf).join("");
      if (text === readText(file)) return;
      close();
      writeWhole(file, text);
    },
    sync: () =>
      guarded(() => {
        if (descriptor === null) return;
        if (isFileOf(descriptor, file)) return fsyncSync(descriptor);
        const text = textOf(descriptor);
        close();
        writeWhole(file, text);
      }),
    close,
  };
}

function appendWhole(descriptor: number, bytes: Buffer): void {
  let written = 0;
  try {
    while (written < bytes.length) {
      const count = writeSync(descriptor, bytes, written); // a full disk takes a part before it complains
      if (count === 0) throw new Error("the system wrote nothing, and did not say why");
      written += count;
    }
  } catch (error) {
    if (written > 0) cutOff(descriptor, written);
    throw error;
  }
}

function cutOff(descriptor: number, bytes: number): void {
  try {
    ftruncateSync(descriptor, fstatSync(descriptor).size - bytes);
  } catch {
    // the next start leaves the torn row out
  }
}

function isFileOf(descriptor: number, file: string): boolean {
  const [open, named] = [fstatSync(descriptor), statSync(file, { throwIfNoEntry: false })];
  return open.ino === named?.ino && open.dev === named.dev;
}

/** A removed file is there as long as it is open. */
function textOf(descriptor: number): string {
  const bytes = Buffer.alloc(fstatSync(descriptor).size);
  return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, 0));
}

function lineOf(row: object): string {
  return `${JSON.stringify(row)}\n`;
}

function readText(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch (cause) {
    throw new FileError("READ_FAILED", file, cause);
  }
}

function parse<Row>(line: string, isRow: (value: unknown) => value is Row): Row[] {
  try {
    const value: unknown = JSON.parse(line);
    return isRow(value) ? [value] : [];
  } catch {
    return []; // torn, or empty
  }
}
