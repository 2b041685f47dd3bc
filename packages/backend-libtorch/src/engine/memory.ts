/** Accounting of tensor memory: views share what they look at, and it counts once, until the last of them is disposed. */

import type { IdRange } from "@soft-tokens/tensor/checks";

export interface MemoryTotals {
  bytes: number;
  peakBytes: number;
}

export class Memory {
  /** Smallest and largest value where the contents came from the host as int32: ids are checked against it. */
  range: IdRange | null = null;
  #users = 0;

  constructor(
    private readonly totals: MemoryTotals,
    readonly bytes: number,
  ) {}

  retain(): this {
    if (this.#users++ === 0) {
      this.totals.bytes += this.bytes;
      this.totals.peakBytes = Math.max(this.totals.peakBytes, this.totals.bytes);
    }
    return this;
  }

  release(): void {
    if (--this.#users === 0) this.totals.bytes -= this.bytes;
  }
}
