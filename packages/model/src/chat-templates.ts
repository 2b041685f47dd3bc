/**
 * The chat templates of a model, as transformers finds them: `chat_template.jinja` and `additional_chat_templates/NAME.jinja`
 * where there is any such file, else `chat_template` of `tokenizer_config.json`, one text or a list with names. They are
 * Jinja programs; nothing here runs them.
 */

import { z } from "zod";
import { parseJsonFile } from "./json-file.ts";
import { isTemplateFile } from "./small-files.ts";
import { refusal } from "./tokenizer/refusal.ts";

const FILE = "tokenizer_config.json";
const settingsSchema = z.looseObject({
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))])
    .nullish(),
});

/** By name, the usual one under `default`. @throws TOKENIZER_INVALID */
export function chatTemplates(files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, string> {
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const templates = new Map<string, string>();
  const usual = files.get("chat_template.jinja");
  if (usual) templates.set("default", decode(usual));
  for (const [name, bytes] of files) {
    if (isTemplateFile(name)) templates.set(name.replace(/^.*\/|\.jinja$/g, ""), decode(bytes));
  }
  if (templates.size > 0) return templates;

  const settings = files.get(FILE);
  const parsed = settingsSchema.safeParse(settings ? parseJsonFile(settings, FILE, "TOKENIZER_INVALID") : {});
  if (!parsed.success)
    throw refusal(FILE, "chat_template", "wanted a text, or a list of names and templates");
  const { chat_template: own } = parsed.data;
  if (own == null) return templates;
  if (typeof own === "string") return new Map([["default", own]]);
  return new Map(own.map(({ name, template }) => [name, template]));
}
