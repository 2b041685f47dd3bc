/** Inside soft thoughts: how much of a step the likeliest token carries, along the thought, and which tokens share steps. */

import type { MixtureProfile } from "../explorer/mixture-profile.ts";
import type { ChartSeries } from "./chart.ts";
import { figure, modeTitle } from "./chart-sections.ts";
import { thin } from "./curves.ts";
import { modeName } from "./grid-section.ts";
import { type Html, html } from "./html.ts";
import type { TrainingStyle } from "./theme.ts";
import { percent, type TaskView } from "./view.ts";

/** Null where no soft or fuzzy thought was recorded. */
export function mixtureSection(task: TaskView): Html | null {
  const rows = task.modes.flatMap((mode): MixtureRow[] =>
    mode.startsWith("hard")
      ? []
      : task.evaluations.flatMap(({ style, mixtures }) => {
          const profile = mixtures?.[mode];
          return profile ? [{ mode, style, profile }] : [];
        }),
  );
  if (rows.length === 0) return null;
  const modes = [...new Set(rows.map(({ mode }) => mode))];
  const isMixed = (mode: string) => rows.some((row) => row.mode === mode && row.profile.topMass < ONE_HOT);
  const mixed = modes.filter(isMixed);
  const series = new Map(mixed.map((mode) => [mode, seriesOf(rows, mode)]));
  const floor = Math.min(0.9, lowest([...series.values()].flat()));
  const charts = mixed.map((mode) =>
    figure(modeTitle(mode), "probability of the likeliest token", {
      description: `Probability of the likeliest token over thought position, ${mode}`,
      series: series.get(mode) ?? [],
      x: { label: "thought position" },
      y: { domain: [floor, 1], isPercent: true },
    }),
  );
  const oneHot = modes.filter((mode) => !isMixed(mode)).map(modeTitle);
  return html`${
    mixed.length > 0 &&
    html`<div class="charts">${charts}</div>
<div class="scroll"><table class="mixtures"><thead><tr><th scope="col">Inference</th><th scope="col">Training</th><th scope="col">Likeliest token</th><th scope="col">Steps by its probability</th><th scope="col">Tokens that share a step</th></tr></thead>
<tbody>${rows
      .filter(({ mode }) => isMixed(mode))
      .map(
        ({ mode, style, profile }) =>
          html`<tr><th scope="row">${modeName(mode)}</th><td class="c-${style.kind} name"><span class="swatch"></span>${style.name}</td><td><b>${percent(profile.topMass)}</b> % <span class="interval">of ${profile.steps} recorded steps</span></td><td>${stack(profile)}</td><td class="pairs-cell">${pairs(profile)}</td></tr>`,
      )}</tbody></table></div>
<p class="key"><span class="stack-key s0"></span>99 % and more: all but a hard token <span class="stack-key s1"></span>90 to 99 % <span class="stack-key s2"></span>50 to 90 % <span class="stack-key s3"></span>under 50 %. Pairs: the two likeliest tokens of steps under 90 %, the most frequent pairs, with their mean probabilities.</p>`
  }${oneHot.length > 0 && html`<p>${oneHot.join(", ")}: one token carries practically all of every recorded step.</p>`}`;
}

/** From here on no chart could show a difference to one token. */
const ONE_HOT = 0.9995;

interface MixtureRow {
  readonly mode: string;
  readonly style: TrainingStyle;
  readonly profile: MixtureProfile;
}

function seriesOf(rows: readonly MixtureRow[], wanted: string): ChartSeries[] {
  return rows.flatMap(({ mode, style, profile }): ChartSeries[] =>
    mode === wanted ? [{ style, points: thin(points(profile), 160) }] : [],
  );
}

function points({ byPosition, steps }: MixtureProfile) {
  const enough = Math.max(1, Math.min(3, steps / 50));
  return byPosition.mean.flatMap((y, position) =>
    (byPosition.count[position] ?? 0) >= enough ? [{ x: position + 1, y }] : [],
  );
}

function lowest(series: readonly ChartSeries[]): number {
  const least = Math.min(1, ...series.flatMap((line) => line.points.map(({ y }) => y)));
  return Math.max(0, Math.floor(least * 10) / 10);
}

function stack({ shares }: MixtureProfile): Html {
  const title = shares.map((share) => `${percent(share)} %`).join(", ");
  return html`<span class="stack" title="${title}" role="img" aria-label="${title}">${shares.map(
    (share, index) => share > 0 && html`<i class="s${index}" style="width:${(100 * share).toFixed(2)}%"></i>`,
  )}</span>`;
}

function pairs({ pairs: list }: MixtureProfile): Html {
  if (list.length === 0) return html`<span class="muted">none: every step is nearly one token</span>`;
  return html`${list
    .slice(0, MOST_SHOWN)
    .map(
      ({ first, second, steps, firstMass, secondMass }) =>
        html`<span class="pair" title="in ${steps} steps"><code>${readable(first)}</code> ${Math.round(100 * firstMass)} % + <code>${readable(second)}</code> ${Math.round(100 * secondMass)} % <small>${steps}×</small></span> `,
    )}`;
}

const MOST_SHOWN = 5;

/** White space that can be seen. */
function readable(token: string): string {
  if (token === "") return "∅";
  return token.replace(/^ /u, "").replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥") || "␣";
}
