/** The report's data arranged as its sections read it: per task, one evaluation per training. */

import { INFERENCE_MODES, type InferenceMode } from "../contract.ts";
import { modeResult } from "../results/comparison.ts";
import type { ModeResult } from "../results/schema.ts";
import type { ReportData, ReportEvaluation, ReportTraining } from "./data.ts";
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
  readonly tasks: readonly TaskView[];
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
  return { trainings, tasks };
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
