/**
 * The grid as plain text for a terminal: one training per two lines, one inference mode per column, at most 100 columns
 * wide. First line: accuracy in percent and the difference to the first training (`*` where its interval leaves out zero);
 * second line: the 95 % interval of the accuracy.
 */

import { INFERENCE_MODES } from "../contract.ts";
import { compareMode, isClear, modeResult } from "./comparison.ts";
import type { EvaluationResults } from "./schema.ts";

/** One training's evaluation; the first one given is what the others are compared with. */
export interface GridEntry {
  readonly training: string;
  readonly results: EvaluationResults;
}

const NAME_WIDTH = 14;
const COLUMN_WIDTH = 14;

/** No trailing newline; the empty string for no entries. */
export function formatGrid(entries: readonly GridEntry[]): string {
  const base = entries[0];
  if (!base) return "";
  const modes = INFERENCE_MODES.filter((mode) => entries.some(({ results }) => modeResult(results, mode)));
  const rule = "-".repeat(NAME_WIDTH + COLUMN_WIDTH * modes.length);
  const lines = [
    describe(base.results),
    "",
    row("training", modes),
    rule,
    ...entries.flatMap(({ training, results }) => {
      const cells = modes.map((mode) => modeResult(results, mode)?.metrics);
      return [
        row(
          training,
          modes.map((mode, index) => {
            const accuracy = cells[index]?.accuracy;
            if (accuracy === undefined) return "";
            const difference = results === base.results ? null : compareMode(base.results, results, mode);
            if (!difference) return `${percent(accuracy)}       `;
            return `${percent(accuracy)} ${signed(difference.difference)}${isClear(difference) ? "*" : " "}`;
          }),
        ),
        row(
          "",
          cells.map((metrics) => {
            if (!metrics) return "";
            const { low, high } = metrics.intervals.accuracy;
            return `${percent(low)} to ${percent(high)}`;
          }),
        ),
      ];
    }),
    rule,
    ...footnotes(entries),
  ];
  return lines.map((line) => line.trimEnd()).join("\n");
}

function describe(results: EvaluationResults): string {
  const samples = results.results.some((result) => result.n > 1)
    ? `, ${results.n} samples each when sampled`
    : "";
  return `${results.task}: accuracy in %, ${results.questions} questions${samples}, 95 % intervals`;
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

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function signed(share: number): string {
  const text = (100 * share).toFixed(1);
  return (text.startsWith("-") ? text : `+${text}`).padStart(5);
}
