/** The report's data arranged as its sections read it: per task, one evaluation per training. */

import { INFERENCE_MODES, type InferenceMode } from "../contract.ts";
import { samplesAddress } from "../explorer/section.ts";
import type { AblatedCell } from "../grid/ablations.ts";
import type { GridCell } from "../grid/figures.ts";
import { modeResult } from "../results/comparison.ts";
import type { ModeResult } from "../results/schema.ts";
import type { ReportData, ReportEvaluation, ReportTraining } from "./data.ts";
import { type Html, html } from "./html.ts";
import { styleOf, type TrainingStyle } from "./theme.ts";

export interface TrainingView {
  readonly training: ReportTraining;
  readonly style: TrainingStyle;
}

/** One training's evaluation of a task. */
export interface EvaluationView extends TrainingView, ReportEvaluation {}

export interface TaskView {
  readonly task: string;
  /** In the order of the trainings. */
  readonly evaluations: readonly EvaluationView[];
  /** Modes that at least one training was evaluated in. */
  readonly modes: readonly InferenceMode[];
}

export interface ReportView {
  readonly trainings: readonly TrainingView[];
  /** Tasks with thoughts; those scored by likelihood are apart. */
  readonly tasks: readonly TaskView[];
  readonly likelihoodTasks: readonly TaskView[];
  /** Whether samples lie beside the page, so that figures can link to them. */
  readonly hasExplorer: boolean;
  /** Whether the paper's figures stand beside ours. */
  readonly isGrid: boolean;
  /** Settings that were varied at inference. */
  readonly ablated: readonly AblatedCell[];
}

export function arrange(data: ReportData): ReportView {
  const trainings = data.trainings.map((training, index) => ({
    training,
    style: styleOf(data.trainings, index),
  }));
  // The same name with other questions is another task: their figures must not stand in one table.
  const keyOf = ({ results }: ReportEvaluation) => `${results.task} ${results.checksum}`;
  const started = (training: ReportTraining) =>
    training.evaluations.filter(({ results }) => results.results.length > 0);
  const keys = new Set(data.trainings.flatMap((training) => started(training).map(keyOf)));
  const tasks = [...keys].map((key): TaskView => {
    const evaluations = trainings.flatMap((view) => {
      const evaluation = started(view.training).findLast((candidate) => keyOf(candidate) === key);
      return evaluation ? [{ ...view, ...evaluation }] : [];
    });
    return {
      task: (evaluations[0] as EvaluationView).results.task,
      evaluations,
      modes: INFERENCE_MODES.filter((mode) => evaluations.some(({ results }) => modeResult(results, mode))),
    };
  });
  const isLikelihood = ({ evaluations }: TaskView) =>
    evaluations.some(({ results }) =>
      results.results.some(({ metrics }) => metrics.nllPerToken !== undefined),
    );
  return {
    trainings,
    tasks: tasks.filter((task) => !isLikelihood(task)),
    likelihoodTasks: tasks.filter(isLikelihood),
    hasExplorer: data.explorer !== undefined,
    isGrid: data.isGrid ?? false,
    ablated: data.ablated ?? [],
  };
}

/** The tables' cells: a training on a task, with its seeds. */
export function cellsOf(tasks: readonly TaskView[]): GridCell[] {
  return tasks.flatMap(({ task, evaluations }) =>
    evaluations.map(({ style, results, seeds }) => ({
      variant: style.name,
      kind: style.kind,
      task,
      seeds: seeds ?? [results],
      pooled: results,
    })),
  );
}

/** Wraps a figure in a link to the samples behind it, where there is an explorer. */
export function linkToSamples(
  { hasExplorer }: ReportView,
  figure: Html,
  at: { readonly training: Pick<ReportTraining, "name">; readonly task: string; readonly mode: string } & {
    readonly show?: string;
    readonly against?: ReportTraining;
  },
): Html {
  if (!hasExplorer) return figure;
  const href = samplesAddress({
    task: at.task,
    run: at.training.name,
    mode: at.mode,
    ...(at.show !== undefined && { show: at.show }),
    ...(at.against && { against: at.against.name }),
  });
  return html`<a class="to-samples" href="${href}" title="the samples behind this figure">${figure}</a>`;
}

/** Evaluations of a task that have a mode, with its result. */
export function withMode(
  task: TaskView,
  mode: InferenceMode,
): readonly { readonly view: EvaluationView; readonly result: ModeResult }[] {
  return task.evaluations.flatMap((view) => {
    const result = modeResult(view.results, mode);
    return result ? [{ view, result }] : [];
  });
}

/** Whether a mode thinks in the tokens that a training learned with. */
export function isOwnMode(style: TrainingStyle, mode: InferenceMode): boolean {
  return mode.startsWith(`${style.kind}-`);
}

/** 0.714 -> "71.4". */
export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** 0.032 -> "+3.2", with a real minus sign. */
export function signedPoints(share: number): string {
  const text = (100 * Math.abs(share)).toFixed(1);
  return text === "0.0" ? "±0.0" : `${share < 0 ? "−" : "+"}${text}`;
}
