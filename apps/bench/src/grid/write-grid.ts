/** What a grid leaves behind beside its evaluations: results.json, results.csv, results.md and the report with its samples. */

import { join } from "node:path";
import { writeWhole } from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import {
  type GridFile,
  type GridResults,
  type GridRun,
  gridAblations,
  gridCells,
  gridCsv,
  gridEvaluationFolder,
  gridMarkdown,
  gridResults,
  gridTitle,
  inferenceAblations,
  kindOf,
  openReportFolder,
  paperTables,
  readEvaluation,
  writeReportFolder,
} from "@soft-tokens/evals/report";

export interface WrittenGrid {
  readonly results: GridResults;
  readonly runs: readonly GridRun[];
  /** Path of the page; null where nothing could be shown yet. */
  readonly report: string | null;
  readonly warnings: readonly string[];
}

/** Of everything that the folder holds, also of runs and tasks that this call did not name. */
export async function writeGrid(folder: string, grid: GridFile): Promise<WrittenGrid> {
  const runs = await readRuns(folder, grid);
  const report = await openReportFolder(folder);
  const ablated = report.data.ablated ?? [];
  const results = gridResults(runs, grid.tasks.length, { ablated, isComplete: report.isComplete });
  const cells = gridCells(runs);
  const title = gridTitle(grid);
  writeWhole(join(folder, "results.json"), `${toJson(results, "results.json", 2)}\n`);
  writeWhole(join(folder, "results.csv"), gridCsv([...results.figures, ...results.ablations]));
  writeWhole(
    join(folder, "results.md"),
    gridMarkdown({
      title,
      tables: paperTables(cells),
      differences: results.differences,
      ablations: [...gridAblations(runs, cells), ...inferenceAblations(ablated)],
      notes: results.complete ? [] : ["Not complete: figures are of what exists."],
    }),
  );
  const { file, warnings } = await writeReportFolder(folder, {
    report,
    title,
    subtitle: "Training variants, inference modes and tasks, with the paper's figures beside them.",
    createdAt: new Date().toISOString().slice(0, 16).replace("T", " "),
  });
  return { results, runs, report: file, warnings };
}

async function readRuns(folder: string, grid: GridFile): Promise<GridRun[]> {
  const runs: GridRun[] = [];
  for (const { name, variant, model, settings } of grid.runs) {
    const evaluations = [];
    for (const task of grid.tasks) {
      const { results } = await readEvaluation(gridEvaluationFolder(folder, name, task.name));
      if (results) evaluations.push(results);
    }
    const kind = kindOf(variant) ?? "other";
    runs.push({ name, variant, kind, model, evaluations, ...(settings && { settings }) });
  }
  return runs;
}
