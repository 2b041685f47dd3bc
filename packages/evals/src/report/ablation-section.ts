/** Ablations: what one setting does to accuracy over its values, as a table with intervals and as a chart for each mode. */

import {
  type Ablation,
  type AblationRow,
  type AblationSeries,
  ablationCell,
  gridAblations,
  inferenceAblations,
} from "../grid/ablations.ts";
import { paperAblation } from "../grid/paper.ts";
import { seedSpread } from "../grid/pool-seeds.ts";
import { modeResult } from "../results/comparison.ts";
import type { ChartSeries } from "./chart.ts";
import { figure, modeTitle } from "./chart-sections.ts";
import { modeName } from "./grid-section.ts";
import { type Html, html } from "./html.ts";
import { styleOf } from "./theme.ts";
import { cellsOf, linkToSamples, percent, type ReportView } from "./view.ts";

/** Null where no two trainings of a kind differ in one of the settings that the paper varied, and none was varied at inference. */
export function ablationSection(view: ReportView): Html | null {
  const runs = view.trainings.map(({ training, style }) => ({
    name: style.name,
    variant: style.name,
    kind: style.kind,
    model: "",
    evaluations: [],
    ...(training.settings && { settings: training.settings }),
  }));
  const ablations = [...gridAblations(runs, cellsOf(view.tasks)), ...inferenceAblations(view.ablated)];
  if (ablations.length === 0) return null;
  return html`${ablations.map((ablation) => html`${table(ablation, view)}${charts(ablation)}`)}
<p class="key">Percent of samples that are correct, with the 95 % interval. Paper: what it tried in training on GSM8K; of these its figures are not given here, only that noise of 3 rms collapses. Noise on the embedding is in units of rms(E), elsewhere in units of the root mean square of what it is added to.</p>`;
}

/** "hard: noise scale in training", "temperature at inference". */
function titleOf({ at, title, series }: Ablation): string {
  return at === "training" ? `${series[0]?.name ?? ""}: ${title} in training` : `${title} at inference`;
}

/** At training a row per training; at inference a row per training and mode, because those are many and values are few. */
function table(ablation: Ablation, view: ReportView): Html {
  const { at, task, title, setting, rows, series } = ablation;
  const isCompared = new Set(series.map(({ name }) => name)).size > 1;
  const head = ({ name, kind, mode }: AblationSeries, scope: "col" | "row") =>
    html`<th scope="${scope}" class="c-${kind}">${isCompared && html`<span class="swatch"></span>${name} `}${modeName(mode)}</th>`;
  const paper = (row: AblationRow) => paperAblation(setting, row.value) ?? "–";
  const byValue = () =>
    html`<thead><tr><th scope="col">${title}</th><th scope="col">paper</th>${series.map((one) =>
      head(one, "col"),
    )}</tr></thead><tbody>${rows.map(
      (row) =>
        html`<tr><th scope="row">${row.value}${
          row.variant !== undefined && html` <small class="tag">${row.variant}</small>`
        }</th><td class="paper">${paper(row)}</td>${series.map((one) => cell(one, row, view))}</tr>`,
    )}</tbody>`;
  const bySeries = () =>
    html`<thead><tr><th scope="col">${title}</th>${rows.map(
      (row) => html`<th scope="col">${row.value}</th>`,
    )}</tr></thead><tbody><tr><th scope="row">paper</th>${rows.map(
      (row) => html`<td class="paper">${paper(row)}</td>`,
    )}</tr>${series.map(
      (one) => html`<tr>${head(one, "row")}${rows.map((row) => cell(one, row, view))}</tr>`,
    )}</tbody>`;
  return html`<h3>${titleOf(ablation)} <small>${task}</small></h3>
<div class="scroll"><table class="paired">${at === "training" ? byValue() : bySeries()}</table></div>`;
}

function cell(series: AblationSeries, row: AblationRow, view: ReportView): Html {
  const { mode } = series;
  const found = ablationCell(series, row);
  const result = found && modeResult(found.pooled, mode);
  if (!found || !result) return html`<td class="empty">not run</td>`;
  const { accuracy, intervals, passAt } = result.metrics;
  const seeds = found.seeds.flatMap((of) => modeResult(of, mode)?.metrics.accuracy ?? []);
  const { standardError } = seedSpread(seeds);
  const k = Math.max(...Object.keys(passAt).map(Number));
  return html`<td>${linkToSamples(view, html`<b>${percent(accuracy)}</b>`, {
    training: { name: found.variant },
    task: found.task,
    mode,
  })}${standardError !== null && html` <span class="error">± ${percent(standardError)}</span>`}<span class="interval">${percent(
    intervals.accuracy.low,
  )}–${percent(intervals.accuracy.high)}</span>${
    k > 1 && html` <span class="interval">pass@${k} ${percent(passAt[k] as number)}</span>`
  }</td>`;
}

/** Numbers on a log scale, joined; names side by side, not joined. */
function charts({ at, setting, title, values, series }: Ablation): Html {
  const isNumeric = values.every((value) => typeof value === "number" && value > 0);
  const modes = [...new Set(series.map(({ mode }) => mode))];
  const place = (value: string | number) => (isNumeric ? Number(value) : values.indexOf(value) + 1);
  return html`<div class="charts">${modes.map((mode) => {
    const own = series.filter((one) => one.mode === mode);
    const lines = own.map(
      (one, index): ChartSeries => ({
        style: styleOf(
          own.map(({ name, kind }) => ({ name, kind, evaluations: [] })),
          index,
        ),
        points: one.points.flatMap(({ value, cell: { pooled } }) => {
          const metrics = modeResult(pooled, mode)?.metrics;
          if (!metrics) return [];
          const { low, high } = metrics.intervals.accuracy;
          return [{ x: place(value), y: metrics.accuracy, low, high }];
        }),
      }),
    );
    return figure(modeTitle(mode), at === "training" ? "trained so" : "the same model", {
      description: `Accuracy over ${title}, ${mode}`,
      series: lines,
      x: {
        label: setting === "noise-scale" ? "noise scale, rms" : title,
        isLog: isNumeric,
        ticks: values.map(place),
        ...(!isNumeric && { names: values.map((value) => String(value).replace("logits-top", "top ")) }),
      },
      y: { isPercent: true },
      dots: true,
    });
  })}</div>`;
}
