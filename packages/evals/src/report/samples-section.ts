/**
 * Readable samples: a question, and beside each other what every training thought and answered. A thought is its shadow
 * text, coloured by entropy; each step's alternatives are in a data block that the page's script shows on hover or focus.
 */

import type { InferenceMode } from "../contract.ts";
import type { SampleRow } from "../results/schema.ts";
import { modeName } from "./grid-section.ts";
import { type Html, html, jsonBlock } from "./html.ts";
import { type EvaluationView, isOwnMode, type TaskView } from "./view.ts";

/** More steps than this would make the page heavy; whole questions are left out from the end. */
const MOST_STEPS = 40_000;
/** Entropy (nats) that gets the strongest colour. */
const STRONGEST_ENTROPY = 2;
const LEVELS = 6;

/** Per shown thought, per step, [token, probability] pairs; keyed as in the thought's `data-steps`. */
type StepData = Record<string, (readonly [string, number])[][]>;

export function samplesSection(task: TaskView, prefix: string): Html | null {
  const questions = pickQuestions(task);
  const modes = task.modes.filter((mode) =>
    task.evaluations.some(({ samples }) => samples.some((sample) => sample.mode === mode)),
  );
  if (questions.length === 0 || modes.length === 0) return null;
  const steps: StepData = {};
  const panes = questions.flatMap((id, question) =>
    modes.map((mode, index) => {
      const cards = task.evaluations.map((view, column) =>
        card(view, mode, id, steps, `${prefix}-${question}-${index}-${column}`),
      );
      const isFirst = question === 0 && index === 0;
      return html`<div class="pane" data-question="${question}" data-mode="${index}"${isFirst ? null : HIDDEN}>${cards}</div>`;
    }),
  );
  return html`<div class="samples" data-steps-of="${prefix}">
<div class="controls">
<label class="pick">Question <select data-role="question">${questions.map(
    (id, index) => html`<option value="${index}">${index + 1}. ${shorten(questionOf(task, id), 70)}</option>`,
  )}</select></label>
<div class="modes" role="group" aria-label="Inference mode">${modes.map(
    (mode, index) =>
      html`<button type="button" data-role="mode" value="${index}" aria-pressed="${index === 0 ? "true" : "false"}">${modeName(mode)}</button>`,
  )}</div>
</div>
${questions.map(
  (id, index) =>
    html`<div class="question" data-question="${index}"${index === 0 ? null : HIDDEN}><p dir="auto">${questionOf(task, id)}</p><p class="gold">Reference answer <b>${goldOf(task, id)}</b></p></div>`,
)}
${legend()}
${panes}
</div>
${jsonBlock(`steps-${prefix}`, steps)}`;
}

const HIDDEN = html` hidden`;

function card(view: EvaluationView, mode: InferenceMode, id: string, steps: StepData, key: string): Html {
  const { style } = view;
  const found = view.samples.filter((sample) => sample.mode === mode && sample.id === id);
  const own = isOwnMode(style, mode) && html`<small class="tag">trained this way</small>`;
  const title = html`<h4><span class="swatch"></span>${style.name} ${own}</h4>`;
  if (found.length === 0) {
    return html`<article class="card c-${style.kind}"><header>${title}</header><p class="muted">No sample kept.</p></article>`;
  }
  return html`${found.map((sample, index) => {
    const thoughtKey = `${key}-${index}`;
    return html`<article class="card c-${style.kind}"><header>${title}${verdict(sample)}</header>
${sample.error ? html`<p class="muted">${sample.error.name}: ${sample.error.message}</p>` : thought(sample, steps, thoughtKey)}
<p class="answer" dir="auto">${(sample.forced ?? "") + sample.answer}</p>
<p class="facts">${facts(sample)}</p></article>`;
  })}`;
}

