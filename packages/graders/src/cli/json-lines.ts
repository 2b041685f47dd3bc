/**
 * Bytes to lines: splits at line feeds only (a JSON string may hold any other separator), drops a carriage return before
 * one and a byte order mark at the beginning. Holds one line at a time, whatever the chunks are.
 */

/** A line and its number, from 1. */
export interface Line {
  readonly number: number;
  readonly text: string;
}

/** Thrown for a line that is longer than the limit: the input is no JSON lines. */
export class LineTooLong extends Error {
  override name = "LineTooLong";
}

/** Lines of each chunk as one array, so that a caller can answer whatever has arrived; the last one may be unended. */
export async function* linesByChunk(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = 64 * 2 ** 20,
): AsyncGenerator<readonly Line[]> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let number = 0;
  /** Parts of the line that is not ended yet. */
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (end: Uint8Array): Line => {
    number++;
    const bytes = parts.length === 0 ? end : concatenate([...parts, end], size + end.length);
    parts = [];
    size = 0;
    const text = decoder.decode(bytes);
    const start = number === 1 && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    return { number, text: text.slice(start, text.endsWith("\r") ? -1 : undefined) };
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      lines.push(take(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) {
      parts.push(chunk.slice(start));
      size += chunk.length - start;
      if (size > maxBytes) throw new LineTooLong(`line ${number + 1} is longer than ${maxBytes} bytes`);
    }
    if (lines.length > 0) yield lines;
  }
  if (size > 0) yield [take(new Uint8Array())];
}

function concatenate(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
