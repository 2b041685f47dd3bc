/** The grid: inference modes down, trainings across, so that it fits a phone; every figure with its interval. */

import type { InferenceMode } from "../contract.ts";
import { flexibleScore } from "../grid/figures.ts";
import { paperFigure } from "../grid/paper.ts";
import { seedSpread } from "../grid/pool-seeds.ts";
import { compareMode, isClear, modeResult } from "../results/comparison.ts";
import type { ModeResult } from "../results/schema.ts";
import type { PairedDifference } from "../statistics/paired.ts";
import { type Html, html } from "./html.ts";
import {
  type EvaluationView,
  isOwnMode,
  linkToSamples,
  percent,
  type ReportView,
  signedPoints,
  type TaskView,
} from "./view.ts";

export function gridSection(task: TaskView, view: ReportView): Html {
  const range = valueRange(task);
  const context = { task, view, range, base: task.evaluations[0] };
  return html`<div class="scroll"><table class="${task.evaluations.length > 5 ? "grid wide" : "grid"}">
<thead><tr><th scope="col">Mode</th>${task.evaluations.map(
    ({ style, seeds }) =>
      html`<th scope="col" class="c-${style.kind}"><span class="swatch"></span>${style.name}${
        seeds && seeds.length > 1 && html` <small class="tag">${seeds.length} seeds</small>`
      }</th>`,
  )}</tr></thead>
<tbody>${task.modes.map(
    (mode) =>
      html`<tr><th scope="row">${modeName(mode)}</th>${task.evaluations.map((evaluation) =>
        cell(evaluation, mode, context),
      )}</tr>`,
  )}</tbody></table></div>`;
}

interface GridContext {
  readonly task: TaskView;
  readonly view: ReportView;
  readonly range: readonly [number, number];
  readonly base: EvaluationView | undefined;
}

function cell(evaluation: EvaluationView, mode: InferenceMode, context: GridContext): Html {
  const { task, view, range, base } = context;
  const result = modeResult(evaluation.results, mode);
  if (!result) return html`<td class="empty">not run</td>`;
  const { style, training } = evaluation;
  const { accuracy, intervals, majority } = result.metrics;
  const { low, high } = intervals.accuracy;
  const flexible = flexibleScore(result.metrics)?.value;
  const difference = base && base !== evaluation ? compareMode(base.results, evaluation.results, mode) : null;
  const seeds = accuraciesOfSeeds(evaluation, mode);
  const { standardError } = seedSpread(seeds);
  const at = (share: number) => ((100 * (share - range[0])) / (range[1] - range[0])).toFixed(1);
  const figure = html`<b>${percent(accuracy)}</b>`;
  return html`<td class="c-${style.kind}${isOwnMode(style, mode) ? " own" : ""}"><span class="figure">${linkToSamples(
    view,
    figure,
    { training, task: task.task, mode },
  )} ${standardError !== null && html`<span class="error" title="standard error over ${seeds.length} seeds">± ${percent(standardError)}</span> `}${
    difference && delta(difference)
  }</span>
<span class="whisker" style="--low:${at(low)}%;--high:${at(high)}%;--at:${at(accuracy)}%">${
    seeds.length > 1 && seeds.map((share) => html`<s style="left:${at(share)}%"></s>`)
  }<i></i></span>
<span class="interval">${percent(low)}–${percent(high)}</span>${
    majority !== undefined && html` <span class="interval">majority ${percent(majority)}</span>`
  }${
    flexible !== undefined &&
    html` <span class="interval" title="the last number of the whole text is right, whatever stands in the box">flexible ${percent(flexible)}</span>`
  }${view.isGrid && paper(task.task, evaluation, mode)}${apart(result)}</td>`;
}

function accuraciesOfSeeds({ results, seeds }: EvaluationView, mode: InferenceMode): number[] {
  return (seeds ?? [results]).flatMap((of) => modeResult(of, mode)?.metrics.accuracy ?? []);
}

function paper(task: string, { style }: EvaluationView, mode: InferenceMode): Html | false {
  const value = paperFigure(task, style.kind, { name: "passAt", mode, k: 1 });
  return value !== null && html` <span class="paper">paper ${percent(value)}</span>`;
}

function delta(difference: PairedDifference): Html {
  const { low, high, gained, lost } = difference;
  const title = `Difference ${signedPoints(difference.difference)} points, interval ${signedPoints(low)} to ${signedPoints(high)}; ${gained.length} questions better, ${lost.length} worse`;
  const kind = !isClear(difference) ? "unclear" : difference.difference > 0 ? "up" : "down";
  return html`<span class="delta ${kind}" title="${title}">${signedPoints(difference.difference)}</span>`;
}

/** What is counted apart from wrong answers. */
function apart({ outcomes }: ModeResult): Html {
  const { samples, errors, graderTimeout, noAnswer, limitReached } = outcomes;
  const share = (count: number) => `${percent(count / Math.max(1, samples))}\u00a0%`;
  return html`${errors > 0 && html`<span class="failed">${errors} failed</span>`}${
    graderTimeout > 0 && html`<span class="failed">${graderTimeout} not graded in time</span>`
  }${
    noAnswer + limitReached > 0 &&
    html`<span class="interval apart" title="samples from which no answer could be read; samples whose thought ran into the length limit">no answer ${share(noAnswer)}, limit ${share(limitReached)}</span>`
  }`;
}

/** The scale of all whiskers: tens of percent around everything that is drawn. */
function valueRange(task: TaskView): [number, number] {
  const intervals = task.evaluations.flatMap(({ results }) =>
    results.results.map((result) => result.metrics.intervals.accuracy),
  );
  const low = Math.min(1, ...intervals.map((interval) => interval.low));
  const high = Math.max(0, ...intervals.map((interval) => interval.high));
  return [Math.max(0, Math.floor(low * 10) / 10), Math.min(1, Math.ceil(high * 10) / 10)];
}

/** "hard-greedy" in two parts, so that a narrow column can break between them. */
export function modeName(mode: string): Html {
  const [thought, choice] = mode.split("-");
  return html`<span class="mode">${thought} <small>${choice}</small></span>`;
}
