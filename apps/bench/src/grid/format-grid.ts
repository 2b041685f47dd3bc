/** A grid's figures as text: one table per task, generation in six modes, likelihood with the paper's figure beside ours. */

import { formatGrid } from "@soft-tokens/evals";
import {
  formatPaper,
  formatValue,
  type GridCell,
  type GridRun,
  gridCells,
  type PaperTable,
  paperTables,
} from "@soft-tokens/evals/report";
import { count } from "../evaluate/source-notes.ts";

/** No trailing newline. */
export function formatGridTables(runs: readonly GridRun[]): string {
  const cells = gridCells(runs);
  const likelihood = paperTables(cells).filter(({ id }) => id === "table-2");
  const tasks = [...new Set(cells.map(({ task }) => task))];
  return tasks
    .map((task) => {
      const table = likelihood.find((of) => of.task === task);
      const ofTask = cells.filter((cell) => cell.task === task);
      return table ? likelihoodTable(table, ofTask) : generationTable(ofTask);
    })
    .join("\n\n");
}

function generationTable(cells: readonly GridCell[]): string {
  const seeds = cells.filter(({ seeds: of }) => of.length > 1);
  const note = seeds.map(
    ({ variant, seeds: of }) => `${variant}: mean over ${of.length} seeds, samples of all counted`,
  );
  return [
    formatGrid(
      cells.map(({ variant, pooled }) => ({ training: variant, results: pooled })),
      { columns: process.stdout.columns },
    ),
    ...note,
  ].join("\n");
}

function likelihoodTable({ task, columns, rows }: PaperTable, cells: readonly GridCell[]): string {
  const questions = cells[0]?.pooled.questions ?? 0;
  const body = rows.map(({ variant, cells: figures }) => [
    variant,
    ...figures.map((cell) => {
      const { ours, unit } = cell;
      if (!ours) return "not run";
      const bounds =
        ours.low === null || ours.high === null
          ? ""
          : ` [${formatValue(ours.low, unit)}, ${formatValue(ours.high, unit)}]`;
      const paper = cell.paper === null ? "" : ` (paper ${formatPaper(cell)})`;
      return `${formatValue(ours.value, unit)}${bounds}${paper}`;
    }),
  ]);
  const short = (name: string) => name.replace("accuracy, by length", "by length"); // or the table is wider than a terminal
  const table = [["training", ...columns.map(short)], ...body];
  const widths = columns.map((_, column) => Math.max(...table.map((row) => (row[column + 1] ?? "").length)));
  const nameWidth = Math.max(...table.map(([name]) => (name ?? "").length));
  return [
    `${task}: by likelihood, ${count(questions, "question")}`,
    "accuracy in % (also by length of the answer), NLL in nats, 95 % intervals",
    "",
    ...table.map(([name = "", ...texts]) =>
      `${name.padEnd(nameWidth)}  ${texts.map((text, column) => text.padStart(widths[column] as number)).join("  ")}`.trimEnd(),
    ),
  ].join("\n");
}
