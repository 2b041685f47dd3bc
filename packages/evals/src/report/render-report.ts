/**
 * The report: one HTML file that opens offline and asks nothing of the network. Its content security policy allows the
 * page's own script by hash and no other, so even markup that slipped through could not run.
 */

import { createHash } from "node:crypto";
import { INFERENCE_MODES } from "../contract.ts";
import { EXPLORER_SCRIPT } from "../explorer/client.ts";
import { explorerSection } from "../explorer/section.ts";
import { ablationSection } from "./ablation-section.ts";
import { entropySection, passAtSection, trainingSection } from "./chart-sections.ts";
import { CLIENT_SCRIPT } from "./client.ts";
import type { ReportData } from "./data.ts";
import { differenceSection } from "./difference-section.ts";
import { gridSection } from "./grid-section.ts";
import { type Html, html, trustedHtml } from "./html.ts";
import { LIVE_SCRIPT, liveSection } from "./live.ts";
import { mixtureSection } from "./mixture-section.ts";
import { likelihoodSection, paperSection } from "./paper-section.ts";
import { samplesSection } from "./samples-section.ts";
import { settingsSection } from "./settings-section.ts";
import { STYLE } from "./style.ts";
import { summarySentences } from "./summary.ts";
import { arrange, type ReportView, type TaskView } from "./view.ts";

interface Section {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly body: Html;
}

/** Renders the whole page. */
export function renderReport(data: ReportData): string {
  const view = arrange(data);
  const sections = [
    progressSections(data),
    paperSections(view),
    accuracySections(view),
    differenceSections(view),
    passAtSections(view),
    trainingSections(view),
    entropySections(view),
    mixtureSections(view),
    ablationSections(view),
    sampleSections(data, view),
    settingsSections(view),
  ].flat();
  const script = [CLIENT_SCRIPT, data.explorer && EXPLORER_SCRIPT, data.live && LIVE_SCRIPT]
    .filter((part) => part !== undefined)
    .join("");
  return `<!doctype html>
${html`<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script, data)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="soft-tokens">
<title>${data.title}</title>
<style>${trustedHtml(STYLE)}</style>
<noscript><style>.pane[hidden], .question[hidden] { display: grid !important } .controls { display: none }</style></noscript>
</head><body>
<header class="masthead"><div><h1>${data.title}</h1>
${data.subtitle !== undefined && html`<p class="subtitle">${data.subtitle}</p>`}
<p class="meta">${metaLine(data, view)}</p></div></header>
<nav aria-label="Sections"><div>${[...sections, ABOUT].map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</div></nav>
<main>
${summary(data, view)}
${sections.map(renderSection)}
${about(data, view)}
</main>
<div id="step" role="tooltip" hidden></div>
<script>${trustedHtml(script)}</script>
</body></html>`}
`;
}

/**
 * The page's own script by hash, and what that script loads itself: the sample files beside the page, which a page opened
 * from disk cannot name otherwise (decision 0703). Only a page that is served may ask its server for news.
 */
