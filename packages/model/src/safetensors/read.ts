/**
 * Reads safetensors files tensor by tensor. Opening reads the header alone; a tensor is read when it is asked for, in
 * chunks, so that conversion never holds a tensor in two precisions at once.
 */

import type { FileHandle } from "node:fs/promises";
import { ModelError } from "../errors.ts";
import { openRegularFile } from "../model-files.ts";
import { type SafetensorsData, viewAs } from "./dtype.ts";
import { widenBfloat16, widenFloat16 } from "./float16.ts";
import { headerLength, parseHeader, type SafetensorsEntry, type SafetensorsHeader } from "./header.ts";

/** Bytes per read: large enough for a disk's speed, small beside any tensor worth converting. A multiple of 8. */
const CHUNK_BYTES = 1 << 24;

export interface ReadTensorOptions {
  /** Called after each chunk with the number of bytes it had. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/** An open file. The owner closes it. */
export class SafetensorsFile implements AsyncDisposable {
  constructor(
    readonly path: string,
    readonly metadata: SafetensorsHeader["metadata"],
    /** In the order of their bytes in the file. */
    readonly entries: ReadonlyMap<string, SafetensorsEntry>,
    private readonly handle: FileHandle,
  ) {}

  /** Elements as they stand in the file. @throws WEIGHTS_MISSING, SAFETENSORS_TRUNCATED */
  async read(name: string, options: ReadTensorOptions = {}): Promise<SafetensorsData> {
    const entry = this.entry(name);
    const bytes = new Uint8Array(entry.end - entry.begin);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      options.signal?.throwIfAborted();
      const chunk = bytes.subarray(at, Math.min(at + CHUNK_BYTES, bytes.length));
      await this.fill(chunk, entry.begin + at, name);
      options.onBytes?.(chunk.length);
    }
    return viewAs(entry.dtype, bytes.buffer);
  }

  /** F32, F16 or BF16 as float32. @throws WEIGHTS_MISSING, WEIGHTS_DTYPE, SAFETENSORS_TRUNCATED */
  async readFloat32(name: string, options: ReadTensorOptions = {}): Promise<Float32Array> {
    const { dtype, begin, end } = this.entry(name);
    if (dtype === "F32") return (await this.read(name, options)) as Float32Array;
    if (dtype !== "F16" && dtype !== "BF16") {
      throw new ModelError(
        "WEIGHTS_DTYPE",
        `tensor ${JSON.stringify(name)} is ${dtype}, wanted floating point`,
        {
          file: this.path,
          key: name,
        },
      );
    }
    const widen = dtype === "F16" ? widenFloat16 : widenBfloat16;
    const values = new Float32Array((end - begin) / 2);
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - begin));
    for (let at = begin; at < end; at += CHUNK_BYTES) {
      options.signal?.throwIfAborted();
      const chunk = buffer.subarray(0, Math.min(CHUNK_BYTES, end - at));
      await this.fill(chunk, at, name);
      widen(new Uint16Array(chunk.buffer, 0, chunk.length / 2), values, (at - begin) / 2);
      options.onBytes?.(chunk.length);
    }
    return values;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private entry(name: string): SafetensorsEntry {
    const entry = this.entries.get(name);
    if (entry) return entry;
    throw new ModelError("WEIGHTS_MISSING", `has no tensor ${JSON.stringify(name)}`, {
      file: this.path,
      key: name,
    });
  }

  private async fill(target: Uint8Array, position: number, name: string): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      const { bytesRead } = await this.handle.read(target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) {
        throw new ModelError("SAFETENSORS_TRUNCATED", `ended while ${JSON.stringify(name)} was being read`, {
          file: this.path,
          key: name,
        });
      }
      filled += bytesRead;
    }
  }
}

/**
 * Opens a file and checks its whole header; no tensor is read yet. The caller closes the file.
 * @throws SAFETENSORS_INVALID, SAFETENSORS_TRUNCATED, WEIGHTS_MISSING where there is no such file
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const handle = await openRegularFile(path, "WEIGHTS_MISSING");
  try {
    const { size } = await handle.stat();
    const prefix = new Uint8Array(Math.min(8, size));
    await handle.read(prefix, 0, prefix.length, 0);
    const json = new Uint8Array(headerLength(prefix, size, path));
    const { bytesRead } = await handle.read(json, 0, json.length, 8);
    if (bytesRead < json.length) {
      throw new ModelError("SAFETENSORS_TRUNCATED", "ended inside its header", { file: path });
    }
    const { metadata, entries } = parseHeader(json, size, path);
    return new SafetensorsFile(path, metadata, entries, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Bytes of a tensor's data in its file. */
export function entryBytes(entry: SafetensorsEntry): number {
  return entry.end - entry.begin;
}
