/** A growing Float32Array: doubles as it fills, so that neither the longest length nor a copy per step is paid for. */
export class FloatList {
  #values = new Float32Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(values: ArrayLike<number>): void {
    const needed = this.#length + values.length;
    if (needed > this.#values.length) {
      const grown = new Float32Array(Math.max(needed, 2 * this.#values.length));
      grown.set(this.#values.subarray(0, this.#length));
      this.#values = grown;
    }
    this.#values.set(values, this.#length);
    this.#length = needed;
  }

  /** A copy of exactly the values pushed. */
  toArray(): Float32Array {
    return this.#values.slice(0, this.#length);
  }
}