function thought(sample: SampleRow, steps: StepData, key: string): Html {
  if (!sample.steps) return html`<p class="thought" dir="auto">${sample.thought || EMPTY}</p>`;
  steps[key] = sample.steps.map((step) =>
    step.alternatives.map(({ token, probability }) => [token, Number(probability.toPrecision(3))] as const),
  );
  const entropies = sample.entropies.map((entropy) => entropy.toFixed(2)).join(" ");
  const tokens = sample.steps.map(
    ({ token }, index) =>
      html`<span class="t e${level(sample.entropies[index] ?? 0)}" tabindex="${index === 0 ? 0 : -1}">${visible(token)}</span>`,
  );
  return html`<p class="thought" dir="auto" role="group" aria-label="Thought, step by step" data-steps="${key}" data-entropies="${entropies}">${tokens.length > 0 ? tokens : EMPTY}</p>`;
}

const EMPTY = html`<span class="muted">(empty thought)</span>`;

/** Line feeds and empty tokens can be seen and pointed at. */
function visible(token: string): Html {
  if (token === "") return html`<span class="nl">∅</span>`; // a step whose token has no text, or half a character
  const parts = token.split("\n");
  return html`${parts.map((part, index) => (index === 0 ? part : html`<span class="nl">⏎</span>\n${part}`))}`;
}

function verdict(sample: SampleRow): Html {
  if (sample.error) return html`<span class="verdict failed">error</span>`;
  if (sample.correct) return html`<span class="verdict right">✓ correct</span>`;
  return !sample.extracted
    ? html`<span class="verdict none">no answer</span>`
    : html`<span class="verdict wrong">✗ wrong</span>`;
}

function facts(sample: SampleRow): string {
  const count = sample.entropies.length;
  const mean = count === 0 ? null : sample.entropies.reduce((sum, entropy) => sum + entropy, 0) / count;
  return [
    `${count} steps`,
    mean === null ? "" : `mean entropy ${mean.toFixed(2)} nats`,
    `ended by ${sample.stopReason}`,
    !sample.extracted ? "" : `read as ${shorten(sample.extracted, 40)}`,
    sample.correct ? "" : shorten(sample.reason, 60),
  ]
    .filter((fact) => fact !== "")
    .join(" · ");
}

function legend(): Html {
  const swatches = Array.from({ length: LEVELS + 1 }, (_, index) => html`<i class="t e${index}"></i>`);
  return html`<p class="legend muted">Each step is coloured by the entropy of its next-token distribution: 0 <span class="ramp">${swatches}</span> ${STRONGEST_ENTROPY} nats and more. Point at a step (or tap it, or use the arrow keys) for its alternatives.</p>`;
}

function level(entropy: number): number {
  return Math.max(0, Math.min(LEVELS, Math.round((LEVELS * entropy) / STRONGEST_ENTROPY)));
}

/** Ids in order of appearance, as many as the page can carry. */
function pickQuestions(task: TaskView): string[] {
  const steps = new Map<string, number>();
  for (const { samples } of task.evaluations) {
    for (const sample of samples) {
      steps.set(sample.id, (steps.get(sample.id) ?? 0) + Math.max(1, sample.steps?.length ?? 0));
    }
  }
  let total = 0;
  return [...steps].flatMap(([id, count], index) => {
    total += count;
    return index === 0 || total <= MOST_STEPS ? [id] : [];
  });
}

function anySample(task: TaskView, id: string): SampleRow | undefined {
  return task.evaluations.flatMap(({ samples }) => samples).find((sample) => sample.id === id);
}

function questionOf(task: TaskView, id: string): string {
  return anySample(task, id)?.question ?? id;
}

function goldOf(task: TaskView, id: string): string {
  return anySample(task, id)?.gold ?? "";
}

function shorten(text: string, most: number): string {
  const line = text.replace(/\s+/gu, " ").trim();
  const characters = [...line];
  return characters.length <= most ? line : `${characters.slice(0, most - 1).join("")}…`;
}
