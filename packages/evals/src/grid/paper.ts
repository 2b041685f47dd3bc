/**
 * Figures of the paper, "Soft Tokens, Hard Truths" (arXiv:2509.19170), that can stand beside ours: only those this project
 * has in writing. A figure that is not here is shown as "not given here"; none is read off a plot or made up.
 */

import type { InferenceMode } from "../contract.ts";
import type { TrainingKind } from "../report/data.ts";
import type { AblatedSetting, AblationValue } from "./ablations.ts";

/** What is measured: pass@k of a mode, or the mean negative log-likelihood per token of the right answer. */
export type PaperMetric =
  | { readonly name: "passAt"; readonly mode: InferenceMode; readonly k: number }
  | { readonly name: "nllPerToken" };

export interface PaperFigure {
  /** As our tasks are named. */
  readonly task: string;
  /** The model that the paper trained on GSM8K. */
  readonly model: string;
  readonly training: TrainingKind;
  readonly metric: PaperMetric;
  /** A share for pass@k, nats for likelihoods. */
  readonly value: number;
}

const LLAMA_3B = "Llama-3.2-3B";
const LLAMA_8B = "Llama-3.1-8B";

export const PAPER_FIGURES: readonly PaperFigure[] = [
  ...hardInference("gsm8k", "base", 71.4, 45.0, 96.8),
  ...hardInference("gsm8k", "hard", 75.9, 74.3, 94.1),
  ...hardInference("gsm8k", "fuzzy", 76.7, 66.4, 97.4),
  ...hardInference("gsm8k", "soft", 77.2, 70.6, 97.9),
  ...hardInference("math500", "base", 38.0, 25.2, 82.0),
  ...hardInference("math500", "hard", 34.6, 31.3, 72.4),
  ...hardInference("math500", "fuzzy", 42.6, 32.4, 83.2),
  ...hardInference("math500", "soft", 43.5, 37.2, 84.8),
  ...(
    [
      ["base", 44.4],
      ["hard", 20.2],
      ["fuzzy", 44.6],
      ["soft", 44.7],
    ] as const
  ).map(([training, value]): PaperFigure => passAt("math500", LLAMA_8B, training, "hard-greedy", 1, value)),
  ...(
    [
      ["base", 2.86],
      ["hard", 3.16],
      ["fuzzy", 2.89],
      ["soft", 2.89],
    ] as const
  ).map(
    ([training, value]): PaperFigure => ({
      task: "arc",
      model: LLAMA_3B,
      training,
      metric: { name: "nllPerToken" },
      value,
    }),
  ),
];

/** The paper's main model: the one whose figures stand in our tables. */
export const PAPER_MODEL = LLAMA_3B;

/** method.md section 8: what the paper varied in training, and what of the outcome is known here. */
const PAPER_ABLATIONS: Readonly<Record<AblatedSetting, Readonly<Record<string, string>>>> = {
  "noise-scale": { "0.1": "tried", "0.33": "its setting", "1": "tried", "3": "collapses" },
  temperature: {
    "0.0001": "its fuzzy",
    "0.001": "tried",
    "0.01": "tried",
    "0.1": "tried",
    "0.5": "its soft",
  },
  "noise-place": {
    embedding: "its setting",
    hidden: "tried",
    logits: "tried",
    "logits-top5": "tried",
    "logits-top50": "tried",
  },
};

/** What the paper did with a setting's value; null where it did not try it. */
export function paperAblation(setting: AblatedSetting, value: AblationValue): string | null {
  return PAPER_ABLATIONS[setting][String(value)] ?? null;
}

/** The figure, or null where it is not given here. */
export function paperFigure(
  task: string,
  training: TrainingKind,
  metric: PaperMetric,
  model = PAPER_MODEL,
): number | null {
  const found = PAPER_FIGURES.find(
    (figure) =>
      figure.task === paperTask(task) &&
      figure.training === training &&
      figure.model === model &&
      figure.metric.name === metric.name &&
      (figure.metric.name !== "passAt" ||
        (metric.name === "passAt" && figure.metric.mode === metric.mode && figure.metric.k === metric.k)),
  );
  return found?.value ?? null;
}

/** Task names are ours; a file may be named after the set ("MATH-500", "gsm8k_test"). */
function paperTask(task: string): string {
  return task
    .toLowerCase()
    .replace(/[^a-z0-9]/gu, "")
    .replace(/test$/u, "");
}

function hardInference(
  task: string,
  training: TrainingKind,
  greedy: number,
  sampled: number,
  sampledAt32: number,
): PaperFigure[] {
  return [
    passAt(task, LLAMA_3B, training, "hard-greedy", 1, greedy),
    passAt(task, LLAMA_3B, training, "hard-sample", 1, sampled),
    passAt(task, LLAMA_3B, training, "hard-sample", 32, sampledAt32),
  ];
}

function passAt(
  task: string,
  model: string,
  training: TrainingKind,
  mode: InferenceMode,
  k: number,
  percent: number,
): PaperFigure {
  return {
    task,
    model,
    training,
    metric: { name: "passAt", mode, k },
    value: Math.round(10 * percent) / 1000,
  };
}
