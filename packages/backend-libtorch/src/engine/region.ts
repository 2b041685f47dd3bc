/**
 * Where the tensors of a captured function are: slots that nobody else is given until its recording is dropped, since a replay
 * uses them again. Within the function a slot that is freed is used again at once, in the same order at every replay.
 */

import type { Slot } from "../native/addon.ts";
import type { Handle } from "./handle.ts";

export class Region {
  readonly own = new Set<Slot>();
  /** Handles from outside that the function used. */
  readonly outer = new Set<Handle>();
  /** What the function was given: borrowed, not to be written to. */
  readonly inputs = new Set<Handle>();
  readonly #free: Slot[] = [];

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
}
