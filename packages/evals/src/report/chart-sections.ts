/** The three families of charts: pass@k, training curves, entropy along the thought. Small multiples, one scale per family. */

import type { ModeResult } from "../results/schema.ts";
import { type ChartOptions, type ChartPoint, type ChartSeries, lineChart } from "./chart.ts";
import { metricPoints, movingMean, thin } from "./curves.ts";
import { type Html, html } from "./html.ts";
import { chooseCurves } from "./metric-names.ts";
import { type ReportView, type TaskView, type TrainingView, withMode } from "./view.ts";

/** pass@k over k for the sampled modes; empty when no mode has more than one sample. */
export function passAtSection(task: TaskView): Html {
  const modes = task.modes.filter((mode) =>
    withMode(task, mode).some(({ result }) => Object.keys(result.metrics.passAt).length > 1),
  );
  const values = modes.flatMap((mode) => withMode(task, mode).flatMap(({ result }) => passAtPoints(result)));
  const lowest = Math.min(...values.map((point) => point.low ?? point.y));
  const domain = [Math.max(0, Math.floor(lowest * 10) / 10), 1] as const;
  return html`${modes.map((mode) => {
    const series = withMode(task, mode).map(
      ({ view, result }): ChartSeries => ({ style: view.style, points: passAtPoints(result) }),
    );
    const ticks = [...new Set(series.flatMap((line) => line.points.map((point) => point.x)))].sort(
      (a, b) => a - b,
    );
    return figure(modeTitle(mode), null, {
      description: `pass at k over k, ${mode}`,
      series,
      x: { label: "k", isLog: true, ticks },
      y: { domain, isPercent: true },
      dots: true,
    });
  })}`;
}

function passAtPoints(result: ModeResult): ChartPoint[] {
  const { passAt, intervals } = result.metrics;
  return Object.entries(passAt)
    .map(([k, y]) => {
      const interval = intervals.passAt[k];
      return { x: Number(k), y, ...(interval ? { low: interval.low, high: interval.high } : {}) };
    })
    .sort((a, b) => a.x - b.x);
}

/** The curves that a run is judged by, and all other metrics; empty when no training has metrics. */
export function trainingSection({ trainings }: ReportView): { main: Html; others: Html } {
  const { curves, others } = chooseCurves(trainings.flatMap(({ training }) => training.metrics ?? []));
  return {
    main: html`${curves.map((curve) => metricFigure(trainings, curve.metric, curve))}`,
    others: html`${others.map((name) => metricFigure(trainings, name, { title: name, note: null }))}`,
  };
}

interface MetricFigure {
  readonly title: string;
  readonly note: string | null;
  readonly isLog?: boolean | undefined;
  readonly isPercent?: boolean | undefined;
}

function metricFigure(
  trainings: readonly TrainingView[],
  metric: string,
  { title, note, isLog = false, isPercent = false }: MetricFigure,
): Html {
  const series = trainings.flatMap(({ training, style }): ChartSeries[] => {
    const all = metricPoints(training.metrics ?? [], metric).filter((point) => !isLog || point.y > 0);
    return all.length === 0 ? [] : [{ style, points: thin(movingMean(all)), raw: thin(all, 300) }];
  });
  if (series.length === 0) return html``;
  return figure(title, note, {
    description: `${title} over training steps`,
    series,
    x: { label: "step" },
    y: { isLog, isPercent },
  });
}

/** Mean entropy at each thought position, while enough samples are still thinking. */
export function entropySection(task: TaskView): Html {
  const byMode = task.modes.map((mode) => ({
    mode,
    series: withMode(task, mode).flatMap(({ view, result }): ChartSeries[] => {
      const points = entropyPoints(result);
      return points.length === 0 ? [] : [{ style: view.style, points: thin(points, 160) }];
    }),
  }));
  const highest = Math.max(
    0,
    ...byMode.flatMap(({ series }) => series.flatMap((line) => line.points.map(({ y }) => y))),
  );
  return html`${byMode.map(
    ({ mode, series }) =>
      series.length > 0 &&
      figure(modeTitle(mode), "nats", {
        description: `Entropy over thought position, ${mode}`,
        series,
        x: { label: "thought position" },
        y: { domain: [0, highest * 1.05 || 1] },
      }),
  )}`;
}

/** Positions that fewer than this share of the samples reach are noise. */
const STILL_THINKING = 0.05;

function entropyPoints({ entropyByPosition }: ModeResult): ChartPoint[] {
  const { mean, count } = entropyByPosition;
  const enough = Math.max(1, STILL_THINKING * (count[0] ?? 0));
  return mean.flatMap((y, position) => ((count[position] ?? 0) >= enough ? [{ x: position + 1, y }] : []));
}

export function modeTitle(mode: string): string {
  const [thought, choice] = mode.split("-");
  return `${thought} ${choice}`;
}

export function figure(title: string, note: string | null, chart: ChartOptions): Html {
  return html`<figure><figcaption><b>${title}</b>${note !== null && html` <span>${note}</span>`}</figcaption>${lineChart(chart)}</figure>`;
}
