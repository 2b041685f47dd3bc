/**
 * The paper's tables with ours beside them, as plain rows that Markdown and the page both render.
 *
 *   Table 1      hard inference after each training: greedy, pass@1, pass@32
 *   Tables 3-5   the same trainings in all six inference modes, one table per task
 *   Table 2      out of domain: accuracy, and negative log-likelihood per token of the right answer
 *
 * A cell without a paper figure says so; a cell without ours was not run.
 */

import { INFERENCE_MODES, type InferenceMode } from "../contract.ts";
import type { TrainingKind } from "../report/data.ts";
import type { GridCell, GridFigure } from "./figures.ts";
import { gridFigures } from "./figures.ts";
import { type PaperMetric, paperFigure } from "./paper.ts";

export interface PaperCell {
  readonly paper: number | null;
  readonly ours: GridFigure | null;
  /** Shares are shown as percents, nats as they are. */
  readonly unit: "percent" | "nats";
}

export interface PaperTable {
  readonly id: "table-1" | "table-2" | "tables-3-5";
  readonly title: string;
  readonly task: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly variant: string;
    readonly kind: TrainingKind;
    readonly cells: readonly PaperCell[];
  }[];
}

interface Column {
  readonly title: string;
  readonly mode?: InferenceMode;
  readonly metric: string;
  readonly paper: PaperMetric | null;
  readonly unit: PaperCell["unit"];
}

/** The last one is the paper's pass@32, or ours of fewer samples, which has no figure of the paper's beside it. */
const HARD_COLUMNS: readonly Column[] = [
  passAtColumn("greedy", "hard-greedy", 1),
  ...[1, 2, 4, 8, 16, 32].map((k) => passAtColumn(`pass@${k}`, "hard-sample", k)),
];

const MODE_COLUMNS: readonly Column[] = INFERENCE_MODES.map((mode) =>
  passAtColumn(mode.replace("-", " "), mode, 1),
);

const LIKELIHOOD_COLUMNS: readonly Column[] = [
  { title: "accuracy", metric: "accuracy", paper: null, unit: "percent" },
  { title: "accuracy, by length", metric: "accuracyNormalized", paper: null, unit: "percent" },
  { title: "NLL per token", metric: "nllPerToken", paper: { name: "nllPerToken" }, unit: "nats" },
];

/** Tables that have at least one figure of ours, by number and task. */
export function paperTables(cells: readonly GridCell[]): PaperTable[] {
  const tasks = [...new Set(cells.map(({ task }) => task))];
  const build = (id: PaperTable["id"], title: string, columns: readonly Column[], isLikelihood: boolean) =>
    tasks.flatMap((task): PaperTable[] => {
      const ofTask = cells.filter((cell) => cell.task === task && isLikelihoodCell(cell) === isLikelihood);
      const figures = gridFigures(ofTask);
      const found = columns.filter(({ metric, mode }) =>
        figures.some((figure) => matches(figure, metric, mode)),
      );
      const shown = columns === HARD_COLUMNS ? withoutMiddle(found) : found;
      if (shown.length === 0) return [];
      const rows = ofTask.map((cell) => ({
        variant: cell.variant,
        kind: cell.kind,
        cells: shown.map((column) => paperCell(cell, column)),
      }));
      return [{ id, title, task, columns: shown.map((column) => column.title), rows }];
    });
  return [
    ...build("table-1", "Table 1: hard inference", HARD_COLUMNS, false),
    ...build("table-2", "Table 2: out of domain", LIKELIHOOD_COLUMNS, true),
    ...build("tables-3-5", "Tables 3 to 5: six inference modes", MODE_COLUMNS, false),
  ];
}

/** Greedy, pass@1 and the largest k. */
function withoutMiddle(columns: readonly Column[]): Column[] {
  const between = (column: Column) =>
    column.mode === "hard-sample" && column.metric !== "accuracy" && column !== columns.at(-1);
  return columns.filter((column) => !between(column));
}

/** Whether a cell was scored by likelihood, not by generation. */
function isLikelihoodCell({ pooled }: GridCell): boolean {
  return pooled.results.some(({ metrics }) => metrics.nllPerToken !== undefined);
}

function passAtColumn(title: string, mode: InferenceMode, k: number): Column {
  return {
    title,
    mode,
    metric: k === 1 ? "accuracy" : `pass@${k}`,
    paper: { name: "passAt", mode, k },
    unit: "percent",
  };
}

function paperCell(cell: GridCell, { metric, mode, paper, unit }: Column): PaperCell {
  return {
    paper: paper && paperFigure(cell.task, cell.kind, paper),
    ours: gridFigures([cell]).find((figure) => matches(figure, metric, mode)) ?? null,
    unit,
  };
}

function matches(figure: GridFigure, metric: string, mode: InferenceMode | undefined): boolean {
  return figure.metric === metric && (mode === undefined || figure.mode === mode);
}
