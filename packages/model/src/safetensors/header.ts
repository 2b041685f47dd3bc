/**
 * The header of a safetensors file: 8 bytes of length (little endian), then JSON that names every tensor's dtype, shape
 * and place. Everything that a hostile or broken file could claim is checked here, before any tensor is read:
 * https://github.com/huggingface/safetensors (format, limit of 100 MB, no holes, no overlap, no duplicate keys).
 */

import { z } from "zod";
import { ModelError, type ModelErrorCode } from "../errors.ts";
import { parseJson } from "../parse-json.ts";
import { itemSize, SAFETENSORS_DTYPES, type SafetensorsDType } from "./dtype.ts";
import { findDuplicateKey } from "./duplicate-keys.ts";

/** Largest header the format allows, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;

/** One tensor of a file. Offsets are from the start of the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their bytes in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(count),
  data_offsets: z.tuple([count, count]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * Length of the JSON from the first 8 bytes.
 * @throws SAFETENSORS_INVALID, SAFETENSORS_TRUNCATED
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (prefix.length < 8) {
    throw new ModelError("SAFETENSORS_TRUNCATED", `${fileBytes} bytes are too few for a header`, { file });
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new ModelError(
      "SAFETENSORS_INVALID",
      `not a safetensors file, or a hostile one: its first 8 bytes announce a header of ${length} bytes, the format allows ${MAX_HEADER_BYTES}`,
      { file },
    );
  }
  if (Number(length) > fileBytes - 8) {
    throw new ModelError(
      "SAFETENSORS_TRUNCATED",
      `the header should have ${length} bytes, the file ends after ${fileBytes - 8}`,
      { file },
    );
  }
  return Number(length);
}

/** @throws SAFETENSORS_INVALID, SAFETENSORS_TRUNCATED */
export function parseHeader(json: Uint8Array, fileBytes: number, file: string): SafetensorsHeader {
  const fail = (message: string, key?: string, code: ModelErrorCode = "SAFETENSORS_INVALID"): never => {
    throw new ModelError(code, message, key === undefined ? { file } : { file, key });
  };
  const raw = readHeaderJson(json, file);
  let metadata: Record<string, string> = {};
  const entries: SafetensorsEntry[] = [];
  const dataStart = 8 + json.length;
  for (const [name, value] of Object.entries(raw)) {
    if (name === "__metadata__") {
      const parsed = metadataSchema.safeParse(value);
      if (!parsed.success) return fail("__metadata__ must map strings to strings", name);
      metadata = parsed.data;
    } else {
      entries.push(parseEntry(name, value, dataStart, file));
    }
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = dataStart;
  for (const { name, begin, end } of entries) {
    if (begin < position) fail(`tensor ${JSON.stringify(name)} overlaps the one before it`, name);
    if (begin > position) {
      fail(`${begin - position} unused bytes before tensor ${JSON.stringify(name)}`, name);
    }
    if (end > fileBytes) {
      const missing = `tensor ${JSON.stringify(name)} should end at byte ${end}, the file has ${fileBytes}`;
      fail(missing, name, "SAFETENSORS_TRUNCATED");
    }
    position = end;
  }
  if (position !== fileBytes) fail(`${fileBytes - position} bytes after the last tensor belong to none`);
  return { metadata, entries: new Map(entries.map((entry) => [entry.name, entry])) };
}

function readHeaderJson(json: Uint8Array, file: string): Record<string, unknown> {
  let text: string;
  let raw: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(json);
    if (!text.startsWith("{")) throw new SyntaxError("a header begins with {");
    raw = parseJson(text);
  } catch (cause) {
    throw new ModelError("SAFETENSORS_INVALID", "the header is not JSON in UTF-8", { file, cause });
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== null) {
    throw new ModelError("SAFETENSORS_INVALID", `the header names ${JSON.stringify(duplicate)} twice`, {
      file,
      key: duplicate,
    });
  }
  return raw as Record<string, unknown>;
}

function parseEntry(name: string, value: unknown, dataStart: number, file: string): SafetensorsEntry {
  const quoted = JSON.stringify(name);
  const fail = (message: string): never => {
    throw new ModelError("SAFETENSORS_INVALID", message, { file, key: name });
  };
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(`header entry ${quoted}: ${issue?.path.join(".") || "entry"}: ${issue?.message}`);
  }
  const { shape, data_offsets } = parsed.data;
  const dtype = SAFETENSORS_DTYPES.find((known) => known === parsed.data.dtype);
  if (dtype === undefined) {
    return fail(
      `tensor ${quoted} has dtype ${JSON.stringify(parsed.data.dtype)}, supported are ${SAFETENSORS_DTYPES.join(", ")}`,
    );
  }
  const [begin, end] = data_offsets;
  if (end < begin) return fail(`tensor ${quoted} ends before it begins: [${begin}, ${end}]`);
  const wanted = shape.reduce((bytes, length) => bytes * length, itemSize(dtype));
  if (!Number.isSafeInteger(wanted) || wanted !== end - begin) {
    return fail(
      `tensor ${quoted}: shape [${shape.join(", ")}] of ${dtype} takes ${wanted} bytes, its offsets give ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin: dataStart + begin, end: dataStart + end };
}
