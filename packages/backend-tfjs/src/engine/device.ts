/**
 * A device: one TensorFlow.js kernel backend with our own reference counts and accounting.
 *
 * Kernels are looked up in TensorFlow.js's registry and called directly, so nothing here depends on which backend is
 * globally set: several devices (cpu and wasm) work side by side in one process.
 */

import {
  type DType,
  type Shape,
  shapeSize,
  shapesEqual,
  type TensorData,
  TensorError,
} from "@soft-tokens/tensor";
import { arrayBytes, type DataId, DeviceArray, type Placement, Storage } from "./array.ts";
import type { Tf, TfInfo, TfKernelBackend, TfKernelConfig } from "./tfjs.ts";

/** How host memory and the kernel backend's memory meet; differs by variant. */
export interface HostAccess {
  /** True where `view` costs nothing. */
  readonly isDirect: boolean;
  /** True where the kernel backend looks at its own record of a shape and not at the one that it is given. */
  readonly fixesShapes: boolean;
  /** The elements, as a view where the host can see them (valid until the next allocation), else as a copy. */
  view(x: DeviceArray): TensorData;
  /** New elements, every one of which `fill` writes. */
  create(shape: Shape, dtype: DType, fill: (out: TensorData) => void): Placement;
  /** Makes memory that has an address only known to the kernel backend. */
  register(address: number, shape: Shape, dtype: DType): DataId;
  /** Frees memory that has an address only. */
  free(address: number): void;
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
    const [info] = this.#call(kernel, inputs, attrs);
    if (!info) throw new TensorError("UNSUPPORTED_OP", `${kernel}: TensorFlow.js gave no result`);
    // A kernel with nothing to do hands back its operand's data with one more reference.
    for (const input of Object.values(inputs) as DeviceArray[]) {
      if (input.storage.dataId === info.dataId) {
        this.backend.disposeData(info.dataId);
        return input.view(shape);
      }
    }
    return this.adopt(info, shape, dtype);
  }

  /** As `run`, for kernels with several results. */
  runAll(
    kernel: string,
    inputs: Readonly<Record<string, DeviceArray>>,
    attrs: Readonly<Record<string, unknown>>,
    results: readonly { readonly shape: Shape; readonly dtype: DType }[],
  ): DeviceArray[] {
    const infos = this.#call(kernel, inputs, attrs);
    return results.map(({ shape, dtype }, at) => this.adopt(infos[at] as TfInfo, shape, dtype));
  }

  #call(
    name: string,
    inputs: Readonly<Record<string, DeviceArray>> | readonly DeviceArray[],
    attrs: Readonly<Record<string, unknown>>,
  ): readonly TfInfo[] {
    const { kernelFunc } = this.#kernel(name);
    const temporary: TfInfo[] = [];
    const shaped = (x: DeviceArray): TfInfo => {
      const info = this.info(x);
      const known = x.storage.knownAs;
      if (known === null || shapesEqual(known, x.shape)) return info;
      const call = { inputs: { x: info }, attrs: { shape: x.shape }, backend: this.backend };
      const view = this.#kernel("Reshape").kernelFunc(call) as TfInfo;
      temporary.push(view);
      return view;
    };
    const infos = Array.isArray(inputs)
      ? (inputs as readonly DeviceArray[]).map(shaped)
      : Object.fromEntries(
          Object.entries(inputs as Readonly<Record<string, DeviceArray>>).map(([key, x]) => [key, shaped(x)]),
        );
    try {
      const result = kernelFunc({ inputs: infos, attrs, backend: this.backend });
      return Array.isArray(result) ? result : [result as TfInfo];
    } finally {
      for (const { dataId } of temporary) this.backend.disposeData(dataId);
    }
  }

  /** Takes over data that a kernel made. */
  adopt(info: TfInfo, shape: Shape, dtype: DType): DeviceArray {
    return this.place({ dataId: info.dataId, address: 0 }, shape, dtype);
  }

  /** Takes over memory. */
  place(placement: Placement, shape: Shape, dtype: DType): DeviceArray {
    const storage = new Storage(this, placement, arrayBytes(shape, dtype));
    if (this.host.fixesShapes) storage.knownAs = shape;
    return new DeviceArray(storage, shape, dtype);
  }

  /** A new array whose elements `fill` writes; every element must be written. */
  create(shape: Shape, dtype: DType, fill: (out: TensorData) => void): DeviceArray {
    return this.place(shapeSize(shape) === 0 ? NOWHERE : this.host.create(shape, dtype, fill), shape, dtype);
  }

  /** The form in which kernels take an array. @throws INVALID_ARGUMENT for an array without elements: callers handle these. */
  info(x: DeviceArray): TfInfo {
    const { storage } = x;
    if (x.size === 0) {
      throw new TensorError("INVALID_ARGUMENT", "a TensorFlow.js kernel was given an array without elements");
    }
    storage.dataId ??= this.host.register(storage.address, x.shape, x.dtype);
    return { dataId: storage.dataId, shape: x.shape, dtype: x.dtype };
  }

  /** The elements; valid until the next allocation, never to be written. */
  view(x: DeviceArray): TensorData {
    return x.size === 0 ? allocateData(x.dtype, 0) : this.host.view(x);
  }

  async read(x: DeviceArray): Promise<TensorData> {
    if (x.size === 0 || this.host.isDirect) return this.view(x).slice();
    return (await this.backend.read(this.info(x).dataId)).slice();
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
    else if (storage.address !== 0) this.host.free(storage.address);
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

/** An array without elements. */
export const NOWHERE: Placement = { dataId: null, address: 0 };

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
