/**
 * The grid as plain text for a terminal: one training per two lines, one inference mode per column, modes below each other
 * where the terminal is too narrow. First line: accuracy in percent and the difference to the first training (`*` where its
 * interval leaves out zero); second line: the 95 % interval of the accuracy. And what of one evaluation it has no room for:
 * pass@k and the majority vote.
 */

import { INFERENCE_MODES, type InferenceMode } from "../contract.ts";
import { compareMode, isClear, modeResult } from "./comparison.ts";
import type { EvaluationResults, Metrics } from "./schema.ts";

/** One training's evaluation; the first one given is what the others are compared with. */
export interface GridEntry {
  readonly training: string;
  readonly results: EvaluationResults;
}

const NAME_WIDTH = 14;
const COLUMN_WIDTH = 14;

export interface FormatOptions {
  /** Width of the terminal. Defaults to 100. */
  readonly columns?: number | undefined;
}

/** No trailing newline; the empty string for no entries. */
export function formatGrid(
  entries: readonly GridEntry[],
  { columns = DEFAULT_COLUMNS }: FormatOptions = {},
): string {
  const base = entries[0];
  if (!base) return "";
  const modes = INFERENCE_MODES.filter((mode) => entries.some(({ results }) => modeResult(results, mode)));
  const tables = sideBySide(modes, columns).flatMap((some) => ["", ...table(entries, some)]);
  return trimmed([...describe(base.results, columns), ...tables, ...footnotes(entries)]);
}

/**
 * pass@k above 1 and the majority vote of the sampled modes, with intervals. No trailing newline; the empty string where no
 * question has several samples.
 */
export function formatPassAt(
  { results }: EvaluationResults,
  { columns = DEFAULT_COLUMNS }: FormatOptions = {},
): string {
  const sampled = results.filter(({ n }) => n > 1);
  const ks = [...new Set(sampled.flatMap(({ metrics }) => Object.keys(metrics.passAt)))]
    .filter((k) => k !== "1")
    .sort((a, b) => Number(a) - Number(b));
  const measures = [
    ...ks.map((k) => ({
      name: `pass@${k}`,
      of: ({ passAt, intervals }: Metrics) => [passAt[k], intervals.passAt[k]] as const,
    })),
    {
      name: "majority",
      of: ({ majority, intervals }: Metrics) => [majority, intervals.majority] as const,
    },
  ];
  return trimmed(
    sampled.length === 0
      ? []
      : sideBySide(measures, columns).flatMap((some, index) => [
          ...(index > 0 ? [""] : []),
          row(
            "inference",
            some.map(({ name }) => name),
          ),
          ruleOf(some),
          ...sampled.flatMap(({ mode, metrics }) => {
            const cells = some.map(({ of }) => of(metrics));
            return [
              row(
                mode,
                cells.map(([value]) => (value === undefined ? "" : `${percent(value)}       `)),
              ),
              row(
                "",
                cells.map(([, interval]) => (interval ? range(interval) : "")),
              ),
            ];
          }),
          ruleOf(some),
        ]),
  );
}

const DEFAULT_COLUMNS = 100;

/** In as many tables as the width asks for, of about the same number of columns. */
function sideBySide<T>(columns: readonly T[], width: number): T[][] {
  const most = Math.max(1, Math.floor((width - NAME_WIDTH) / COLUMN_WIDTH));
  const each = Math.ceil(columns.length / Math.max(1, Math.ceil(columns.length / most)));
  const tables: T[][] = [];
  for (let from = 0; from < columns.length; from += each) tables.push(columns.slice(from, from + each));
  return tables;
}

function table(entries: readonly GridEntry[], modes: readonly InferenceMode[]): string[] {
  const base = entries[0]?.results;
  return [
    row("training", modes),
    ruleOf(modes),
    ...entries.flatMap(({ training, results }) => {
      const cells = modes.map((mode) => modeResult(results, mode)?.metrics);
      return [
        row(
          training,
          modes.map((mode, index) => {
            const accuracy = cells[index]?.accuracy;
            if (accuracy === undefined) return "";
            const difference = results === base || !base ? null : compareMode(base, results, mode);
            if (!difference) return `${percent(accuracy)}       `;
            return `${percent(accuracy)} ${signed(difference.difference)}${isClear(difference) ? "*" : " "}`;
          }),
        ),
        row(
          "",
          cells.map((metrics) => (metrics ? range(metrics.intervals.accuracy) : "")),
        ),
      ];
    }),
    ruleOf(modes),
  ];
}

function describe(results: EvaluationResults, columns: number): string[] {
  const isSampled = results.results.some((result) => result.n > 1);
  const parts = [
    `${results.task}: accuracy in %`,
    `${results.questions} question${results.questions === 1 ? "" : "s"}`,
    ...(isSampled ? [`${results.n} samples each when sampled`] : []),
    "95 % intervals",
  ];
  const line = parts.join(", ");
  return line.length < columns ? [line] : [`${parts.slice(0, 2).join(", ")},`, parts.slice(2).join(", ")];
}

function footnotes(entries: readonly GridEntry[]): string[] {
  const compared =
    entries.length > 1
      ? [
          `second figure: difference to ${shorten(entries[0]?.training ?? "")}, * where its interval leaves out zero`,
        ]
      : [];
  const failed = entries.flatMap(({ training, results }) => {
    const errors = results.results.reduce((sum, result) => sum + result.outcomes.errors, 0);
    return errors > 0
      ? [`${shorten(training)}: ${errors} samples failed with an error and count as not correct`]
      : [];
  });
  const partial = entries
    .filter(({ results }) => !results.complete)
    .map(({ training }) => `${shorten(training)}: not complete`);
  return [...compared, ...failed, ...partial];
}

function row(name: string, cells: readonly string[]): string {
  return shorten(name).padEnd(NAME_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join("");
}

function shorten(name: string): string {
  return name.length > NAME_WIDTH - 1 ? `${name.slice(0, NAME_WIDTH - 2)}…` : name;
}

function ruleOf(columns: readonly unknown[]): string {
  return "-".repeat(NAME_WIDTH + COLUMN_WIDTH * columns.length);
}

function trimmed(lines: readonly string[]): string {
  return lines.map((line) => line.trimEnd()).join("\n");
}

function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${percent(low)} to ${percent(high)}`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function signed(share: number): string {
  const text = (100 * share).toFixed(1);
  return (text.startsWith("-") ? text : `+${text}`).padStart(5);
}
