/** Settings of all trainings side by side: first what differs, then what is the same. */

import { type Html, html } from "./html.ts";
import type { ReportView } from "./view.ts";

export function settingsSection(view: ReportView): Html | null {
  const columns = view.trainings
    .filter(({ training }) => training.settings && Object.keys(training.settings).length > 0)
    .map(({ training, style }) => ({ style, settings: flatten(training.settings ?? {}) }));
  if (columns.length === 0) return null;
  const keys = [...new Set(columns.flatMap(({ settings }) => [...settings.keys()]))];
  const values = (key: string) => columns.map(({ settings }) => settings.get(key) ?? "");
  const differing = keys.filter((key) => new Set(values(key)).size > 1);
  const same = keys.filter((key) => !differing.includes(key));
  return html`${
    differing.length > 0 &&
    html`<div class="scroll"><table class="settings"><thead><tr><th scope="col">Differs in</th>${columns.map(
      ({ style }) =>
        html`<th scope="col" class="c-${style.kind}"><span class="swatch"></span>${style.name}</th>`,
    )}</tr></thead>
<tbody>${differing.map(
      (key) =>
        html`<tr><th scope="row">${key}</th>${values(key).map((value) => html`<td>${value}</td>`)}</tr>`,
    )}</tbody></table></div>`
  }
${
  same.length > 0 &&
  html`<details${differing.length === 0 ? html` open` : null}><summary>${same.length} settings are the same in all</summary>
<div class="scroll"><table class="settings"><tbody>${same.map(
    (key) => html`<tr><th scope="row">${key}</th><td>${values(key)[0]}</td></tr>`,
  )}</tbody></table></div></details>`
}`;
}

/** Nested settings as `group.name`; lists and leaves as JSON without its quotes. */
function flatten(settings: Readonly<Record<string, unknown>>, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [key, value] of Object.entries(settings)) {
    const name = prefix + key;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [inner, text] of flatten(value as Record<string, unknown>, `${name}.`))
        flat.set(inner, text);
    } else {
      flat.set(name, typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
    }
  }
  return flat;
}