function policy(script: string, { explorer, live }: ReportData): string {
  const hash = createHash("sha256").update(script).digest("base64");
  return [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}'${explorer ? " 'strict-dynamic'" : ""}`,
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function renderSection({ id, title, lead, body }: Section): Html {
  return html`<section id="${id}"><h2>${title}</h2><p class="lead">${lead}</p>${body}</section>\n`;
}

function metaLine(data: ReportData, { tasks: generated, likelihoodTasks }: ReportView): string {
  const tasks = [...generated, ...likelihoodTasks];
  const models = new Set(tasks.flatMap((task) => task.evaluations.map(({ results }) => results.model)));
  return [
    ...tasks.map((task) => taskFacts(task)),
    models.size === 1 ? `model ${[...models][0]}` : "",
    data.createdAt ?? "",
  ]
    .filter((fact) => fact !== "")
    .join(" · ");
}

function taskFacts({ task, evaluations }: TaskView): string {
  const questions = Math.max(...evaluations.map(({ results }) => results.questions));
  const samples = Math.max(
    1,
    ...evaluations.flatMap(({ results, seeds }) =>
      (seeds ?? [results]).flatMap((of) => of.results.map(({ n }) => n)),
    ),
  );
  return `${task}: ${questions} questions${samples > 1 ? `, ${samples} samples each` : ""}`;
}

function summary(data: ReportData, view: ReportView): Html {
  const incomplete = [...view.tasks, ...view.likelihoodTasks].flatMap(({ task, evaluations }) =>
    evaluations
      .filter(({ results }) => !results.complete)
      .map(
        ({ style }) =>
          `The evaluation of ${style.name} on ${task} is not complete; its figures are of what exists.`,
      ),
  );
  const notes = [...(data.notes ?? []), ...incomplete];
  const lists = view.tasks.map((task) => {
    const sentences = summarySentences(task);
    if (sentences.length === 0) return null;
    const base = task.evaluations[0]?.style.name;
    return html`<h3>Compared with ${base}${view.tasks.length > 1 && `, ${task.task}`}</h3><ul class="summary">${sentences}</ul>`;
  });
  return html`<section id="summary" class="notes">${notes.map((note) => html`<p>${note}</p>`)}${lists}</section>`;
}

function perTask(
  tasks: readonly TaskView[],
  render: (task: TaskView, index: number) => Html | null,
): Html | null {
  const rendered = tasks.flatMap((task, index) => {
    const body = render(task, index);
    return body === null || body.text.trim() === "" ? [] : [{ task, body }];
  });
  if (rendered.length === 0) return null;
  if (tasks.length === 1) return rendered[0]?.body ?? null;
  return html`${rendered.map(({ task, body }) => html`<h3>${task.task}</h3>${body}`)}`;
}

function section(id: string, title: string, lead: string, body: Html | null): Section[] {
  return body === null ? [] : [{ id, title, lead, body }];
}

function progressSections({ live }: ReportData): Section[] {
  return live
    ? [
        {
          id: "progress",
          title: "Progress",
          lead: "Figures appear when a mode is finished.",
          body: liveSection(live.progress),
        },
      ]
    : [];
}

function paperSections(view: ReportView): Section[] {
  if (!view.isGrid) return section("likelihood", "Likelihood tasks", OUT_OF_DOMAIN, likelihoodSection(view));
  return section(
    "paper",
    "The paper and ours",
    "The paper's tables 1 and 2, with what was measured here beside them. Models and data differ where the settings below say so: compare the order of the trainings, not the levels.",
    paperSection(view),
  );
}

function differenceSections(view: ReportView): Section[] {
  if (!view.isGrid || view.trainings.length < 2) return [];
  return section(
    "differences",
    "Differences",
    "Every pair of trainings on the same questions: the paired difference in accuracy with its 95 % interval, and how many questions are answered right more often or less often. Follow a count to the questions.",
    perTask([...view.tasks, ...view.likelihoodTasks], (task) => differenceSection(task, view)),
  );
}

function accuracySections(view: ReportView): Section[] {
  const isCompared = view.trainings.length > 1;
  const key = html`<p class="key">Percent of samples that are correct${
    isCompared &&
    html`, with the difference to ${view.trainings[0]?.style.name}: coloured where the 95 % interval of the paired difference leaves out zero`
  }. The bar is the 95 % interval of the figure; all bars share one scale.${
    isCompared && html` <span class="own">Tinted</span>: inference in the tokens the model was trained with.`
  }</p>`;
  return section(
    "accuracy",
    "Accuracy",
    `${view.isGrid ? "The paper's tables 3 to 5. " : ""}One column per training, one row per way of thinking at inference. Greedy modes answer once; sampled modes are the mean over all samples of a question (pass@1).`,
    perTask(view.tasks, (task) => html`${gridSection(task, view)}${key}`),
  );
}

function passAtSections(view: ReportView): Section[] {
  return section(
    "pass-at-k",
    "pass@k",
    `${view.isGrid ? "The paper's figure 3. " : ""}Chance that at least one of k samples is correct, by the unbiased estimator. A curve that stays flat has lost its diversity. Bands are 95 % intervals over questions.`,
    perTask(view.tasks, (task) => charts(passAtSection(task))),
  );
}

function trainingSections(view: ReportView): Section[] {
  const { main, others } = trainingSection(view);
  const more =
    others.text !== "" && html`<details><summary>All other metrics</summary>${charts(others)}</details>`;
  return section(
    "training",
    "Training",
    "Moving means over steps; the faint lines are the steps themselves.",
    main.text === "" ? null : html`${charts(main)}${more}`,
  );
}

function entropySections(view: ReportView): Section[] {
  return section(
    "entropy",
    "Entropy along the thought",
    `${view.isGrid ? "The paper's figure 4. " : ""}Mean entropy of the next-token distribution at every position of the thought, in nats, over the samples still thinking there (positions that at least 5 % of them reach). Of the distribution that the step was made with: at the temperature of its mode, near zero for fuzzy.`,
    perTask(view.tasks, (task) => charts(entropySection(task))),
  );
}

function mixtureSections(view: ReportView): Section[] {
  return section(
    "mixture",
    "Inside soft and fuzzy thoughts",
    "A soft thought feeds a mixture of tokens. How far is it from one token? Of the steps that were recorded: the probability of the likeliest token, by which the mixture is weighted; 100 % is a hard token.",
    perTask(view.tasks, (task) => mixtureSection(task)),
  );
}

function ablationSections(view: ReportView): Section[] {
  if (!view.isGrid) return [];
  return section(
    "ablations",
    "Ablations",
    "One setting that the paper varied, over its values: in training, where trainings of one kind differ in nothing else of this list, and at inference, where the same model was evaluated again.",
    ablationSection(view),
  );
}

/** Likelihood tasks have none. */
function hasThoughts({ trainings }: ReportData): boolean {
  return trainings.some(({ evaluations }) =>
    evaluations.some(({ results }) =>
      results.results.some(({ mode }) => (INFERENCE_MODES as readonly string[]).includes(mode)),
    ),
  );
}

function sampleSections(data: ReportData, view: ReportView): Section[] {
  if (data.explorer) {
    return section(
      "samples",
      "Samples",
      `Every sample behind the figures.${hasThoughts(data) ? " Soft and fuzzy thoughts are no text: shown is their shadow, the likeliest token of every step, coloured by the entropy of the step where it was recorded." : ""}`,
      explorerSection(data.explorer),
    );
  }
  return section(
    "samples",
    "Samples",
    "The same question, thought through by every training. Soft and fuzzy thoughts are no text: shown is their shadow, the likeliest token of every step.",
    perTask(view.tasks, (task, index) => samplesSection(task, String(index))),
  );
}

function settingsSections(view: ReportView): Section[] {
  return section("settings", "Settings", "Resolved values, as the runs kept them.", settingsSection(view));
}

function charts(body: Html): Html | null {
  return body.text === "" ? null : html`<div class="charts">${body}</div>`;
}

const OUT_OF_DOMAIN =
  "Multiple choice by likelihood: the share of questions whose right choice is the likeliest, and the negative log-likelihood per token of the right one, in nats. 95 % intervals.";

const ABOUT = { id: "about", title: "About" };

function about(data: ReportData, { tasks: generated, likelihoodTasks }: ReportView): Html {
  const tasks = [...generated, ...likelihoodTasks];
  const versions = Object.assign(
    {},
    ...tasks.flatMap((task) => task.evaluations.map(({ results }) => results.versions)),
    data.versions,
  ) as Record<string, string>;
  return html`<section id="${ABOUT.id}" class="about"><h2>${ABOUT.title}</h2>
<dl>${GLOSSARY.map(([term, meaning]) => html`<dt>${term}</dt><dd>${meaning}</dd>`)}
${tasks.map(({ task, evaluations }) => {
  const results = evaluations[0]?.results;
  return (
    results &&
    html`<dt>${task}</dt><dd>${results.source.file}, ${results.source.rows} questions, sha256 ${results.checksum}</dd>`
  );
})}
<dt>Versions</dt><dd>${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")}</dd></dl></section><footer></footer>`;
}

const GLOSSARY = [
  ["hard", "A thought of sampled tokens, as usual: one embedding per step."],
  [
    "soft",
    "Every step feeds the mean of all token embeddings, weighted by their probabilities, and noise when sampled.",
  ],
  ["fuzzy", "As soft at a temperature near zero: almost one token's embedding, and noise when sampled."],
  ["greedy, sample", "Without and with randomness in the thought. Answers are always greedy."],
  [
    "Intervals",
    "95 %. Bootstrap over questions (samples of one question stay together); Wilson's for greedy modes.",
  ],
  ["Method", "Soft Tokens, Hard Truths (arXiv:2509.19170)."],
] as const;
