/**
 * Lines of a file as bytes, parted by line feeds alone: what reads text by lines may also part it at U+2028 (Node 24 does),
 * which JSON leaves as it is inside of a string.
 */

import type { FileHandle } from "node:fs/promises";

/** A whole line without its line feed, and where in the file it begins. */
export interface FileLine {
  readonly bytes: Buffer;
  readonly offset: number;
}

const BLOCK_BYTES = 1 << 20;
const LINE_FEED = 0x0a;

/** Whole lines from `start` up to `size` bytes; what follows the last line feed is left out. */
export async function* readLines(handle: FileHandle, start: number, size: number): AsyncGenerator<FileLine> {
  /** Blocks of the line that has not ended yet: joined once, when it does, so that a long line costs its length. */
  let unfinished: Buffer[] = [];
  let offset = start; // where that line begins
  for (let at = start; at < size; ) {
    const buffer = Buffer.alloc(Math.min(BLOCK_BYTES, size - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return;
    const block = buffer.subarray(0, bytesRead);
    let from = 0;
    for (let to = block.indexOf(LINE_FEED); to !== -1; to = block.indexOf(LINE_FEED, from)) {
      const end = block.subarray(from, to);
      yield { bytes: unfinished.length === 0 ? end : Buffer.concat([...unfinished, end]), offset };
      unfinished = [];
      from = to + 1;
      offset = at + from;
    }
    if (from < block.length) unfinished.push(block.subarray(from));
    at += bytesRead;
  }
}
