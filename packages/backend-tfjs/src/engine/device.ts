/**
 * A device: one TensorFlow.js kernel backend with our own reference counts and accounting.
 *
 * Kernels are looked up in TensorFlow.js's registry and called directly, so nothing here depends on which backend is
 * globally set: several devices (cpu and wasm) work side by side in one process.
 */

import { type DType, type Shape, shapeSize, type TensorData, TensorError } from "@soft-tokens/tensor";
import { arrayBytes, DeviceArray, Storage } from "./array.ts";
import type { Tf, TfInfo, TfKernelBackend, TfKernelConfig } from "./tfjs.ts";

/** How host memory and the kernel backend's memory meet; differs by variant. */
export interface HostAccess {
  /** The elements, as a view where the host can see them (valid until the next allocation), else as a copy. */
  view(info: TfInfo): TensorData;
  /** New elements, every one of which `fill` writes. */
  create(shape: Shape, dtype: DType, fill: (out: TensorData) => void): TfInfo;
  /** True where `view` costs nothing. */
  readonly isDirect: boolean;
}

export class Device {
  tensorBytes = 0;
  peakBytes = 0;
  readonly #live = new Set<Storage>();
  readonly #kernels = new Map<string, TfKernelConfig>();

  constructor(
    readonly tf: Tf,
    readonly backendName: string,
    readonly backend: TfKernelBackend,
    readonly host: HostAccess,
  ) {}

  /** Runs a registered kernel; `shape` and `dtype` are those of the result. */
  run(
    kernel: string,
    inputs: Readonly<Record<string, DeviceArray>> | readonly DeviceArray[],
    attrs: Readonly<Record<string, unknown>>,
    shape: Shape,
    dtype: DType,
  ): DeviceArray {
    const infos = Array.isArray(inputs)
      ? (inputs as readonly DeviceArray[]).map(toInfo)
      : Object.fromEntries(
          Object.entries(inputs as Readonly<Record<string, DeviceArray>>).map(([name, x]) => [
            name,
            toInfo(x),
          ]),
        );
    const result = this.#kernel(kernel).kernelFunc({ inputs: infos, attrs, backend: this.backend });
    const info = (Array.isArray(result) ? result[0] : result) as TfInfo;
    // A kernel with nothing to do hands back its operand's data with one more reference.
    for (const input of Object.values(inputs) as DeviceArray[]) {
      if (input.storage.dataId === info.dataId) {
        this.backend.disposeData(info.dataId);
        return input.view(shape);
      }
    }
    return this.adopt(info, shape, dtype);
  }

  /** Takes over data that a kernel made. */
  adopt(info: TfInfo, shape: Shape, dtype: DType): DeviceArray {
    return new DeviceArray(new Storage(this, info.dataId, arrayBytes(shape, dtype)), shape, dtype);
  }

  /** A new array whose elements `fill` writes; every element must be written. */
  create(shape: Shape, dtype: DType, fill: (out: TensorData) => void): DeviceArray {
    if (shapeSize(shape) === 0) return new DeviceArray(new Storage(this, null, 0), shape, dtype);
    return this.adopt(this.host.create(shape, dtype, fill), shape, dtype);
  }

  /** The elements; valid until the next allocation, never to be written. */
  view(x: DeviceArray): TensorData {
    if (x.storage.dataId === null) return emptyData(x.dtype);
    return this.host.view(toInfo(x));
  }

  async read(x: DeviceArray): Promise<TensorData> {
    if (x.storage.dataId === null) return emptyData(x.dtype);
    if (this.host.isDirect) return this.host.view(toInfo(x)).slice();
    return (await this.backend.read(x.storage.dataId)).slice();
  }

  allocated(storage: Storage): void {
    this.#live.add(storage);
    this.tensorBytes += storage.bytes;
    if (this.tensorBytes > this.peakBytes) this.peakBytes = this.tensorBytes;
  }

  freed(storage: Storage): void {
    if (!this.#live.delete(storage)) return;
    this.tensorBytes -= storage.bytes;
    if (storage.dataId !== null) this.backend.disposeData(storage.dataId);
  }

  /** Frees whatever is still alive. */
  dispose(): void {
    for (const storage of [...this.#live]) this.freed(storage);
  }

  #kernel(name: string): TfKernelConfig {
    const known = this.#kernels.get(name);
    if (known) return known;
    const found = this.tf.getKernel(name, this.backendName);
    if (!found) {
      throw new TensorError(
        "UNSUPPORTED_OP",
        `${name}: TensorFlow.js has no such kernel on ${this.backendName}`,
      );
    }
    this.#kernels.set(name, found);
    return found;
  }
}

/** The form in which kernels take an array. @throws INVALID_ARGUMENT for an array without elements: callers handle these. */
export function toInfo(x: DeviceArray): TfInfo {
  if (x.storage.dataId === null) {
    throw new TensorError("INVALID_ARGUMENT", "a TensorFlow.js kernel was given an array without elements");
  }
  return { dataId: x.storage.dataId, shape: x.shape, dtype: x.dtype };
}

export function emptyData(dtype: DType): TensorData {
  return allocateData(dtype, 0);
}

/** Zeroed host memory of a dtype. */
export function allocateData(dtype: DType, size: number): TensorData {
  switch (dtype) {
    case "float32":
      return new Float32Array(size);
    case "int32":
      return new Int32Array(size);
    case "bool":
      return new Uint8Array(size);
    case "bfloat16":
      throw new TensorError("UNSUPPORTED_OP", "bfloat16 is not a dtype of this backend");
    default:
      return dtype satisfies never;
  }
}
