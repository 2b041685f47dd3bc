/**
 * Writes safetensors files: header first, then one tensor after the other, to a temporary name that is synced and
 * renamed at the end. A reader sees the old file or the new one, never half of it.
 */

import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { itemSize, type SafetensorsData, type SafetensorsDType } from "./dtype.ts";
import { narrowBfloat16, narrowFloat16 } from "./float16.ts";

/** Elements converted and written at a time. */
const CHUNK_ELEMENTS = 1 << 22;

/** A tensor to be written. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /**
   * Row-major elements: the typed array of the dtype, or float32 values for F16 and BF16, which are rounded. A function
   * is called when the tensor's turn comes, so that only one tensor need be in memory.
   */
  readonly data: SafetensorsData | (() => SafetensorsData | Promise<SafetensorsData>);
}

/**
 * Writes `file`, replacing what was there.
 * @throws RangeError for a duplicate name or data that do not fit their shape, TypeError for the wrong typed array
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  // Wide elements first, as the reference writer does it: every tensor then begins at a multiple of its element size.
  const ordered = [...tensors].sort((a, b) => itemSize(b.dtype) - itemSize(a.dtype));
  const header = encodeHeader(ordered, metadata);
  const temporary = `${file}.tmp-${process.pid}`;
  try {
    const handle = await open(temporary, "w");
    try {
      await writeAll(handle, header);
      for (const tensor of ordered) await writeTensor(handle, tensor);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Makes a rename or a new name durable. Not every platform can sync a folder; there it is left to the system. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  try {
    await handle?.sync();
  } catch {
    // EINVAL or EPERM where folders cannot be synced (Windows, some network file systems)
  } finally {
    await handle?.close();
  }
}

function encodeHeader(
  tensors: readonly SafetensorsTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push(["__metadata__", metadata]);
  const seen = new Set(["__metadata__"]);
  let position = 0;
  for (const { name, dtype, shape } of tensors) {
    if (seen.has(name)) throw new RangeError(`writeSafetensors: the name ${JSON.stringify(name)} is taken`);
    seen.add(name);
    const end = position + elementCount(shape) * itemSize(dtype);
    entries.push([name, { dtype, shape, data_offsets: [position, end] }]);
    position = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + padded).fill(0x20); // spaces: tensors begin at a multiple of 8
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true);
  header.set(json, 8);
  return header;
}

async function writeTensor(handle: FileHandle, tensor: SafetensorsTensor): Promise<void> {
  const data = typeof tensor.data === "function" ? await tensor.data() : tensor.data;
  const size = elementCount(tensor.shape);
  if (data.length !== size) {
    throw new RangeError(
      `writeSafetensors: ${JSON.stringify(tensor.name)} has ${data.length} elements, shape [${tensor.shape.join(", ")}] wants ${size}`,
    );
  }
  const encode = encoder(tensor, data);
  for (let begin = 0; begin < size; begin += CHUNK_ELEMENTS) {
    await writeAll(handle, encode(begin, Math.min(begin + CHUNK_ELEMENTS, size)));
  }
}

/** Bytes of elements [begin, end): a view where the array holds them as they are, converted where it does not. */
function encoder(
  { name, dtype }: SafetensorsTensor,
  data: SafetensorsData,
): (begin: number, end: number) => Uint8Array {
  const bytesOf = (array: SafetensorsData) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (data instanceof Float32Array && (dtype === "BF16" || dtype === "F16")) {
    const narrow = dtype === "BF16" ? narrowBfloat16 : narrowFloat16;
    return (begin, end) => bytesOf(narrow(data.subarray(begin, end)));
  }
  const Wanted = ARRAY_OF[dtype];
  if (!(data instanceof Wanted)) {
    throw new TypeError(
      `writeSafetensors: ${JSON.stringify(name)} is ${dtype} and wants a ${Wanted.name}, got a ${data.constructor.name}`,
    );
  }
  return (begin, end) => bytesOf(data.subarray(begin, end));
}

const ARRAY_OF = {
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  I64: BigInt64Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const satisfies Record<SafetensorsDType, unknown>;

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const result = await handle.write(bytes, written, bytes.length - written);
    written += result.bytesWritten;
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}
