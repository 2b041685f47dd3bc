/** `--task` and `--data` -> the questions, and whether they are answered by generating or by likelihood. */

import { existsSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { findData, UsageError } from "@soft-tokens/app-common";
import {
  type ChoiceTask,
  type Contamination,
  detectLikelihoodForm,
  findContamination,
  findNamedTask,
  isHubFile,
  loadChoiceTask,
  loadTask,
  type NamedTask,
  RESULTS_FILE,
  readRowFile,
  TASK_NAMES,
  type Task,
} from "@soft-tokens/evals";

export type OpenedTask = { readonly contamination: Contamination | undefined } & (
  | { readonly kind: "generation"; readonly task: Task }
  | { readonly kind: "likelihood"; readonly task: ChoiceTask }
);

export interface OpenTaskOptions {
  /** A name, or `auto`. */
  readonly task: string;
  /** A file of this machine or of the hub, or `gsm8k` for the embedded sample. */
  readonly data: string;
  readonly skipBad: boolean;
  /** Only these many of the first questions are looked for in the training file. */
  readonly limit?: number | undefined;
  /** Training file to look for the questions in. */
  readonly contaminationCheck?: string | undefined;
  /** Folder of the results. A task of the same questions that is named by its file keeps the name that it has there. */
  readonly out?: string | undefined;
}

/** @throws UsageError for an unknown task or file; EvaluationError for rows that cannot be read */
export async function openTask(options: OpenTaskOptions): Promise<OpenedTask> {
  const { task: name, data, limit } = options;
  const named = name === "auto" ? null : findNamedTask(name);
  if (name !== "auto" && !named) {
    throw new UsageError(
      `--task ${name}: no such task; wanted auto, or one of ${TASK_NAMES.join(", ")}. Rows of your own: --task jsonl, with a question and an answer each`,
    );
  }
  const file = isHubFile(data) ? data : findData({ data, split: "test" });
  const badRows = options.skipBad ? "skip" : "error";
  const found = named ?? (await detect(file));
  const check = async (questions: readonly { readonly id: string; readonly text: string }[]) =>
    options.contaminationCheck === undefined
      ? undefined
      : findContamination(questions.slice(0, limit), options.contaminationCheck);
  if (found?.kind === "likelihood") {
    const loaded = await loadChoiceTask({ file, name: found.name, form: found.form, badRows });
    const task = named ? loaded : withKnownName(loaded, options.out);
    return { kind: "likelihood", task, contamination: await check(task.questions) };
  }
  const loaded = await loadTask({
    file,
    badRows,
    ...(found && { name: found.name }),
    ...(found && found.name !== "jsonl" && { format: found.format }),
  });
  const task = named ? loaded : withKnownName(loaded, options.out);
  const texts = task.questions.map(({ id, question }) => ({ id, text: question }));
  return { kind: "generation", task, contamination: await check(texts) };
}

/** The same bytes are the same task, whatever their file is called now. */
function withKnownName<T extends Task | ChoiceTask>(task: T, out: string | undefined): T {
  const file = out === undefined ? null : join(out, RESULTS_FILE);
  if (file === null || !existsSync(file)) return task;
  let there: { readonly task?: unknown; readonly checksum?: unknown } | null;
  try {
    there = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return task; // the reader of the folder says what is wrong with it
  }
  const isSame = there?.checksum === task.source.sha256 && typeof there.task === "string";
  return isSame ? { ...task, name: there?.task as string } : task;
}

/** Multiple-choice rows are known by their fields; anything else is left to the reader of questions. */
async function detect(file: string): Promise<NamedTask | null> {
  const { rows } = await readRowFile(file);
  const first = rows.find((line) => "row" in line);
  const form = first && "row" in first ? detectLikelihoodForm(first.row) : null;
  return form && { kind: "likelihood", name: basename(file, extname(file)), form };
}
