/** The small files of a model folder: what says how a model is computed and read. They are kept with it, to be saved again. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readModelFile } from "./model-files.ts";

/** What loading reads, and what only other programs read. */
export const SMALL_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "chat_template.json",
] as const;

/** Holds further templates, by name (transformers `CHAT_TEMPLATE_DIR`). */
export const TEMPLATES_FOLDER = "additional_chat_templates";

export function isTemplateFile(name: string): boolean {
  return /^additional_chat_templates\/[^/\\]+\.jinja$/.test(name);
}

/** By name; templates of the folder with a slash in theirs. @throws CONFIG_INVALID, TOKENIZER_INVALID, LFS_POINTER */
export async function readSmallFiles(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const templates = await readdir(join(folder, TEMPLATES_FOLDER)).catch(() => []);
  const names = templates.sort().map((name) => `${TEMPLATES_FOLDER}/${name}`);
  for (const name of [...SMALL_FILES, ...names.filter(isTemplateFile)]) {
    const isConfig = name === "config.json" || name === "generation_config.json";
    const bytes = await readModelFile(folder, name, isConfig ? "CONFIG_INVALID" : "TOKENIZER_INVALID");
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}
