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
  let rest: Buffer = Buffer.alloc(0);
  let offset = start; // of `rest`
  for (let at = start; at < size; ) {
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, size - at));
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    rest = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    let from = 0;
    for (let to = rest.indexOf(LINE_FEED); to !== -1; to = rest.indexOf(LINE_FEED, from)) {
      yield { bytes: rest.subarray(from, to), offset: offset + from };
      from = to + 1;
    }
    rest = rest.subarray(from);
    offset += from;
  }
}
