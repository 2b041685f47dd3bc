/**
 * Bytes to lines: splits at line feeds only (a JSON string may hold any other separator), drops a carriage return before
 * one and a byte order mark at the beginning. Holds one line at a time, whatever the chunks are. A line that cannot be text
 * is given with its problem: one bad line does not end a file.
 */

import { TextDecoder } from "node:util";

/** A line and its number, from 1. */
export interface Line {
  readonly number: number;
  /** "" where there is a problem. */
  readonly text: string;
  /** Why the bytes of the line cannot be read as text. */
  readonly problem?: string;
  /** The text of bytes that are not UTF-8, with U+FFFD in their place: for who can do with it. */
  readonly mended?: string;
}

const LINE_FEED = 10;

/** Lines of each chunk as one array, so that a caller can answer whatever has arrived; the last one may be unended. */
export async function* linesByChunk(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = 64 * 2 ** 20,
): AsyncGenerator<readonly Line[]> {
  let number = 0;
  /** Parts of the line that is not ended yet; none are kept of a line that is too long. */
  let parts: Uint8Array[] = [];
  let size = 0;
  const keep = (part: Uint8Array) => {
    size += part.length;
    if (size > maxBytes) parts = [];
    else parts.push(part);
  };
  const take = (): Line => {
    number++;
    const line = size > maxBytes ? tooLong(number, maxBytes) : decodeLine(number, concatenate(parts, size));
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      keep(chunk.subarray(start, end));
      lines.push(take());
      start = end + 1;
    }
    if (start < chunk.length) keep(chunk.slice(start));
    if (lines.length > 0) yield lines;
  }
  if (size > 0) yield [take()];
}

const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

function decodeLine(number: number, bytes: Uint8Array): Line {
  const bare = (text: string) => {
    const start = number === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return text.slice(start, text.endsWith("\r") ? -1 : undefined);
  };
  try {
    return { number, text: bare(strict.decode(bytes)) };
  } catch {
    return { number, text: "", problem: "not valid UTF-8", mended: bare(lenient.decode(bytes)) };
  }
}

function tooLong(number: number, maxBytes: number): Line {
  return { number, text: "", problem: `longer than ${maxBytes} bytes` };
}

function concatenate(parts: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
