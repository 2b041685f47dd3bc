/**
 * Examples for supervised fine-tuning: rows that already are (prompt, completion), or solved problems, which become the
 * paper's form: prompt template + reasoning + ` The final answer is: \boxed{ANSWER}`.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { findData, UsageError } from "@soft-tokens/app-common";
import { GENERIC_FORMAT, parseTask, renderPrompt } from "@soft-tokens/evals";
import type { SupervisedExample } from "@soft-tokens/trainer";

export interface ExamplesOptions {
  readonly data: string;
  readonly limit?: number | undefined;
  readonly promptTemplate: string;
}

/** @throws UsageError that names file, line and field of the first row that cannot be used */
export async function loadExamples(options: ExamplesOptions): Promise<SupervisedExample[]> {
  const file = findData({ data: options.data, split: "train" });
  if (!existsSync(file)) throw new UsageError(`--data ${options.data}: no such file`);
  const examples: SupervisedExample[] = [];
  let line = 0;
  // Line feeds alone: Node's reader of lines may also part a row at U+2028, which JSON leaves inside of strings.
  for (const text of (await readFile(file, "utf8")).split("\n")) {
    line++;
    if (options.limit !== undefined && examples.length >= options.limit) break;
    const trimmed = text.replace(/^\uFEFF/, "").trim();
    if (trimmed !== "") examples.push(toExample(trimmed, `${file}, line ${line}`, options.promptTemplate));
  }
  if (examples.length === 0) throw new UsageError(`--data ${options.data}: no examples in it`);
  return examples;
}

function toExample(text: string, place: string, template: string): SupervisedExample {
  const row = parseRow(text, place);
  if (typeof row.prompt === "string" && typeof row.completion === "string") {
    return { prompt: row.prompt, completion: row.completion };
  }
  const [question] = parseTask(new TextEncoder().encode(text), {
    file: place,
    format: { ...GENERIC_FORMAT },
  }).questions;
  const solution = typeof row.solution === "string" ? row.solution : row.answer;
  if (!question || typeof solution !== "string") {
    throw new UsageError(`${place}: wanted fields prompt and completion, or question and a worked answer`);
  }
  return {
    prompt: renderPrompt(question.question, template),
    completion: ` ${reasoning(solution)} The final answer is: \\boxed{${question.answer}}`,
  };
}

/** A worked solution as one line: GSM8K's calculator marks and final line removed. */
function reasoning(solution: string): string {
  return solution
    .replace(/<<[^>]*>>/g, "")
    .replace(/\n?#### .*$/s, "")
    .replace(/\s+/g, " ")
    .trim();
}

function parseRow(text: string, place: string): Record<string, unknown> {
  try {
    const row: unknown = JSON.parse(text);
    if (row !== null && typeof row === "object" && !Array.isArray(row)) return row as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${place}: not JSON (${(error as Error).message})`, { cause: error });
  }
  throw new UsageError(`${place}: wanted a JSON object`);
}
