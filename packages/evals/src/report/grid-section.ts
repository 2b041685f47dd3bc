/** The grid: inference modes down, trainings across, so that it fits a phone; every figure with its interval. */

import type { InferenceMode } from "../contract.ts";
import { compareMode, isClear, modeResult } from "../results/comparison.ts";
import type { ModeResult } from "../results/schema.ts";
import type { PairedDifference } from "../statistics/paired.ts";
import { type Html, html } from "./html.ts";
import { type EvaluationView, isOwnMode, percent, signedPoints, type TaskView } from "./view.ts";

export function gridSection(task: TaskView): Html {
  const range = valueRange(task);
  const base = task.evaluations[0];
  return html`<div class="scroll"><table class="${task.evaluations.length > 5 ? "grid wide" : "grid"}">
<thead><tr><th scope="col">Mode</th>${task.evaluations.map(
    ({ style }) =>
      html`<th scope="col" class="c-${style.kind}"><span class="swatch"></span>${style.name}</th>`,
  )}</tr></thead>
<tbody>${task.modes.map(
    (mode) =>
      html`<tr><th scope="row">${modeName(mode)}</th>${task.evaluations.map((view) =>
        cell(view, mode, base, range),
      )}</tr>`,
  )}</tbody></table></div>`;
}

function cell(
  view: EvaluationView,
  mode: InferenceMode,
  base: EvaluationView | undefined,
  range: readonly [number, number],
): Html {
  const result = modeResult(view.results, mode);
  if (!result) return html`<td class="empty">not run</td>`;
  const { accuracy, intervals } = result.metrics;
  const { low, high } = intervals.accuracy;
  const difference = base && base !== view ? compareMode(base.results, view.results, mode) : null;
  const at = (share: number) => ((100 * (share - range[0])) / (range[1] - range[0])).toFixed(1);
  const own = isOwnMode(view.style, mode) ? " own" : "";
  return html`<td class="c-${view.style.kind}${own}"><span class="figure"><b>${percent(accuracy)}</b> ${
    difference && delta(difference)
  }</span>
<span class="whisker" style="--low:${at(low)}%;--high:${at(high)}%;--at:${at(accuracy)}%"><i></i></span>
<span class="interval">${percent(low)}–${percent(high)}</span>${failures(result)}</td>`;
}

function delta(difference: PairedDifference): Html {
  const { low, high, gained, lost } = difference;
  const title = `Difference ${signedPoints(difference.difference)} points, interval ${signedPoints(low)} to ${signedPoints(high)}; ${gained.length} questions better, ${lost.length} worse`;
  const kind = !isClear(difference) ? "unclear" : difference.difference > 0 ? "up" : "down";
  return html`<span class="delta ${kind}" title="${title}">${signedPoints(difference.difference)}</span>`;
}

function failures({ outcomes }: ModeResult): Html | false {
  return outcomes.errors > 0 && html`<span class="failed">${outcomes.errors} failed</span>`;
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
export function modeName(mode: InferenceMode): Html {
  const [thought, choice] = mode.split("-");
  return html`<span class="mode">${thought} <small>${choice}</small></span>`;
}
