/** JSON files of a model folder, read with an error that names the file. */

import { ModelError, type ModelErrorCode } from "./errors.ts";
import { readRegularFile } from "./model-files.ts";
import { findPythonNumber, parseJson } from "./parse-json.ts";

/** @throws the given code where the file is missing, no regular file, too large, or not JSON */
export async function readJson(path: string, code: ModelErrorCode): Promise<unknown> {
  return parseJsonFile(await readRegularFile(path, code), path, code);
}

export function parseJsonFile(bytes: Uint8Array, path: string, code: ModelErrorCode): unknown {
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return parseJson(text);
  } catch (cause) {
    const python = findPythonNumber(text);
    if (python) {
      const why = `has ${python.text} in line ${python.line}, which Python writes and JSON does not have; put a number or null in its place`;
      throw new ModelError(code, why, { file: path, cause });
    }
    if (text.length < 1024 && /^\.{0,2}\/?[\w.-]+(?:\/[\w.-]+)+\n?$/.test(text)) {
      const why = `holds nothing but the path ${text.trim()}: a link that was copied as text. Copy the file itself, or make the link again`;
      throw new ModelError(code, why, { file: path, cause });
    }
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    throw new ModelError(code, `is not JSON in UTF-8${why}`, { file: path, cause });
  }
}
