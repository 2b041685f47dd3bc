/**
 * A report of a run that goes on, as `bench view` serves it: how far each evaluation is, and a script that asks the server
 * for news and puts changed sections in place of the old ones, so that nothing the reader has opened is lost.
 */

import type { ReportProgress } from "./data.ts";
import { modeName } from "./grid-section.ts";
import { type Html, html } from "./html.ts";
import { percent } from "./view.ts";

export function liveSection(progress: readonly ReportProgress[]): Html {
  const done = progress.reduce((sum, row) => sum + row.done, 0);
  const total = progress.reduce((sum, row) => sum + row.total, 0);
  const isOver = total > 0 && done >= total;
  return html`<p class="overall" role="status"><b>${isOver ? "Finished" : total > 0 ? `${percent(done / total)} %` : "Going on"}</b> ${done}${total > 0 && ` of ${total}`} samples</p>
<details${isOver ? null : html` open`}><summary>Evaluations</summary><div class="scroll"><table class="progress"><thead><tr><th scope="col">Training</th><th scope="col">Task</th><th scope="col">Samples</th><th scope="col">Now</th></tr></thead>
<tbody>${groups(progress).map(row)}</tbody></table></div></details>
<p class="muted connection" id="connection"></p>`;
}

/** The modes of one evaluation. */
function groups(progress: readonly ReportProgress[]): (readonly ReportProgress[])[] {
  const byEvaluation = new Map<string, ReportProgress[]>();
  for (const mode of progress) {
    const key = `${mode.run}\n${mode.task}`;
    byEvaluation.set(key, [...(byEvaluation.get(key) ?? []), mode]);
  }
  return [...byEvaluation.values()];
}

function row(modes: readonly ReportProgress[]): Html {
  const { run, kind, task } = modes[0] as ReportProgress;
  const done = modes.reduce((sum, mode) => sum + mode.done, 0);
  const total = modes.reduce((sum, mode) => sum + mode.total, 0);
  const isWhole = total > 0 && done >= total;
  const current = modes.findLast((mode) => mode.done > 0 && (mode.total === 0 || mode.done < mode.total));
  const share = total > 0 ? (100 * Math.min(done, total)) / total : 0;
  const right = current && current.accuracy !== null && `, ${percent(current.accuracy)} % right so far`;
  return html`<tr class="c-${kind}${isWhole ? " whole" : ""}"><th scope="row"><span class="swatch"></span>${run}</th><td>${task}</td><td><span class="meter" style="--share:${share.toFixed(1)}%"><i></i></span> ${done}${total > 0 && html`<span class="muted">/${total}</span>`}</td><td>${
    current ? html`${modeName(current.mode)}${right}` : isWhole ? "done" : ""
  }</td></tr>`;
}

/** Asks every two seconds; when the version has changed, fetches the page and exchanges what differs. */
export const LIVE_SCRIPT = `
(() => {
  "use strict";
  let version = null;
  const note = (text) => { const element = document.getElementById("connection"); if (element) element.textContent = text; };
  const exchange = (next) => {
    const explorer = document.getElementById("explorer");
    for (const section of next.querySelectorAll("main > section")) {
      const old = document.getElementById(section.id);
      if (section.id === "samples" && explorer) {
        const manifest = next.getElementById("explorer-manifest");
        if (manifest && explorer.softTokensUpdate) explorer.softTokensUpdate(JSON.parse(manifest.textContent));
        continue;
      }
      if (!old) {
        const after = document.getElementById((section.previousElementSibling || {}).id);
        if (after) after.after(section.cloneNode(true)); else document.querySelector("main").append(section.cloneNode(true));
      } else if (old.innerHTML !== section.innerHTML) {
        const open = [...old.querySelectorAll("details")].map((details) => details.open);
        const fresh = section.cloneNode(true);
        [...fresh.querySelectorAll("details")].forEach((details, index) => { if (index < open.length) details.open = open[index]; });
        old.replaceWith(fresh);
      }
    }
    const links = next.querySelector("nav > div");
    if (links) document.querySelector("nav > div").replaceWith(links.cloneNode(true));
    const meta = next.querySelector(".masthead .meta");
    if (meta) document.querySelector(".masthead .meta").textContent = meta.textContent;
  };
  const ask = async () => {
    try {
      const status = await (await fetch("status.json", { cache: "no-store" })).json();
      if (version !== null && status.version !== version) {
        const text = await (await fetch("./", { cache: "no-store" })).text();
        exchange(new DOMParser().parseFromString(text, "text/html"));
      }
      version = status.version;
      note(status.complete ? "" : "This page follows the run.");
    } catch {
      note("The server does not answer; this page shows what it said last. Start it again with: npm run bench -- view");
    }
    setTimeout(ask, 2000);
  };
  ask();
})();
`;
