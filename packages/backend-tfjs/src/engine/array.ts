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

/** Where elements are: an entry of the kernel backend, a bare address in its heap, or both; neither without elements. */
export interface Placement {
  readonly dataId: DataId | null;
  readonly address: number;
}

/** A piece of memory of the kernel backend. */
export class Storage {
  references = 1;
  /** Shape under which a stock product first saw this storage as second operand (see kernels/stock-matmul.ts). */
  packedAs: string | null = null;
  /** Shape under which the kernel backend knows this storage, where that matters (`HostAccess.fixesShapes`). */
  knownAs: Shape | null = null;
  /** Given at the first use by a kernel of TensorFlow.js's own. */
  dataId: DataId | null;
  /** Byte address in the heap of a WebAssembly device; 0 while unknown. */
  address: number;

  constructor(
    readonly device: Device,
    placement: Placement,
    readonly bytes: number,
  ) {
    this.dataId = placement.dataId;
    this.address = placement.address;
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
