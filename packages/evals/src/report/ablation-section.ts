/** Ablations: what one training setting does to accuracy, over its values, with intervals. */

import { type Ablation, gridAblations } from "../grid/ablations.ts";
import { seedSpread } from "../grid/pool-seeds.ts";
import { modeResult } from "../results/comparison.ts";
import { modeName } from "./grid-section.ts";
import { type Html, html } from "./html.ts";
import { cellsOf, linkToSamples, percent, type ReportView } from "./view.ts";

/** Null where no two trainings of a kind differ in one of the settings that the paper varied. */
export function ablationSection(view: ReportView): Html | null {
  const runs = view.trainings.map(({ training, style }) => ({
    name: style.name,
    variant: style.name,
    kind: style.kind,
    model: "",
    evaluations: [],
    ...(training.settings && { settings: training.settings }),
  }));
  const ablations = gridAblations(runs, cellsOf(view.tasks));
  if (ablations.length === 0) return null;
  return html`${ablations.map((ablation) => table(ablation, view))}`;
}

function table({ kind, task, title, points }: Ablation, view: ReportView): Html {
  const modes = view.tasks.find((of) => of.task === task)?.modes ?? [];
  return html`<h3>${kind}: ${title} <small>${task}</small></h3>
<div class="scroll"><table class="paired c-${kind}"><thead><tr><th scope="col">${title}</th>${modes.map(
    (mode) => html`<th scope="col">${modeName(mode)}</th>`,
  )}</tr></thead><tbody>${points.map(({ value, cell }) => {
    const training = view.trainings.find(({ style }) => style.name === cell.variant)?.training;
    return html`<tr><th scope="row">${value} <small class="tag">${cell.variant}</small></th>${modes.map(
      (mode) => {
        const result = modeResult(cell.pooled, mode);
        if (!result) return html`<td class="empty">not run</td>`;
        const { accuracy, intervals } = result.metrics;
        const seeds = cell.seeds.flatMap((of) => modeResult(of, mode)?.metrics.accuracy ?? []);
        const { standardError } = seedSpread(seeds);
        const figure = html`<b>${percent(accuracy)}</b>`;
        return html`<td>${training ? linkToSamples(view, figure, { training, task, mode }) : figure}${
          standardError !== null && html` <span class="error">± ${percent(standardError)}</span>`
        }<span class="interval">${percent(intervals.accuracy.low)}–${percent(intervals.accuracy.high)}</span></td>`;
      },
    )}</tr>`;
  })}</tbody></table></div>`;
}
