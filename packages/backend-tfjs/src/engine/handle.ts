/** The public tensor handle of this backend: an array, whether it is still alive, and its place on the gradient tape. */

import { type DType, type Shape, type Tensor, TensorDisposedError } from "@soft-tokens/tensor";
import type { Track } from "../autograd/tape.ts";
import type { DeviceArray } from "./array.ts";

/** What a handle tells its backend. */
export interface HandleOwner {
  handleDisposed(handle: Handle): void;
}

export class Handle implements Tensor {
  /** Where the value stands on the tape that records it, if any does. */
  track: Track | null = null;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly size: number;
  #array: DeviceArray | null;

  constructor(
    readonly owner: HandleOwner,
    array: DeviceArray,
  ) {
    this.#array = array;
    this.shape = array.shape;
    this.dtype = array.dtype;
    this.size = array.size;
  }

  get disposed(): boolean {
    return this.#array === null;
  }

  /** The array behind the handle. @throws TensorDisposedError naming the operation */
  array(operation: string): DeviceArray {
    if (this.#array === null) {
      throw new TensorDisposedError(
        `${operation}: a tensor of shape [${this.shape.join(", ")}] was used after dispose()`,
      );
    }
    return this.#array;
  }

  /** Takes another array of the same shape and dtype; the old one is released. */
  replace(array: DeviceArray, operation: string): void {
    this.array(operation).dispose();
    this.#array = array;
  }

  dispose(): void {
    if (this.#array === null) return;
    this.#array.dispose();
    this.#array = null;
    this.track = null;
    this.owner.handleDisposed(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
