/** `--models`, `--tasks` and `--data` of the grid as a plan. Everything a person may have mistyped is found here, before a model is read. */

import { UsageError } from "@soft-tokens/app-common";
import { findNamedTask, INFERENCE_MODES, type InferenceMode, TASK_NAMES } from "@soft-tokens/evals";
import { parseModes as parseModeNames } from "../evaluate/generation-options.ts";

export interface PlannedRun {
  /** The variant, and a number behind it where it has several seeds. */
  readonly name: string;
  readonly variant: string;
  readonly model: string;
}

export interface PlannedTask {
  readonly name: string;
  readonly data: string;
}

/** A variant's name: it becomes a folder and a column. */
const NAME = /^[A-Za-z][A-Za-z0-9._-]*$/u;
/** Names that the grid's own files have. */
const RESERVED = new Set(["results.json", "grid.json", "report-data"]);

/**
 * `base=A,hard=B,soft=C,D` -> base, hard, soft-1, soft-2: what has no name of its own is another seed of the one before.
 * @throws UsageError
 */
export function parseModels(text: string): PlannedRun[] {
  const variants = new Map<string, string[]>();
  let current: string[] | null = null;
  for (const part of text.split(",").map((piece) => piece.trim())) {
    if (part === "") throw new UsageError(`--models ${text}: a model is empty; wanted NAME=MODEL,NAME=MODEL`);
    const [, name, model] = /^([^=/\\]+)=(.*)$/su.exec(part) ?? [];
    if (name === undefined || model === undefined) {
      if (!current)
        throw new UsageError(`--models ${part}: has no name; wanted NAME=MODEL, such as base=${part}`);
      current.push(part);
      continue;
    }
    if (!NAME.test(name) || RESERVED.has(name)) {
      throw new UsageError(
        `--models: ${JSON.stringify(name)} cannot be a name; wanted letters, digits, . _ -`,
      );
    }
    if (model === "") throw new UsageError(`--models ${part}: wanted a folder or a hub id behind "${name}="`);
    current = variants.get(name) ?? [];
    current.push(model);
    variants.set(name, current);
  }
  return [...variants].flatMap(([variant, models]) => {
    const repeated = models.find((model, index) => models.indexOf(model) !== index);
    if (repeated)
      throw new UsageError(`--models: ${variant} names ${repeated} twice; seeds are different models`);
    return models.map((model, index) => ({
      name: models.length === 1 ? variant : `${variant}-${index + 1}`,
      variant,
      model,
    }));
  });
}

/**
 * Tasks with the file of each: of `--data NAME=FILE,NAME=FILE`, else the embedded sample of gsm8k.
 * @throws UsageError
 */
export function parseTasks(tasks: string, data: string | undefined): PlannedTask[] {
  const files = new Map(dataEntries(data));
  const names = tasks.split(",").map((name) => canonical(name.trim(), "--tasks"));
  const unused = [...files.keys()].find((name) => !names.includes(name));
  if (unused !== undefined) {
    throw new UsageError(`--data ${unused}=${files.get(unused)}: ${unused} is not among --tasks ${tasks}`);
  }
  return [...new Set(names)].map((name) => {
    const file = files.get(name) ?? (name === "gsm8k" ? "gsm8k" : undefined);
    if (file === undefined) {
      throw new UsageError(
        `--tasks ${name}: its questions are not embedded; name your copy with --data ${name}=FILE`,
      );
    }
    return { name, data: file };
  });
}

function dataEntries(data: string | undefined): [string, string][] {
  if (data === undefined) return [];
  return data.split(",").map((part) => {
    const [, name, file] = /^([^=]+)=(.+)$/su.exec(part.trim()) ?? [];
    if (!name || !file)
      throw new UsageError(`--data ${part}: wanted TASK=FILE, such as gsm8k=gsm8k_test.jsonl`);
    return [canonical(name.trim(), "--data"), file.trim()];
  });
}

function canonical(name: string, option: string): string {
  const named = findNamedTask(name);
  if (!named) {
    throw new UsageError(`${option} ${name || '""'}: no such task; wanted some of ${TASK_NAMES.join(", ")}`);
  }
  return named.name;
}

/** `all`, or a list, in the order of the report and each once. @throws UsageError */
export function parseModes(text: string): InferenceMode[] {
  const names = parseModeNames(text);
  return INFERENCE_MODES.filter((mode) => names.includes(mode));
}
