/** JSON files of a model folder, read with an error that names the file. */

import { ModelError, type ModelErrorCode } from "./errors.ts";
import { readRegularFile } from "./model-files.ts";
import { parseJson } from "./parse-json.ts";

/** @throws the given code where the file is missing, no regular file, too large, or not JSON */
export async function readJson(path: string, code: ModelErrorCode): Promise<unknown> {
  return parseJsonFile(await readRegularFile(path, code), path, code);
}

export function parseJsonFile(bytes: Uint8Array, path: string, code: ModelErrorCode): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    throw new ModelError(code, `is not JSON in UTF-8${why}`, { file: path, cause });
  }
}
