/**
 * The part of TensorFlow.js that this package uses: kernels called directly, without its tensors, scopes and tape.
 * Structural types, because the namespace comes from whichever package loads (`tfjs`, `tfjs-node`, `tfjs-node-gpu`).
 */

import type { TensorData } from "@soft-tokens/tensor";
import type { DataId } from "./array.ts";

export interface TfInfo {
  readonly dataId: DataId;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A kernel backend of TensorFlow.js (`tf.findBackend(name)`). */
export interface TfKernelBackend {
  write(values: TensorData, shape: readonly number[], dtype: string): DataId;
  read(dataId: DataId): Promise<TensorData>;
  readSync(dataId: DataId): TensorData;
  disposeData(dataId: DataId): boolean;
}

interface TfKernelCall {
  readonly inputs: Readonly<Record<string, TfInfo>> | readonly TfInfo[];
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: TfKernelBackend;
}

export interface TfKernelConfig {
  readonly kernelFunc: (call: TfKernelCall) => TfInfo | readonly TfInfo[];
}

export interface Tf {
  readonly version: { readonly tfjs: string };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  findBackend(name: string): TfKernelBackend | null;
  getKernel(name: string, backendName: string): TfKernelConfig | null | undefined;
}
