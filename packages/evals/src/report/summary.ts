/**
 * What the numbers say, in sentences. Every claim of a change rests on a paired interval that leaves out zero; where it
 * does not, the sentence says that nothing was measured. No adjectives.
 */

import type { InferenceMode } from "../contract.ts";
import { compareMode, isClear, modeResult } from "../results/comparison.ts";
import { type Html, html } from "./html.ts";
import { type EvaluationView, percent, signedPoints, type TaskView } from "./view.ts";

/** One list item per training that is compared with the first one. */
export function summarySentences(task: TaskView): Html[] {
  const [base, ...others] = task.evaluations;
  if (!base) return [];
  return others.map((view) => {
    const modes = modesToTell(view).filter((mode) => modeResult(base.results, mode));
    const sentences = [
      ...modes.map((mode) => accuracySentence(base, view, mode)),
      manySamplesSentence(base, view, modes),
      entropySentence(base, view),
    ].filter((sentence) => sentence !== null);
    if (sentences.length === 0) sentences.push("Evaluated in no mode that can be compared.");
    return html`<li class="c-${view.style.kind}"><span class="swatch"></span><div><b>${view.style.name}</b> ${sentences.map((sentence) => html`<span>${sentence}</span> `)}</div></li>`;
  });
}

/** The training's own mode, and hard inference, which the paper recommends after any training. */
function modesToTell(view: EvaluationView): InferenceMode[] {
  const own = `${view.style.kind}-sample` as InferenceMode;
  const wanted: InferenceMode[] = [own, "hard-sample", "hard-greedy"];
  return [...new Set(wanted)].filter((mode) => modeResult(view.results, mode));
}

function accuracySentence(base: EvaluationView, view: EvaluationView, mode: InferenceMode): string | null {
  const difference = compareMode(base.results, view.results, mode);
  const was = modeResult(base.results, mode)?.metrics.accuracy;
  const is = modeResult(view.results, mode)?.metrics.accuracy;
  if (!difference || was === undefined || is === undefined) return null;
  const { difference: points, low, high } = difference;
  if (points === 0 && low === 0 && high === 0) {
    return `${inWords(mode)}: ${percent(is)} % right, the same on every question.`;
  }
  const by = `${signedPoints(difference.difference)} points, interval ${signedPoints(difference.low)} to ${signedPoints(difference.high)}`;
  if (!isClear(difference)) return `${inWords(mode)}: no clear change, ${percent(is)} % right (${by}).`;
  const verb = difference.difference > 0 ? "rises" : "falls";
  return `${inWords(mode)}: accuracy ${verb} from ${percent(was)} to ${percent(is)} % (${by}).`;
}

function manySamplesSentence(
  base: EvaluationView,
  view: EvaluationView,
  modes: readonly InferenceMode[],
): string | null {
  const mode = modes.find((candidate) => (modeResult(view.results, candidate)?.n ?? 1) > 1);
  const was = mode && modeResult(base.results, mode)?.metrics.passAt;
  const is = mode && modeResult(view.results, mode)?.metrics.passAt;
  if (!mode || !was || !is) return null;
  const k = Math.max(...Object.keys(is).map(Number));
  const [before, after] = [was[k], is[k]];
  if (k === 1 || before === undefined || after === undefined) return null;
  return `At least one of ${k} ${inWords(mode).toLowerCase()} right: ${percent(before)} % before, ${percent(after)} % after.`;
}

function entropySentence(base: EvaluationView, view: EvaluationView): string | null {
  const mode: InferenceMode = "hard-sample";
  const was = modeResult(base.results, mode)?.metrics.entropy ?? null;
  const is = modeResult(view.results, mode)?.metrics.entropy ?? null;
  if (was === null || is === null) return null;
  return `Entropy of ${inWords(mode).toLowerCase()}: ${was.toFixed(2)} nats a step before, ${is.toFixed(2)} after.`;
}

/** "hard-sample" -> "Sampled hard thoughts". */
function inWords(mode: InferenceMode): string {
  const [thought, choice] = mode.split("-");
  return `${choice === "greedy" ? "Greedy" : "Sampled"} ${thought} thoughts`;
}
