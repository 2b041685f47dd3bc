/**
 * Owns tensors (or anything disposable) until the end of a block: `using scope = new TensorScope()`.
 * Node 20 has `Symbol.dispose` but no `DisposableStack`; this is the part of it that we need.
 */
export class TensorScope implements Disposable {
  #owned: Disposable[] = [];

  /** Takes ownership and gives the value back. */
  track<T extends Disposable>(value: T): T {
    this.#owned.push(value);
    return value;
  }

  /** Gives up ownership of one value: it outlives the scope. */
  release<T extends Disposable>(value: T): T {
    this.#owned = this.#owned.filter((owned) => owned !== value);
    return value;
  }

  /** Disposes in reverse order. Idempotent. */
  dispose(): void {
    const owned = this.#owned;
    this.#owned = [];
    for (const value of owned.reverse()) value[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
