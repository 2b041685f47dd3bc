/**
 * Where the tensors of a captured function are: slots that nobody else is given until its recording is dropped, since a replay
 * uses them again. Within the function a slot that is freed is used again at once, in the same order at every replay.
 */

import type { IdRange } from "@soft-tokens/tensor/checks";
import type { Slot } from "../native/addon.ts";
import type { Handle } from "./handle.ts";

export class Region {
  readonly own = new Set<Slot>();
  /** Handles from outside that the function used. */
  readonly outer = new Set<Handle>();
  /** What the function was given: borrowed, not to be written to. */
  readonly inputs = new Set<Handle>();
  readonly #free: Slot[] = [];
  readonly #checks: { readonly input: number; readonly check: (range: IdRange) => void }[] = [];

  /** `fresh` gives a number that nobody has. */
  take(fresh: () => Slot): Slot {
    const slot = this.#free.pop() ?? fresh();
    this.own.add(slot);
    return slot;
  }

  /** False where the slot is someone else's. */
  give(slot: Slot): boolean {
    if (!this.own.has(slot)) return false;
    this.#free.push(slot);
    return true;
  }

  meet(x: Handle): void {
    if (!this.own.has(x.slot)) this.outer.add(x);
  }

  /** What an operation asks of int32 values; kept where they are an input, whose values are others at each run. */
  checkAtReplay(values: Handle, check: (range: IdRange) => void): void {
    const input = [...this.inputs].findIndex((x) => x.memory === values.memory && x.size === values.size);
    if (input >= 0) this.#checks.push({ input, check });
  }

  /** @throws what the operations of the function would throw for these inputs */
  checkInputs(inputs: readonly Handle[]): void {
    for (const { input, check } of this.#checks) {
      const range = inputs[input]?.range;
      if (range) check(range);
    }
  }
}
