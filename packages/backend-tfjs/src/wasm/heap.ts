/**
 * The heap of TensorFlow.js's WebAssembly backend: memory by address, as views for the host and for our own module.
 *
 * Memory that only our kernels use is never registered with TensorFlow.js: that costs more than a small operation. It is
 * registered when a stock kernel asks for it (`Device.info`).
 */

import {
  type DType,
  formatShape,
  type Shape,
  shapeSize,
  type TensorData,
  TensorError,
} from "@soft-tokens/tensor";
import { arrayBytes, type DataId, type DeviceArray, type Placement } from "../engine/array.ts";
import { type Device, type HostAccess, NOWHERE } from "../engine/device.ts";
import type { TfInfo, TfKernelBackend } from "../engine/tfjs.ts";

/** What we use of the WebAssembly backend beyond the interface of all. */
export interface WasmKernelBackend extends TfKernelBackend {
  makeOutput(shape: readonly number[], dtype: string, memoryOffset?: number): TfInfo;
  getMemoryOffset(dataId: DataId): number;
  readonly wasm: {
    _malloc(bytes: number): number;
    _free(address: number): void;
    readonly HEAPU8: Uint8Array;
    /** The exports of the instance, with its memory; not documented (see wasm/simd.ts). */
    readonly asm?: { readonly memory?: unknown };
  };
}

/** What 32-bit addresses reach; a larger request would wrap around to a small one. */
const MAX_HEAP_BYTES = 2 ** 32 - 2 ** 16;

export class WasmHeap implements HostAccess {
  readonly isDirect = true;
  readonly fixesShapes = false;
  #floats: Float32Array = new Float32Array();
  #integers: Int32Array = new Int32Array();
  #bytes: Uint8Array = new Uint8Array();
  #scratch = { address: 0, bytes: 0 };

  constructor(readonly backend: WasmKernelBackend) {}

  /** The whole heap; a new view after it grew. */
  get floats(): Float32Array {
    this.#refresh();
    return this.#floats;
  }

  get integers(): Int32Array {
    this.#refresh();
    return this.#integers;
  }

  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  #refresh(): void {
    const { buffer } = this.backend.wasm.HEAPU8;
    if (this.#bytes.buffer === buffer) return;
    this.#bytes = new Uint8Array(buffer);
    this.#floats = new Float32Array(buffer);
    this.#integers = new Int32Array(buffer);
  }

  /** Byte address of the first element; 0 for an array without elements. */
  address(x: DeviceArray): number {
    const { storage } = x;
    if (storage.address === 0 && storage.dataId !== null) {
      storage.address = this.backend.getMemoryOffset(storage.dataId);
    }
    return storage.address;
  }

  view(x: DeviceArray): TensorData {
    return this.#viewAt(this.address(x), x.size, x.dtype);
  }

  #viewAt(address: number, size: number, dtype: DType): TensorData {
    const { buffer } = this.backend.wasm.HEAPU8;
    if (dtype === "float32") return new Float32Array(buffer, address, size);
    if (dtype === "int32") return new Int32Array(buffer, address, size);
    return new Uint8Array(buffer, address, size);
  }

  create(shape: Shape, dtype: DType, fill: (out: TensorData) => void): Placement {
    const address = this.#allocate(arrayBytes(shape, dtype), shape);
    fill(this.#viewAt(address, shapeSize(shape), dtype));
    return { dataId: null, address };
  }

  /** A new array with whatever the memory held; the caller writes every element. */
  uninitialized(device: Device, shape: Shape, dtype: DType = "float32"): DeviceArray {
    const bytes = arrayBytes(shape, dtype);
    const placement = bytes === 0 ? NOWHERE : { dataId: null, address: this.#allocate(bytes, shape) };
    return device.place(placement, shape, dtype);
  }

  zeros(device: Device, shape: Shape, dtype: DType = "float32"): DeviceArray {
    const x = this.uninitialized(device, shape, dtype);
    const address = this.address(x);
    this.bytes.fill(0, address, address + x.storage.bytes);
    return x;
  }

  #allocate(bytes: number, shape: Shape): number {
    if (bytes > MAX_HEAP_BYTES) throw outOfMemory(bytes, shape);
    let address = 0;
    try {
      // The address is an unsigned number that the call returns as a signed one.
      address = this.backend.wasm._malloc(bytes) >>> 0;
    } catch (cause) {
      throw outOfMemory(bytes, shape, cause);
    }
    if (address === 0) throw outOfMemory(bytes, shape);
    return address;
  }

  register(address: number, shape: Shape, dtype: DType): DataId {
    return this.backend.makeOutput(shape, dtype, address).dataId;
  }

  free(address: number): void {
    this.backend.wasm._free(address);
  }

  /** Memory for the length of one call, contents undefined; grows to the largest request. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.bytes) {
      if (this.#scratch.address !== 0) this.free(this.#scratch.address);
      this.#scratch = { address: 0, bytes: 0 };
      this.#scratch = { address: this.#allocate(bytes, [bytes]), bytes };
    }
    return this.#scratch.address;
  }

  dispose(): void {
    if (this.#scratch.address !== 0) this.free(this.#scratch.address);
    this.#scratch = { address: 0, bytes: 0 };
  }
}

function outOfMemory(bytes: number, shape: Shape, cause?: unknown): TensorError {
  return new TensorError(
    "OUT_OF_MEMORY",
    `the WebAssembly heap cannot hold ${bytes} more bytes (shape ${formatShape(shape)}); use smaller batches`,
    { cause },
  );
}
