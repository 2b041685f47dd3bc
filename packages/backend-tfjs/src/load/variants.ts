/**
 * The variants of TensorFlow.js, best first, and how each is loaded.
 *
 * The native packages are the user's own installation and never a dependency: their install scripts download a library.
 * Each brings its own copy of TensorFlow.js, and that copy must be the one that is used. All are CommonJS builds, loaded
 * by `require`: the ESM file of `@tensorflow/tfjs` cannot be loaded by Node.
 */

import { createRequire } from "node:module";
import { shapeSize } from "@soft-tokens/tensor";
import type { DataId } from "../engine/array.ts";
import { allocateData, type HostAccess } from "../engine/device.ts";
import type { Tf, TfKernelBackend } from "../engine/tfjs.ts";
import { WasmHeap, type WasmKernelBackend } from "../wasm/heap.ts";
import { withoutNewListeners } from "./process-listeners.ts";

export type Variant = "node-gpu" | "node" | "wasm" | "cpu";

/** Best first: what `auto` tries, in order. */
export const VARIANTS: readonly Variant[] = ["node-gpu", "node", "wasm", "cpu"];

export interface LoadedVariant {
  readonly tf: Tf;
  readonly backendName: string;
  readonly backend: TfKernelBackend;
  readonly host: HostAccess;
  /** Present where elements live in a WebAssembly heap. */
  readonly heap?: WasmHeap;
  /** For people: "WebAssembly SIMD". */
  readonly label: string;
}

/** Loads a module by name, like `require`. */
export type Require = (name: string) => unknown;

export const packageRequire: Require = createRequire(import.meta.url);

export async function loadVariant(variant: Variant, require: Require): Promise<LoadedVariant> {
  switch (variant) {
    case "node-gpu":
      return loadNative("@tensorflow/tfjs-node-gpu", require);
    case "node":
      return loadNative("@tensorflow/tfjs-node", require);
    case "wasm":
      return loadWasm(require);
    case "cpu":
      return loadCpu(require);
    default:
      return variant satisfies never;
  }
}

async function loadNative(name: string, require: Require): Promise<LoadedVariant> {
  const tf = require(name) as Tf;
  const backend = await start(tf, "tensorflow");
  return { tf, backendName: "tensorflow", backend, host: copyingHost(backend), label: `TensorFlow, ${name}` };
}

async function loadWasm(require: Require): Promise<LoadedVariant> {
  const { tf, backend } = await withoutNewListeners(async () => {
    const tf = require("@tensorflow/tfjs") as Tf;
    require("@tensorflow/tfjs-backend-wasm");
    return { tf, backend: (await start(tf, "wasm")) as WasmKernelBackend };
  });
  const heap = new WasmHeap(backend);
  return { tf, backendName: "wasm", backend, host: heap, heap, label: "WebAssembly, one thread" };
}

async function loadCpu(require: Require): Promise<LoadedVariant> {
  const tf = require("@tensorflow/tfjs") as Tf;
  const backend = (await start(tf, "cpu")) as TfKernelBackend & { firstUse?: boolean };
  // TensorFlow.js prints an advertisement for its native package at the first write; a library of ours never prints.
  backend.firstUse = false;
  return { tf, backendName: "cpu", backend, host: javascriptHost(backend), label: "plain JavaScript" };
}

async function start(tf: Tf, backendName: string): Promise<TfKernelBackend> {
  const isReady = await tf.setBackend(backendName);
  await tf.ready();
  const backend = isReady ? tf.findBackend(backendName) : null;
  if (!backend)
    throw new Error(`TensorFlow.js ${tf.version.tfjs} could not start its backend ${backendName}`);
  return backend;
}

/** Elements live in typed arrays of the kernel backend. */
function javascriptHost(backend: TfKernelBackend): HostAccess {
  return {
    isDirect: true,
    fixesShapes: false,
    view: (x) => backend.readSync(x.storage.dataId as DataId),
    create(shape, dtype, fill) {
      const data = allocateData(dtype, shapeSize(shape));
      fill(data);
      return { dataId: backend.write(data, shape, dtype), address: 0 };
    },
    register: noAddresses,
    free: noAddresses,
  };
}

function noAddresses(): never {
  throw new Error("only a WebAssembly device has addresses");
}

/** Elements live where only the native library sees them: every view is a copy. */
function copyingHost(backend: TfKernelBackend): HostAccess {
  return { ...javascriptHost(backend), isDirect: false, fixesShapes: true };
}
