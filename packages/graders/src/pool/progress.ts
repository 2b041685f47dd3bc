/**
 * How far a worker is, in memory that it shares with the host: the host's own event loop may stand still (a training step computes
 * on it) while a worker goes on, so messages alone do not tell what a worker is doing now, nor since when.
 */

/** Written by the worker only. */
export interface Progress {
  /** One more item is being graded from now on. */
  begin(): void;
  /** It is graded. */
  finish(): void;
  readonly begun: number;
  readonly finished: number;
  /** Milliseconds since the item was begun that is not finished; null between items. */
  busyMs(): number | null;
}

/** Cells: items begun, items finished, when the last one was begun (nanoseconds of the monotonic clock all threads share). */
export function createProgressMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(3 * BigInt64Array.BYTES_PER_ELEMENT);
}

export function progressOf(memory: SharedArrayBuffer): Progress {
  const cells = new BigInt64Array(memory);
  const read = (index: number) => Number(Atomics.load(cells, index));
  return {
    begin() {
      Atomics.store(cells, 2, process.hrtime.bigint());
      Atomics.add(cells, 0, 1n);
    },
    finish() {
      Atomics.add(cells, 1, 1n);
    },
    get begun() {
      return read(0);
    },
    get finished() {
      return read(1);
    },
    busyMs() {
      if (read(0) === read(1)) return null;
      return Number(process.hrtime.bigint() - Atomics.load(cells, 2)) / 1e6;
    },
  };
}
