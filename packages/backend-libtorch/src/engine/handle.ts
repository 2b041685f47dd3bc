/** The public tensor handle of this backend: a slot of the engine, the memory it stands for, and what it depends on. */

import { type DType, type Shape, shapeSize, type Tensor, TensorDisposedError } from "@soft-tokens/tensor";
import type { IdRange } from "@soft-tokens/tensor/checks";
import type { Track } from "../autograd/recording.ts";
import type { Slot } from "../native/addon.ts";
import type { Memory } from "./memory.ts";

/** What a handle tells its backend. */
export interface HandleOwner {
  handleDisposed(handle: Handle, slot: Slot): void;
}

export class Handle implements Tensor {
  /** What a gradient of this value can reach; null where none is asked for. */
  track: Track | null = null;
  readonly size: number;
  #slot: Slot | null;

  constructor(
    readonly owner: HandleOwner,
    slot: Slot,
    readonly shape: Shape,
    readonly dtype: DType,
    readonly memory: Memory,
  ) {
    this.#slot = slot;
    this.size = shapeSize(shape);
  }

  get disposed(): boolean {
    return this.#slot === null;
  }

  /** @throws TensorDisposedError */
  get slot(): Slot {
    if (this.#slot === null) {
      throw new TensorDisposedError(`a tensor of shape [${this.shape.join(", ")}] was used after dispose()`);
    }
    return this.#slot;
  }

  /** Of int32 values that came from the host, null elsewhere; a part of them may leave out what is wrong in the whole. */
  get range(): IdRange | null {
    return this.size * 4 === this.memory.bytes ? this.memory.range : null;
  }

  dispose(): void {
    if (this.#slot === null) return;
    const slot = this.#slot;
    this.#slot = null;
    this.track = null;
    this.owner.handleDisposed(this, slot);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
