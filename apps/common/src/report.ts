/**
 * `report.html` of a run folder, of a folder of several runs (the demo), or of one evaluation, which gets all its samples
 * beside the page. All read from disk.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  kindOf,
  type ReportTraining,
  readRun,
  renderReport,
  writeReportFolder,
} from "@soft-tokens/evals/report";
import { UsageError } from "./errors.ts";
import { writeWhole } from "./write-whole.ts";

export interface WriteReportOptions {
  readonly title: string;
  readonly subtitle?: string;
  readonly notes?: readonly string[];
  /** Name of a single run or evaluation; default: its folder's. */
  readonly name?: string;
  /** Order of the runs below `folder`; default: by name. The first one is what the others are compared with. */
  readonly order?: readonly string[];
}

/**
 * Writes the page (to a temporary name first) and returns its path. What could not be read is named on the page and on standard error.
 * @throws UsageError when there is nothing to report on
 */
export async function writeReport(folder: string, options: WriteReportOptions): Promise<string> {
  const runs = findRuns(folder, options.order);
  const createdAt = new Date().toISOString().slice(0, 16).replace("T", " ");
  if (isEvaluation(folder)) {
    // Every sample can be looked at, so they lie beside the page.
    const { file, warnings } = await writeReportFolder(folder, { ...options, createdAt });
    warn(warnings);
    if (file) return file;
  }
  if (runs.length === 0) {
    throw new UsageError(
      `${folder}: no config.json or results.json in it or in its folders, so there is nothing to report on`,
    );
  }
  const trainings: ReportTraining[] = [];
  const warnings: string[] = [];
  for (const path of runs) {
    const run = await readRun(path);
    warnings.push(...run.warnings);
    const { options: given = {}, resolved = {} } = run.settings as { options?: object; resolved?: object };
    const settings = { ...run.settings, ...given, ...resolved, options: undefined, resolved: undefined };
    trainings.push({
      name: path === folder ? (options.name ?? run.name) : run.name,
      kind: kindOf((given as { thought?: unknown }).thought) ?? run.kind,
      settings: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)),
      metrics: run.metrics,
      evaluations: run.evaluations,
    });
  }
  const versions = trainings.flatMap((training) =>
    training.evaluations.map(({ results }) => results.versions),
  )[0];
  const page = renderReport({
    title: options.title,
    ...(options.subtitle !== undefined && { subtitle: options.subtitle }),
    notes: [...(options.notes ?? []), ...warnings.map((warning) => `Not read: ${warning}`)],
    trainings,
    createdAt,
    ...(versions && { versions }),
  });
  const file = join(folder, "report.html");
  writeWhole(file, page);
  warn(warnings);
  return file;
}

function warn(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`warning  not read: ${warning}\n`);
}

function isEvaluation(folder: string): boolean {
  return existsSync(join(folder, "results.json")) && !existsSync(join(folder, "config.json"));
}

function findRuns(folder: string, order: readonly string[] | undefined): string[] {
  const isRun = (path: string) =>
    existsSync(join(path, "config.json")) || existsSync(join(path, "results.json"));
  const holdsEvaluations = (path: string) => existsSync(join(path, "evaluations"));
  if (isRun(folder)) return [folder];
  if (!existsSync(folder)) return [];
  const names = order ?? readdirSync(folder).sort();
  return names.map((name) => join(folder, name)).filter((path) => isRun(path) || holdsEvaluations(path));
}
