/** The paper's tables with ours beside them; every figure of ours with its interval and a link to its samples. */

import { PAPER_MODEL } from "../grid/paper.ts";
import { type PaperCell, type PaperTable, paperTables } from "../grid/paper-tables.ts";
import { formatPaper, formatValue } from "../grid/write-tables.ts";
import { type Html, html } from "./html.ts";
import { cellsOf, linkToSamples, type ReportView, type TaskView } from "./view.ts";

/** Tables 1 and 2; tables 3 to 5 are the accuracy grid, which shows the paper's figures itself. */
export function paperSection(view: ReportView): Html | null {
  const tables = paperTables(cellsOf([...view.tasks, ...view.likelihoodTasks])).filter(
    ({ id }) => id !== "tables-3-5",
  );
  if (tables.length === 0) return null;
  return html`${tables.map((table) => paperTable(table, view))}
<p class="key">Paper: ${PAPER_MODEL} trained on GSM8K (arXiv:2509.19170). A dash: the paper's figure is not given here. Ours: 95 % interval below, ± is the standard error over seeds.</p>`;
}

/** The likelihood tasks alone, without the paper. */
export function likelihoodSection(view: ReportView): Html | null {
  const tables = paperTables(cellsOf(view.likelihoodTasks));
  if (tables.length === 0) return null;
  return html`${tables.map(
    ({ task, columns, rows }) => html`<h3>${task}</h3>
<div class="scroll"><table class="paired"><thead><tr><th scope="col">Model</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(
      ({ variant, kind, cells }) =>
        html`<tr class="c-${kind}"><th scope="row"><span class="swatch"></span>${variant}</th>${cells.map((cell) => html`<td>${ours(cell, variant, view)}</td>`)}</tr>`,
    )}</tbody></table></div>${view.likelihoodTasks.filter((of) => of.task === task).map(subjects)}`,
  )}`;
}

/** A task that comes in subjects, such as MMLU, also by them. */
function subjects({ evaluations }: TaskView): Html {
  return html`${evaluations.map(
    ({ style, groups = [] }) =>
      groups.length > 0 &&
      html`<details><summary>${style.name}, by subject (${groups.length})</summary>
<div class="scroll"><table class="paired"><thead><tr><th scope="col">Subject</th><th scope="col">questions</th><th scope="col">accuracy</th><th scope="col">NLL per token</th></tr></thead>
<tbody>${groups.map(
        ({ name, questions, metrics: { acc, nllPerToken, intervals } }) =>
          html`<tr><th scope="row">${name.replaceAll("_", " ")}</th><td>${questions}</td><td>${withBounds(acc, intervals.acc, "percent")}</td><td>${withBounds(nllPerToken, intervals.nllPerToken, "nats")}</td></tr>`,
      )}</tbody></table></div></details>`,
  )}`;
}

function withBounds(
  value: number,
  { low, high }: { readonly low: number; readonly high: number },
  unit: PaperCell["unit"],
): Html {
  return html`<b>${formatValue(value, unit)}</b><span class="interval">${formatValue(low, unit)}–${formatValue(high, unit)}</span>`;
}

function paperTable({ title, task, columns, rows }: PaperTable, view: ReportView): Html {
  return html`<h3>${title} <small>${task}</small></h3>
<div class="scroll"><table class="paired">
<thead><tr><th scope="col" rowspan="2">Training</th>${columns.map(
    (column) => html`<th scope="colgroup" colspan="2">${column}</th>`,
  )}</tr><tr>${columns.map(() => html`<th scope="col">paper</th><th scope="col">ours</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ variant, kind, cells }) =>
      html`<tr class="c-${kind}"><th scope="row"><span class="swatch"></span>${variant}</th>${cells.map(
        (cell) => html`<td class="paper">${formatPaper(cell)}</td><td>${ours(cell, variant, view)}</td>`,
      )}</tr>`,
  )}</tbody></table></div>`;
}

function ours({ ours: figure, unit }: PaperCell, variant: string, view: ReportView): Html {
  if (!figure) return html`<span class="muted">not run</span>`;
  const training = view.trainings.find(({ style }) => style.name === variant)?.training;
  const value = html`<b>${formatValue(figure.value, unit)}</b>`;
  return html`${
    training ? linkToSamples(view, value, { training, task: figure.task, mode: figure.mode }) : value
  }${figure.standardError !== null && html` <span class="error">± ${formatValue(figure.standardError, unit)}</span>`}${
    figure.low !== null &&
    figure.high !== null &&
    html`<span class="interval">${formatValue(figure.low, unit)}–${formatValue(figure.high, unit)}</span>`
  }`;
}
