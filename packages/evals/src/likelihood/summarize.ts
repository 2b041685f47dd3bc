/** Rows of a likelihood evaluation -> its metrics. Pure: the order in which rows came does not matter. */

import {
  type BootstrapOptions,
  bootstrapMean,
  type Interval,
  meanInterval,
} from "../statistics/intervals.ts";
import { choiceLength } from "./forms.ts";
import type { LikelihoodMetrics, LikelihoodResults, LikelihoodRow } from "./schema.ts";

/** @throws RangeError for no rows */
export function summarizeLikelihood(
  rows: readonly LikelihoodRow[],
  bootstrap: BootstrapOptions,
): LikelihoodMetrics {
  if (rows.length === 0) throw new RangeError("summarizeLikelihood: no rows");
  const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1)); // resuming must not move an interval
  const acc_Q = sorted.map((row) => Number(likeliest(row) === row.gold));
  const norm_Q = sorted.map((row) => Number(likeliest(row, ({ text }) => choiceLength(text)) === row.gold));
  const right = sorted.map((row) => row.choices[row.gold] as LikelihoodRow["choices"][number]);
  const nll_Q = right.map(({ logProb, tokens }) => -logProb / tokens);
  const accuracy = mean(acc_Q);
  const interval: Interval = meanInterval(acc_Q, bootstrap);
  return {
    accuracy,
    passAt: { "1": accuracy },
    acc: accuracy,
    acc_norm: mean(norm_Q),
    nllPerToken: mean(nll_Q),
    nllPerTokenPooled:
      right.reduce((sum, { logProb }) => sum - logProb, 0) /
      right.reduce((sum, { tokens }) => sum + tokens, 0),
    intervals: {
      accuracy: interval,
      passAt: { "1": interval },
      acc: interval,
      acc_norm: meanInterval(norm_Q, bootstrap),
      nllPerToken: { ...bootstrapMean(nll_Q, bootstrap), method: "bootstrap" },
    },
  };
}

/** The same for each group, by name; none where rows have no group. */
export function summarizeGroups(
  rows: readonly LikelihoodRow[],
  bootstrap: BootstrapOptions,
): LikelihoodResults["groups"] {
  const groups = new Map<string, LikelihoodRow[]>();
  for (const row of rows) {
    if (row.group === undefined) continue;
    const group = groups.get(row.group) ?? [];
    groups.set(row.group, group);
    group.push(row);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, group]) => ({
      name,
      questions: group.length,
      metrics: summarizeLikelihood(group, bootstrap),
    }));
}

/** Index of the choice with the largest log-probability per `length`; the first of equals, as numpy's argmax takes. */
export function likeliest(
  { choices }: Pick<LikelihoodRow, "choices">,
  length: (choice: LikelihoodRow["choices"][number]) => number = () => 1,
): number {
  const scores = choices.map((choice) => choice.logProb / length(choice));
  return scores.indexOf(Math.max(...scores));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
