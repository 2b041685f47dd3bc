/**
 * What runs a folder holds and where their evaluations lie: those of a grid (`grid.json` says which), one evaluation, a run
 * (`config.json`, `evaluations/NAME/`), or a folder of several runs, such as the demo's.
 */

import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseJson } from "@soft-tokens/graders";
import { type GridAblation, type GridFile, readGridFile } from "../grid/grid-file.ts";
import type { MetricsRow, TrainingKind } from "../report/data.ts";
import { kindOf, readTraining } from "../report/read-run.ts";
import { RESULTS_FILE } from "../runner/evaluation-folder.ts";

export interface FoundRun {
  readonly name: string;
  /** Seeds of one training share it. */
  readonly variant: string;
  readonly kind: TrainingKind;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly metrics: readonly MetricsRow[];
  readonly evaluations: readonly FoundEvaluation[];
  readonly warnings: readonly string[];
}

interface FoundEvaluation {
  /** Holds, or is going to hold, `results.json` and `samples.jsonl`. */
  readonly path: string;
  /** What a grid says of it before it has begun. */
  readonly task?: GridFile["tasks"][number];
  /** Where a grid varies a setting: the value that this one has. */
  readonly ablation?: GridAblation;
}

export interface FoundRuns {
  readonly grid: GridFile | null;
  readonly runs: readonly FoundRun[];
}

/** No runs where there is nothing to report on. @throws EvaluationError RESULTS_UNREADABLE for a broken `grid.json` */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const grid = await readGridFile(folder);
  if (grid) return { grid, runs: grid.runs.map((run) => runOfGrid(folder, grid, run)) };
  const own = await findRun(folder);
  if (own) {
    const name = (await modelOfEvaluation(folder)) ?? own.name;
    return { grid: null, runs: [{ ...own, name, variant: name }] };
  }
  const found: FoundRun[] = [];
  for (const name of await listFolders(folder)) {
    const run = await findRun(join(folder, name));
    if (run) found.push(run);
  }
  return { grid: null, runs: found.sort((a, b) => rank(a) - rank(b)) };
}

/** Where a grid keeps a run's evaluation of a task. */
export function gridEvaluationFolder(folder: string, run: string, task: string): string {
  return join(folder, run, "evaluations", task);
}

/** Where a grid keeps a run's evaluation of a task with one setting changed. */
export function gridAblationFolder(
  folder: string,
  run: string,
  { setting, value }: Pick<GridAblation, "setting" | "value">,
  task: string,
): string {
  return join(folder, run, "ablations", `${setting}-${value}`, task);
}

function runOfGrid(folder: string, grid: GridFile, run: GridFile["runs"][number]): FoundRun {
  return {
    name: run.name,
    variant: run.variant,
    kind: kindOf(run.variant) ?? "other",
    settings: run.settings ?? {},
    metrics: [],
    evaluations: [
      ...grid.tasks.map((task) => ({ path: gridEvaluationFolder(folder, run.name, task.name), task })),
      ...(grid.ablations ?? []).flatMap((ablation) =>
        grid.tasks
          .filter((task) => !ablation.isMain && ablation.tasks.includes(task.name))
          .map((task) => ({
            path: gridAblationFolder(folder, run.name, ablation, task.name),
            task,
            ablation,
          })),
      ),
    ],
    warnings: [],
  };
}

async function findRun(folder: string): Promise<FoundRun | null> {
  const files = new Set(await listNames(folder));
  const isEvaluation = files.has(RESULTS_FILE);
  if (!isEvaluation && !files.has("config.json") && !files.has("evaluations")) return null;
  const inside = (await listFolders(join(folder, "evaluations"))).map((name) =>
    join(folder, "evaluations", name),
  );
  const training = await readTraining(folder);
  const { options, resolved, ...settings } = training.settings;
  return {
    ...training,
    kind: kindOf(recordOf(options).thought) ?? training.kind,
    settings: { ...settings, ...recordOf(options), ...recordOf(resolved) },
    name: basename(resolve(folder)),
    variant: basename(resolve(folder)),
    evaluations: [...(isEvaluation ? [folder] : []), ...inside].map((path) => ({ path })),
  };
}

/** A config may hold anything where its options should be. */
function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** One evaluation alone is called by its model: the folder is named by its task as likely as not. Null for a training run. */
async function modelOfEvaluation(folder: string): Promise<string | null> {
  if ((await listNames(folder)).includes("config.json")) return null;
  try {
    const results: unknown = parseJson(await readFile(join(folder, RESULTS_FILE), "utf8"));
    const { model } = results as { readonly model?: unknown };
    return typeof model === "string" && basename(model) !== "" ? basename(model) : null;
  } catch {
    return null; // none yet, or none that can be read, which its reader tells
  }
}

/** The base model first: the others are compared with it. */
function rank({ kind }: FoundRun): number {
  return ["base", "hard", "fuzzy", "soft", "other"].indexOf(kind);
}

async function listFolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch {
    return []; // not there, or not yet
  }
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
