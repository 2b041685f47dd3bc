/**
 * What the report shows, as plain values: several trainings, each with its metrics and evaluations. Where they come from
 * (run folders, a demo still in memory) is the caller's business; see `readRun` for folders.
 */

import type { EvaluationResults, SampleRow } from "../results/schema.ts";

/** Decides a training's colour in every table and chart. */
export type TrainingKind = "base" | "hard" | "fuzzy" | "soft" | "other";

/** One line of `metrics.jsonl`: flat `group/name` numbers of one step. */
export interface MetricsRow {
  readonly step: number;
  readonly values: Readonly<Record<string, number>>;
}

/** One evaluation and the samples of it that a reader may look at. */
export interface ReportEvaluation {
  readonly results: EvaluationResults;
  readonly samples: readonly SampleRow[];
}

export interface ReportTraining {
  /** As columns and lines are labelled: "base", "hard", "soft, seed 2". */
  readonly name: string;
  readonly kind: TrainingKind;
  /** Resolved settings, nested or flat; shown side by side. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** By step. Absent for a model that was not trained here. */
  readonly metrics?: readonly MetricsRow[];
  /** One per task; of several of one task the last one counts. */
  readonly evaluations: readonly ReportEvaluation[];
}

export interface ReportData {
  readonly title: string;
  /** One line below the title. */
  readonly subtitle?: string;
  /** Sentences of the caller's, put before the ones that are derived from the numbers. */
  readonly notes?: readonly string[];
  /** The first one is what the others are compared with. */
  readonly trainings: readonly ReportTraining[];
  /** When the page was made, as it is to be read. */
  readonly createdAt?: string;
  readonly versions?: Readonly<Record<string, string>>;
}
