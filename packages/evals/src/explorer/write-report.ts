/** A folder's report as files: `report.html` and, beside it, the samples page by page. */

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { renderReport } from "../report/render-report.ts";
import { writeFailure, writeFileAtomically } from "../results/write-file.ts";
import { openReportFolder, PAGES_FOLDER, type ReportFolder } from "./report-folder.ts";

export interface WriteReportFolderOptions {
  /** Defaults to the folder's name. */
  readonly title?: string;
  readonly subtitle?: string;
  readonly notes?: readonly string[];
  /** As it is to be read. */
  readonly createdAt?: string;
  /** A report that was opened already; defaults to one of `folder`. */
  readonly report?: ReportFolder;
}

export interface WrittenReport {
  /** Path of the page; null where there is nothing to report on. */
  readonly file: string | null;
  readonly pages: number;
  readonly warnings: readonly string[];
}

/** Files that are no longer part of the report are removed. @throws EvaluationError WRITE_FAILED */
export async function writeReportFolder(
  folder: string,
  options: WriteReportFolderOptions = {},
): Promise<WrittenReport> {
  const report = options.report ?? (await openReportFolder(folder));
  await report.refresh();
  if (report.isEmpty) return { file: null, pages: 0, warnings: report.warnings };
  const names = report.pages.names();
  await writePages(join(folder, PAGES_FOLDER), report, names);
  const file = join(folder, "report.html");
  const { notes = [], title = report.title, subtitle, createdAt } = options;
  await writeFileAtomically(
    file,
    renderReport({
      ...report.data,
      title,
      ...(subtitle !== undefined && { subtitle }),
      ...(createdAt !== undefined && { createdAt }),
      notes: [...notes, ...(report.data.notes ?? [])],
    }),
  );
  return { file, pages: names.length, warnings: report.warnings };
}

async function writePages(folder: string, { pages }: ReportFolder, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = join(folder, name);
    const text = (await pages.text(name)) ?? "";
    try {
      if ((await readIfThere(file)) === text) continue; // most of them, where a run was continued
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    } catch (cause) {
      throw writeFailure(file, cause);
    }
  }
  await removeOthers(folder, new Set(names));
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Only what looks like ours: a person may have put something else there. */
async function removeOthers(folder: string, names: ReadonlySet<string>): Promise<void> {
  const tasks = await readdir(folder).catch(() => []);
  for (const task of tasks.filter((name) => /^t\d+$/u.test(name))) {
    for (const name of await readdir(join(folder, task)).catch(() => [])) {
      if (/^(questions|r\d+-m\d+)(-\d+)?\.js$/u.test(name) && !names.has(`${task}/${name}`)) {
        await rm(join(folder, task, name), { force: true });
      }
    }
  }
}
