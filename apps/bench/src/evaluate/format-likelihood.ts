/** Results of a likelihood task as text of at most 100 columns. */

import type { LikelihoodMetrics, LikelihoodResults } from "@soft-tokens/evals";
import { count, sourceNotes } from "./source-notes.ts";

export function formatLikelihood(results: LikelihoodResults): string {
  const { task, questions, metrics, groups, truncated } = results;
  const rows = groups.map((group) => [group.name, String(group.questions), ...cells(group.metrics)]);
  if (metrics) rows.push([groups.length > 0 ? "all" : task, String(questions), ...cells(metrics)]);
  const notes = [
    ...(truncated > 0
      ? [`${count(truncated, "context")} longer than the model's positions lost the beginning`]
      : []),
    ...sourceNotes(results),
  ];
  return [
    `${task}: accuracy in % by log-probability (acc) and per character (acc_norm), nats per token of`,
    `the right answer (nll), ${count(questions, "question")}, 95 % intervals`,
    "",
    ...table([["", "questions", "acc", "acc_norm", "nll"], ...rows]),
    ...(notes.length > 0 ? ["", ...notes] : []),
  ].join("\n");
}

function cells({ acc, acc_norm, nllPerToken, intervals }: LikelihoodMetrics): string[] {
  const percent = (value: number) => (100 * value).toFixed(1);
  const range = ({ low, high }: { low: number; high: number }, show: (value: number) => string) =>
    `[${show(low)}, ${show(high)}]`;
  const nats = (value: number) => value.toFixed(3);
  return [
    `${percent(acc)} ${range(intervals.acc, percent)}`,
    `${percent(acc_norm)} ${range(intervals.acc_norm, percent)}`,
    `${nats(nllPerToken)} ${range(intervals.nllPerToken, nats)}`,
  ];
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? "").length), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number),
      )
      .join("  ")
      .trimEnd(),
  );
}
