/** The explorer's place in the page: controls and empty lists, which its script fills. */

import { type Html, html, jsonBlock } from "../report/html.ts";
import type { ExplorerManifest } from "./pages.ts";

/** What the page's script reads: the manifest, and a version where the files change under the same names. */
export interface ExplorerData extends ExplorerManifest {
  readonly version?: number;
}

export function explorerSection(manifest: ExplorerData): Html {
  const pick = (name: string, label: string) =>
    html`<label class="pick">${label} <select name="${name}"></select></label>`;
  const pager = html`<div class="pager" data-role="pager" hidden><button type="button" data-step="-1">Previous</button><span data-out="page"></span><button type="button" data-step="1">Next</button></div>`;
  return html`<div id="explorer">
<noscript><p>Samples are shown by the page's script. They are also in <code>samples.jsonl</code> of every evaluation.</p></noscript>
<div class="controls">${pick("task", "Task")}${pick("run", "Training")}${pick("mode", "Inference")}${pick("against", "Beside it")}${pick("show", "Show")}
<label class="pick">Search <input name="q" type="search" autocomplete="off" placeholder="words of a question, its id, or an answer"></label></div>
<p class="status" data-out="status" role="status"></p>
<div class="entries" data-out="list"></div>
${pager}
</div>
${jsonBlock("explorer-manifest", manifest)}`;
}

/** Address of the samples behind a figure. */
export function samplesAddress(at: {
  readonly task: string;
  readonly run: string;
  readonly mode?: string;
  readonly show?: string;
  readonly against?: string;
}): string {
  return `#at:${new URLSearchParams(Object.entries(at).filter(([, value]) => value !== undefined)).toString()}`;
}
