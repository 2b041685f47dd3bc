/** A grid as CSV (one row per figure, for spreadsheets) and as Markdown (the paper's tables, for reading and pasting). */

import { type Ablation, type AblationRow, type AblationSeries, ablationCell } from "./ablations.ts";
import type { GridDifference } from "./differences.ts";
import { type AblationFigure, type GridFigure, gridFigures } from "./figures.ts";
import { PAPER_MODEL, paperAblation } from "./paper.ts";
import type { PaperCell, PaperTable } from "./paper-tables.ts";

const CSV_COLUMNS = [
  "variant",
  "task",
  "mode",
  "metric",
  "value",
  "low",
  "high",
  "seeds",
  "standardError",
  "questions",
  "samples",
  "setting",
  "settingValue",
] as const satisfies readonly (keyof AblationFigure)[];

/** RFC 4180, numbers in full, a header line. `setting` and its value are empty where nothing was varied. */
export function gridCsv(figures: readonly (GridFigure | AblationFigure)[]): string {
  const rows = figures.map((figure) => {
    const named: Partial<AblationFigure> = figure;
    return CSV_COLUMNS.map((column) => csvField(named[column] ?? null)).join(",");
  });
  return `${[CSV_COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

function csvField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  // A spreadsheet runs what begins like a formula; numbers are ours.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export interface GridMarkdown {
  readonly title: string;
  readonly tables: readonly PaperTable[];
  readonly differences: readonly GridDifference[];
  /** What was varied, in training and at inference. */
  readonly ablations?: readonly Ablation[];
  /** Sentences put first, such as what is not complete. */
  readonly notes?: readonly string[];
}

/** Tables with the paper's figure and ours in every cell, then the paired differences. */
export function gridMarkdown(options: GridMarkdown): string {
  const { title, tables, differences, ablations = [], notes = [] } = options;
  const lines = [
    `# ${title}`,
    "",
    `Percent; 95 % intervals in brackets; ± is the standard error over seeds. Paper: ${PAPER_MODEL} trained on GSM8K ` +
      "(arXiv:2509.19170); `-` where its figure is not given here.",
    ...notes.flatMap((note) => ["", note]),
    ...tables.flatMap((table) => ["", ...tableLines(table)]),
    ...differenceLines(differences),
    ...ablations.flatMap((ablation) => ["", ...ablationLines(ablation)]),
  ];
  return `${lines.join("\n")}\n`;
}

function tableLines({ title, task, columns, rows }: PaperTable): string[] {
  const header = ["training", ...columns.flatMap((column) => [`${column}, paper`, `${column}, ours`])];
  return [
    `## ${title}, ${task}`,
    "",
    markdownRow(header),
    markdownRow(header.map((_, index) => (index === 0 ? "---" : "---:"))),
    ...rows.map(({ variant, cells }) =>
      markdownRow([variant, ...cells.flatMap((cell) => [formatPaper(cell), formatOurs(cell)])]),
    ),
  ];
}

function ablationLines({ at, title, task, setting, rows, series }: Ablation): string[] {
  const place = at === "training" ? `in training, ${series[0]?.name ?? ""}` : "at inference";
  const header = [title, "paper", ...series.map(({ name, mode }) => `${name} ${mode}`)];
  return [
    `## Ablation: ${title} ${place}, ${task}`,
    "",
    markdownRow(header),
    markdownRow(header.map((_, index) => (index < 2 ? "---" : "---:"))),
    ...rows.map((row) =>
      markdownRow([
        row.variant === undefined ? String(row.value) : `${row.value} (${row.variant})`,
        paperAblation(setting, row.value) ?? "-",
        ...series.map((one) => formatPoint(one, row)),
      ]),
    ),
  ];
}

function formatPoint(series: AblationSeries, row: AblationRow): string {
  const cell = ablationCell(series, row);
  const { mode } = series;
  const figure = cell
    ? gridFigures([cell]).find((one) => one.mode === mode && one.metric === "accuracy")
    : undefined;
  return formatOurs({ ours: figure ?? null, paper: null, unit: "percent" });
}

function differenceLines(differences: readonly GridDifference[]): string[] {
  if (differences.length === 0) return [];
  const header = ["task", "mode", "from", "to", "difference", "interval", "gained", "lost"];
  return [
    "",
    "## Paired differences in accuracy",
    "",
    "Points, with the interval of the paired difference; * where it leaves out zero. Gained and lost are questions.",
    "",
    markdownRow(header),
    markdownRow(header.map((_, index) => (index < 4 ? "---" : "---:"))),
    ...differences.map((of) =>
      markdownRow([
        of.task,
        of.mode,
        of.from,
        of.to,
        `${signed(of.difference)}${of.isClear ? "*" : ""}`,
        `${signed(of.low)} to ${signed(of.high)}`,
        String(of.gained.length),
        String(of.lost.length),
      ]),
    ),
  ];
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replace(/\s+/gu, " ").replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The paper's figure, or a dash. */
export function formatPaper({ paper, unit }: PaperCell): string {
  return paper === null ? "-" : formatValue(paper, unit);
}

/** Ours with interval and standard error: "71.4 ± 0.8 [69.0, 73.8]". */
function formatOurs({ ours, unit }: PaperCell): string {
  if (!ours) return "not run";
  const error = ours.standardError === null ? "" : ` ± ${formatValue(ours.standardError, unit)}`;
  const bounds =
    ours.low === null || ours.high === null
      ? ""
      : ` [${formatValue(ours.low, unit)}, ${formatValue(ours.high, unit)}]`;
  return `${formatValue(ours.value, unit)}${error}${bounds}`;
}

/** 0.714 -> "71.4", 2.8612 nats -> "2.861". */
export function formatValue(value: number, unit: PaperCell["unit"]): string {
  return unit === "percent" ? (100 * value).toFixed(1) : value.toFixed(3);
}

function signed(share: number): string {
  const text = (100 * share).toFixed(1);
  return text.startsWith("-") || text === "0.0" ? text : `+${text}`;
}
