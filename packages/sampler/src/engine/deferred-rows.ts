/**
 * Rows of a tensor that the host wants, but not now: they stay on the backend for some steps and are read in one go.
 * Each row belongs to a sample, and rows are delivered in the order in which they were added.
 */

import type { Backend, Tensor, TensorData } from "@soft-tokens/tensor";
import type { Sample } from "./sample.ts";

export class DeferredRows implements Disposable {
  #parts: Tensor[] = [];
  #owners: Sample[] = [];
  #elements = 0;

  constructor(
    private readonly ops: Backend,
    private readonly deliver: (sample: Sample, row: TensorData) => void,
  ) {}

  /** Elements that wait on the backend. */
  get elements(): number {
    return this.#elements;
  }

  /** Takes ownership of [owners.length, ...]. */
  add(rows: Tensor, owners: readonly Sample[]): void {
    this.#parts.push(rows);
    this.#owners.push(...owners);
    this.#elements += rows.size;
  }

  async flush(): Promise<void> {
    if (this.#parts.length === 0) return;
    using all = this.ops.concat(this.#parts, 0);
    const owners = this.#owners;
    this.dispose();
    const values = await this.ops.read(all);
    const width = values.length / owners.length;
    owners.forEach((sample, row) => {
      this.deliver(sample, values.subarray(row * width, (row + 1) * width));
    });
  }

  /** Drops what waits. */
  dispose(): void {
    for (const part of this.#parts) part.dispose();
    this.#parts = [];
    this.#owners = [];
    this.#elements = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
