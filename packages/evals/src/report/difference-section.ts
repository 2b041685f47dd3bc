/** All pairs of trainings: the paired difference with its interval drawn, and the questions gained and lost as links. */

import { type GridDifference, gridDifferences } from "../grid/differences.ts";
import { modeName } from "./grid-section.ts";
import { type Html, html } from "./html.ts";
import { cellsOf, linkToSamples, type ReportView, signedPoints, type TaskView } from "./view.ts";

/** Null where there is nothing to compare. */
export function differenceSection(task: TaskView, view: ReportView): Html | null {
  const differences = gridDifferences(cellsOf([task]));
  if (differences.length === 0) return null;
  const widest = Math.max(0.01, ...differences.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
  const reach = Math.ceil(widest * 20) / 20;
  const pairs = [...new Set(differences.map(({ from, to }) => `${from}\n${to}`))];
  return html`<div class="pairs">${pairs.map((pair, index) => {
    const ofPair = differences.filter(({ from, to }) => `${from}\n${to}` === pair);
    const { from, to } = ofPair[0] as GridDifference;
    return html`<details${index < FIRST_OPEN ? html` open` : null}><summary>${name(from, view)} → ${name(to, view)} <small>${verdict(ofPair)}</small></summary>
<div class="scroll"><table class="differences"><thead><tr><th scope="col">Mode</th><th scope="col">Points</th><th scope="col"><div class="forest"><span>${signedPoints(-reach)}</span><span>0</span><span>${signedPoints(reach)}</span></div></th><th scope="col">Gained</th><th scope="col">Lost</th></tr></thead>
<tbody>${ofPair.map((difference) => row(difference, reach, view))}</tbody></table></div></details>`;
  })}</div>`;
}

const FIRST_OPEN = 3;

function row(difference: GridDifference, reach: number, view: ReportView): Html {
  const { mode, low, high, gained, lost } = difference;
  const at = (share: number) => (50 + (50 * share) / reach).toFixed(1);
  const kind = !difference.isClear ? "unclear" : difference.difference > 0 ? "up" : "down";
  const title = `${signedPoints(low)} to ${signedPoints(high)}`;
  return html`<tr><th scope="row">${modeName(mode)}</th><td><span class="delta ${kind}">${signedPoints(difference.difference)}</span> <span class="interval">${title}</span></td>
<td><span class="interval-line ${kind}" title="${title}" style="--low:${at(low)}%;--high:${at(high)}%;--at:${at(difference.difference)}%"><i></i></span></td>
<td>${questions(difference, "gained", gained.length, view)}</td><td>${questions(difference, "lost", lost.length, view)}</td></tr>`;
}

function questions(
  { task, mode, from, to }: GridDifference,
  show: "gained" | "lost",
  count: number,
  view: ReportView,
): Html {
  const trainingOf = (wanted: string) => view.trainings.find(({ style }) => style.name === wanted)?.training;
  const [training, against] = [trainingOf(to), trainingOf(from)];
  const text = html`${count}`;
  if (count === 0 || !training || !against) return text;
  return linkToSamples(view, text, { training, task, mode, show, against });
}

function verdict(differences: readonly GridDifference[]): string {
  const better = differences.filter((of) => of.isClear && of.difference > 0).length;
  const worse = differences.filter((of) => of.isClear && of.difference < 0).length;
  const count = (number: number, word: string) =>
    number === 0 ? [] : [`clearly ${word} in ${number} of ${differences.length} modes`];
  const said = [...count(better, "better"), ...count(worse, "worse")];
  return said.length === 0 ? "no clear difference in any mode" : said.join(", ");
}

function name(training: string, view: ReportView): Html {
  const kind = view.trainings.find(({ style }) => style.name === training)?.style.kind ?? "other";
  return html`<b class="named c-${kind}">${training}</b>`;
}
