/** Problems by file or by name: what the apps train on and evaluate. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isHubFile, loadTask, NAMED_FORMATS, type Task } from "@soft-tokens/evals";
import { UsageError } from "./errors.ts";

const EMBEDDED = fileURLToPath(new URL("../data/", import.meta.url));

export interface ProblemsOptions {
  /** A JSON lines file, or `gsm8k` for the embedded sample. */
  readonly data: string;
  /** Form of the rows; `auto` goes by their fields. */
  readonly task: string;
  readonly split: "train" | "test";
  readonly limit?: number;
  /** Leave rows out that cannot be read, instead of stopping at the first. Defaults to `false`. */
  readonly skipBad?: boolean;
}

/** @throws UsageError when there is no such file or name; EvaluationError for rows that cannot be read */
export async function loadProblems(options: ProblemsOptions): Promise<Task> {
  const format = options.task === "auto" ? undefined : NAMED_FORMATS[options.task];
  const task = await loadTask({
    file: findData(options),
    name: taskName(options),
    badRows: options.skipBad ? "skip" : "error",
    ...(format && { format }),
  });
  if (options.limit === undefined) return task;
  return { ...task, questions: task.questions.slice(0, options.limit) };
}

function taskName({ task, data }: ProblemsOptions): string {
  if (task !== "auto") return task;
  return data.replace(/^.*[/\\]/, "").replace(/\.jsonl?$/, "");
}

/** Path of a file, name of a file of the hub, or path of the embedded sample of a name. @throws UsageError */
export function findData({ data, split }: Pick<ProblemsOptions, "data" | "split">): string {
  if (existsSync(data) || isHubFile(data)) return data;
  if (data === "gsm8k") return join(EMBEDDED, `gsm8k-${split}-sample.jsonl`);
  if (data in NAMED_FORMATS) {
    throw new UsageError(
      `--data ${data}: this data set is not embedded and is not downloaded; give the path of your copy (JSON lines) and --task ${data === "math" ? "math" : "auto"}`,
    );
  }
  throw new UsageError(`--data ${data}: no such file, and the only embedded name is gsm8k`);
}
