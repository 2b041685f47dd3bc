/**
 * A zod object as command-line options: `learningRate: z.number().default(6e-6).describe("...")` is
 * `--learning-rate <number>  ... (default: 0.000006)`. One schema serves the command line and the config file.
 */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { z } from "zod";

interface Field {
  readonly kind: "string" | "number" | "boolean" | "enum";
  readonly choices: readonly string[];
  readonly defaultValue: unknown;
  readonly description: string;
  readonly isRequired: boolean;
}

/** Adds one option per key. Defaults are shown in the help but applied by the schema, so that a config file can sit between. */
export function addSchemaOptions(command: Command, schema: z.ZodObject): Command {
  for (const [key, type] of Object.entries(schema.shape)) {
    const field = describeField(type as z.ZodType);
    const flag = toFlag(key);
    const help = `${field.description}${suffix(field)}`;
    if (field.kind === "boolean") {
      command.addOption(new Option(`--${flag}`, help)).addOption(new Option(`--no-${flag}`).hideHelp());
      continue;
    }
    const option = new Option(`--${flag} <${placeholder(key, field)}>`, help);
    if (field.kind === "number") option.argParser(parseNumber);
    if (field.kind === "enum") option.choices([...field.choices]);
    command.addOption(option);
  }
  return command;
}

/** Only what was written on the command line, by schema key. */
export function givenOptions(command: Command, schema: z.ZodObject): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const key of Object.keys(schema.shape)) {
    if (command.getOptionValueSource(key) === "cli") given[key] = command.getOptionValue(key);
  }
  return given;
}

/** learningRate -> learning-rate */
export function toFlag(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw new InvalidArgumentError(`wanted a number, got ${JSON.stringify(text)}.`);
  return value;
}

function placeholder(key: string, field: Field): string {
  if (field.kind === "number") return "number";
  if (field.kind === "enum") return "name";
  if (/data$/i.test(key)) return "file or name";
  if (key === "model") return "folder or id";
  if (key === "out") return "folder";
  if (/^memory/.test(key)) return "size";
  return "text";
}

function suffix(field: Field): string {
  if (field.defaultValue !== undefined) {
    const text =
      typeof field.defaultValue === "string" ? field.defaultValue : JSON.stringify(field.defaultValue);
    return ` (default: ${text.length > 40 ? "the paper's" : text.trim() === text ? text : JSON.stringify(text)})`;
  }
  return field.isRequired ? " (required)" : "";
}

/** Looks through default and optional wrappers for what the command line has to know. */
function describeField(type: z.ZodType): Field {
  let description = type.description;
  let inner = type;
  let defaultValue: unknown;
  let isRequired = true;
  for (;;) {
    const definition = inner.def as unknown as {
      type: string;
      innerType?: z.ZodType;
      defaultValue?: unknown;
      entries?: Record<string, string>;
    };
    if (definition.type === "default") defaultValue = definition.defaultValue;
    if (definition.type === "default" || definition.type === "optional") {
      isRequired = false;
      inner = definition.innerType as z.ZodType;
      description ??= inner.description;
      continue;
    }
    const kind = definition.type;
    if (kind !== "string" && kind !== "number" && kind !== "boolean" && kind !== "enum") {
      throw new TypeError(`an option of type ${kind} has no form on the command line`);
    }
    return {
      kind,
      choices: Object.values(definition.entries ?? {}),
      defaultValue,
      description: description ?? "",
      isRequired,
    };
  }
}
