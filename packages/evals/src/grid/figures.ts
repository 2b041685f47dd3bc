/**
 * Every figure of a grid, flat: variant x task x mode x metric, with its interval, its seeds and how far they lie apart.
 * CSV, Markdown, `results.json` and `--json` are this list in other clothes.
 */

import type { TrainingKind } from "../report/data.ts";
import type { EvaluationResults, Metrics, ModeResult } from "../results/schema.ts";
import type { AblatedCell, AblatedSetting, AblationValue } from "./ablations.ts";
import { LIKELIHOOD_METRICS } from "./likelihood-results.ts";
import { poolSeeds, seedSpread } from "./pool-seeds.ts";

/** One evaluated model of a grid: a seed of a variant. */
export interface GridRun {
  /** Unique: the folder's name. */
  readonly name: string;
  /** "base", "soft", "soft-noise-1": what tables have a column for. */
  readonly variant: string;
  readonly kind: TrainingKind;
  readonly model: string;
  /** Resolved settings of the training, where they were found beside the model. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly evaluations: readonly EvaluationResults[];
}

/** A variant on one task: its seeds, and them together. */
export interface GridCell {
  readonly variant: string;
  readonly kind: TrainingKind;
  readonly task: string;
  readonly seeds: readonly EvaluationResults[];
  readonly pooled: EvaluationResults;
}

/** One number. Shares between 0 and 1, entropies and likelihoods in nats. */
export interface GridFigure {
  readonly variant: string;
  readonly kind: TrainingKind;
  readonly task: string;
  readonly mode: string;
  /** "accuracy", "flexible", "pass@8", "majority@32", "accuracyNormalized", "nllPerToken", "entropy", "thoughtLength". */
  readonly metric: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly seeds: number;
  /** Of the mean over seeds; null for one seed. */
  readonly standardError: number | null;
  readonly perSeed: readonly number[];
  readonly questions: number;
  /** Samples per question of one seed. */
  readonly samples: number;
}

/** Variants in the order of the runs, tasks in the order of their appearance. Evaluations without a result are left out. */
export function gridCells(runs: readonly GridRun[]): GridCell[] {
  const variants = [...new Set(runs.map(({ variant }) => variant))];
  const keyOf = ({ task, checksum }: EvaluationResults) => `${task} ${checksum}`;
  const started = runs.map((run) => ({
    ...run,
    evaluations: run.evaluations.filter(({ results }) => results.length > 0),
  }));
  const keys = [...new Set(started.flatMap(({ evaluations }) => evaluations.map(keyOf)))];
  return keys.flatMap((key) =>
    variants.flatMap((variant): GridCell[] => {
      const ofVariant = started.filter((run) => run.variant === variant);
      const seeds = ofVariant.flatMap(({ evaluations }) => evaluations.filter((of) => keyOf(of) === key));
      const [first] = seeds;
      if (!first) return [];
      const kind = ofVariant[0]?.kind ?? "other";
      return [{ variant, kind, task: first.task, seeds, pooled: poolSeeds(seeds) }];
    }),
  );
}

/** All figures, by task, variant, mode. */
export function gridFigures(cells: readonly GridCell[]): GridFigure[] {
  return cells.flatMap((cell) => cell.pooled.results.flatMap((result) => figuresOf(cell, result)));
}

/** A figure of a model whose evaluation had one setting changed. */
export interface AblationFigure extends GridFigure {
  readonly setting: AblatedSetting;
  readonly settingValue: AblationValue;
}

/** Without those of the main values, which are the grid's own. */
export function ablationFigures(ablated: readonly AblatedCell[]): AblationFigure[] {
  return ablated
    .filter(({ isMain }) => !isMain)
    .flatMap(({ setting, value, of, modes, cell }) =>
      gridFigures([cell])
        .filter(({ mode }) => modes.includes(mode))
        .map((figure) => ({ ...figure, variant: of, setting, settingValue: value })),
    );
}

function figuresOf(cell: GridCell, pooled: ModeResult): GridFigure[] {
  const ofSeeds = cell.seeds.flatMap(({ results }) => results.filter(({ mode }) => mode === pooled.mode));
  const samples = ofSeeds[0]?.n ?? pooled.n;
  return metricsOf(pooled.metrics, samples).map(({ metric, read, bounds }) => {
    const perSeed = ofSeeds.flatMap(({ metrics }) => read(metrics) ?? []);
    const { standardError } = seedSpread(perSeed);
    return {
      variant: cell.variant,
      kind: cell.kind,
      task: cell.task,
      mode: pooled.mode,
      metric,
      value: read(pooled.metrics) as number,
      low: bounds?.low ?? null,
      high: bounds?.high ?? null,
      seeds: perSeed.length,
      standardError,
      perSeed,
      questions: pooled.questions,
      samples,
    };
  });
}

interface MetricReader {
  readonly metric: string;
  readonly read: (metrics: Metrics) => number | undefined;
  readonly bounds: { readonly low: number; readonly high: number } | undefined;
}

/** What a result has: likelihood results have no thoughts, greedy ones no majority. */
function metricsOf(metrics: Metrics, samples: number): MetricReader[] {
  const { intervals } = metrics;
  const ks = Object.keys(metrics.passAt ?? {})
    .map(Number)
    .filter((k) => k > 1)
    .sort((a, b) => a - b);
  const readers: MetricReader[] = [
    { metric: "accuracy", read: (of) => of.accuracy, bounds: intervals.accuracy },
    {
      metric: "flexible",
      read: (of) => flexibleScore(of)?.value,
      bounds: flexibleScore(metrics)?.interval,
    },
    ...ks.map((k) => ({
      metric: `pass@${k}`,
      read: (of: Metrics) => of.passAt[k],
      bounds: intervals.passAt[k],
    })),
    { metric: `majority@${samples}`, read: (of) => of.majority, bounds: intervals.majority },
    ...LIKELIHOOD_METRICS.map((name) => ({
      metric: name,
      read: (of: Metrics) => optionalNumber(of, name),
      bounds: (intervals as Record<string, unknown>)[name] as MetricReader["bounds"],
    })),
    { metric: "entropy", read: (of) => of.entropy ?? undefined, bounds: undefined },
    {
      metric: "thoughtLength",
      read: (of) => (of.entropy === null || of.entropy === undefined ? undefined : of.thoughtLength),
      bounds: undefined,
    },
  ];
  return readers.filter(({ read }) => read(metrics) !== undefined);
}

/** GSM8K's lenient score, where the evaluation has it: the last number of the whole text, whatever stands in the box. */
export function flexibleScore(metrics: Metrics) {
  return metrics.gsm8k?.flexible;
}

/** A metric that a result may or may not have. */
function optionalNumber(metrics: Metrics, name: string): number | undefined {
  const value = (metrics as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
