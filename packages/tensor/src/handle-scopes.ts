/** What `tidy` is made of, for authors of backends: a stack of scopes that own the handles made in them. */

import type { Tensor } from "./contract.ts";

export class HandleScopes<Handle extends Tensor> {
  readonly #scopes: Handle[][] = [];

  /** `isHandle` tells this backend's handles from anything else that a function may return. */
  constructor(private readonly isHandle: (value: unknown) => value is Handle) {}

  /** The innermost scope, if there is one, owns the handle from now on. */
  own(handle: Handle): void {
    this.#scopes[this.#scopes.length - 1]?.push(handle);
  }

  /** Runs `work` and disposes what it made, except what `kept` finds in its result: that passes to the scope around. */
  run<T>(work: () => T, kept: (result: T) => Iterable<Handle>): T {
    const made: Handle[] = [];
    this.#scopes.push(made);
    let survivors: ReadonlySet<Handle> = new Set();
    try {
      const result = work();
      survivors = new Set(kept(result));
      return result;
    } finally {
      this.#scopes.pop();
      for (const handle of made) {
        if (survivors.has(handle)) this.own(handle);
        else handle.dispose();
      }
    }
  }

  /** `Backend.tidy`: keeps the handles inside arrays and plain objects of the result. */
  tidy<T>(work: () => T): T {
    return this.run(work, (result) => this.#handlesIn(result));
  }

  *#handlesIn(value: unknown): Generator<Handle> {
    if (this.isHandle(value)) {
      yield value;
    } else if (Array.isArray(value)) {
      for (const part of value) yield* this.#handlesIn(part);
    } else if (isPlainObject(value)) {
      for (const part of Object.values(value)) yield* this.#handlesIn(part);
    }
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
