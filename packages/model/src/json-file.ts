/** JSON files of a model folder, read with an error that names the file. */

import { readFile } from "node:fs/promises";
import { ModelError, type ModelErrorCode } from "./errors.ts";
import { parseJson } from "./parse-json.ts";

/** Largest JSON file that is read, in bytes: tokenizers have up to 40 MB. */
const MAX_JSON_BYTES = 256 * 2 ** 20;

/** @throws the given code where the file is missing, too large, or not JSON */
export async function readJson(path: string, code: ModelErrorCode): Promise<unknown> {
  return parseJsonFile(await readBytes(path, code), path, code);
}

export function parseJsonFile(bytes: Uint8Array, path: string, code: ModelErrorCode): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ModelError(code, "is not JSON in UTF-8", { file: path, cause });
  }
}

async function readBytes(path: string, code: ModelErrorCode): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ModelError(code, `cannot be read (${reason})`, { file: path, cause });
  }
  if (bytes.length > MAX_JSON_BYTES) {
    throw new ModelError(code, `${bytes.length} bytes are more than any such file has`, { file: path });
  }
  return bytes;
}
