/**
 * What the report shows, as plain values: several trainings, each with its metrics and evaluations. Where they come from
 * (run folders, a demo still in memory) is the caller's business; see `readRun` for folders.
 */

import type { MixtureProfile } from "../explorer/mixture-profile.ts";
import type { ExplorerData } from "../explorer/section.ts";
import type { AblatedCell } from "../grid/ablations.ts";
import type { LikelihoodResults } from "../likelihood/schema.ts";
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
  /** Of several seeds: their pooled result, see `poolSeeds`. */
  readonly results: EvaluationResults;
  /** The seeds that `results` was pooled from; absent for a single training. */
  readonly seeds?: readonly EvaluationResults[];
  /** Put into the page itself; empty where they lie beside it. */
  readonly samples: readonly SampleRow[];
  /** A likelihood task's figures by subject, of a single training. */
  readonly groups?: LikelihoodResults["groups"];
  /** What the recorded thoughts were made of, by mode. */
  readonly mixtures?: Readonly<Record<string, MixtureProfile>>;
}

/** How far an evaluation that is going on has come. */
export interface ReportProgress {
  readonly run: string;
  readonly kind: TrainingKind;
  readonly task: string;
  readonly mode: string;
  readonly done: number;
  /** 0 where it is not known. */
  readonly total: number;
  /** Share of right samples so far; null before the first. */
  readonly accuracy: number | null;
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
  /** Samples that lie beside the page, in files of their own. */
  readonly explorer?: ExplorerData;
  /** Puts the paper's figures beside ours, and adds differences of all pairs and ablations. */
  readonly isGrid?: boolean;
  /** Settings that were varied at inference; shown in a grid. */
  readonly ablated?: readonly AblatedCell[];
  /** Present while an evaluation goes on: the page then asks its server for news. */
  readonly live?: { readonly progress: readonly ReportProgress[] };
}
