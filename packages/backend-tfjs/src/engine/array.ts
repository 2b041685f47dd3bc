/**
 * Reference-counted arrays in a TensorFlow.js kernel backend: what handles, the tape and the kernels share.
 *
 * Not a handle: no gradient, no scope, no checks. Several arrays may show the same storage under different shapes.
 * Invariant: storage is only ever changed in place by whoever holds its single reference (see `isShared`).
 */

import { bytesPerElement, type DType, type Shape, shapeSize } from "@soft-tokens/tensor";
import type { Device } from "./device.ts";

/** What TensorFlow.js calls a data id: an opaque key into the kernel backend. */
export type DataId = object;

/** A piece of memory of the kernel backend. */
export class Storage {
  references = 1;
  /** Size of the last two axes under which a stock product last saw this storage as second operand (see kernels/matmul.ts). */
  packedAs: string | null = null;

  constructor(
    readonly device: Device,
    /** `null` for an array without elements. */
    readonly dataId: DataId | null,
    readonly bytes: number,
  ) {
    device.allocated(this);
  }

  release(): void {
    this.references -= 1;
    if (this.references === 0) this.device.freed(this);
  }
}

/** An array: storage seen under a shape. Whoever creates one disposes it. */
export class DeviceArray implements Disposable {
  readonly size: number;

  constructor(
    readonly storage: Storage,
    readonly shape: Shape,
    readonly dtype: DType,
  ) {
    this.size = shapeSize(shape);
  }

  /** Another reference to the same storage, under another shape of the same size. */
  view(shape: Shape = this.shape): DeviceArray {
    this.storage.references += 1;
    return new DeviceArray(this.storage, shape, this.dtype);
  }

  /** True where a write in place would be seen through another array. */
  get isShared(): boolean {
    return this.storage.references > 1;
  }

  dispose(): void {
    this.storage.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Bytes that an array of this shape takes. */
export function arrayBytes(shape: Shape, dtype: DType): number {
  return shapeSize(shape) * bytesPerElement(dtype);
}
