/** Which of a run's flat `group/name` metrics are drawn first, and in what words. Names not found are left out. */

import type { MetricsRow } from "./data.ts";

interface Curve {
  readonly title: string;
  readonly note: string;
  /** The first of these that any training has. */
  readonly metrics: readonly string[];
  readonly isLog?: boolean;
  /** The values are shares. */
  readonly isPercent?: boolean;
}

const CURVES: readonly Curve[] = [
  { title: "Reward", note: "mean of a step's samples", metrics: ["reward/mean"] },
  { title: "Correct", note: "share of a step's samples", metrics: ["reward/correct"], isPercent: true },
  {
    title: "Validation",
    note: "held-out problems, greedy",
    metrics: ["validation/accuracy"],
    isPercent: true,
  },
  { title: "Entropy", note: "nats per thought step", metrics: ["thought/entropy"] },
  {
    title: "Gradient norm",
    note: "before the clip, log scale",
    metrics: ["optim/gradientNorm"],
    isLog: true,
  },
  {
    title: "Log-probability gap",
    note: "relative, log scale",
    metrics: ["logprob/gapRelative", "logprob/gap"],
    isLog: true,
  },
  { title: "Thought length", note: "steps", metrics: ["thought/length"] },
  { title: "Boxed", note: "share of answers in a closed box", metrics: ["reward/boxed"], isPercent: true },
];

/** How many are drawn first: full rows of three. */
const MOST_CURVES = 6;

/** A curve with the metric that was found for it. */
export interface FoundCurve extends Curve {
  readonly metric: string;
}

/** The curves to draw first, and the names of all other metrics. */
export function chooseCurves(rows: readonly MetricsRow[]): { curves: FoundCurve[]; others: string[] } {
  const names = new Set(rows.flatMap(({ values }) => Object.keys(values)));
  const curves = CURVES.flatMap((curve) => {
    const metric = curve.metrics.find((name) => names.has(name));
    return metric === undefined ? [] : [{ ...curve, metric }];
  }).slice(0, MOST_CURVES);
  const shown = new Set(curves.map(({ metric }) => metric));
  return { curves, others: [...names].filter((name) => !shown.has(name)).sort() };
}
