/** `--task` and `--data` -> the questions, and whether they are answered by generating or by likelihood. */

import { basename, extname } from "node:path";
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
    const task = await loadChoiceTask({ file, name: found.name, form: found.form, badRows });
    return { kind: "likelihood", task, contamination: await check(task.questions) };
  }
  const task = await loadTask({
    file,
    badRows,
    ...(found && { name: found.name }),
    ...(found && found.name !== "jsonl" && { format: found.format }),
  });
  const texts = task.questions.map(({ id, question }) => ({ id, text: question }));
  return { kind: "generation", task, contamination: await check(texts) };
}

/** Multiple-choice rows are known by their fields; anything else is left to the reader of questions. */
async function detect(file: string): Promise<NamedTask | null> {
  const { rows } = await readRowFile(file);
  const first = rows.find((line) => "row" in line);
  const form = first && "row" in first ? detectLikelihoodForm(first.row) : null;
  return form && { kind: "likelihood", name: basename(file, extname(file)), form };
}
