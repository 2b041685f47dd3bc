/** One colour per kind of training, the same in every table and chart; the stylesheet defines both schemes. */

import type { ReportTraining, TrainingKind } from "./data.ts";

/** How a training is drawn. */
export interface TrainingStyle {
  readonly name: string;
  readonly kind: TrainingKind;
  /** CSS colour that follows the page's scheme. */
  readonly colour: string;
  /** Tells trainings of one kind apart; empty for the first. */
  readonly dashes: string;
}

const DASHES = ["", "5 3", "2 2", "8 3 2 3"];

export function styleOf(trainings: readonly ReportTraining[], index: number): TrainingStyle {
  const { name, kind } = trainings[index] as ReportTraining;
  const earlier = trainings.slice(0, index).filter((training) => training.kind === kind).length;
  return { name, kind, colour: `var(--${kind})`, dashes: DASHES[earlier % DASHES.length] as string };
}
