/**
 * Fills the cells of a grid: each run's model is loaded once and evaluated on all tasks that are still missing something. What
 * exists is never made again: a cell that is whole is not even opened, and the evaluators continue the others sample by sample.
 */

import { describeUnreadable, evaluateModel, lockFolder, openModel, versions } from "@soft-tokens/app-common";
import { evaluateLikelihood, type InferenceMode, isGreedyMode, LIKELIHOOD_MODE } from "@soft-tokens/evals";
import {
  type GridAblation,
  gridAblationFolder,
  gridEvaluationFolder,
  readEvaluation,
} from "@soft-tokens/evals/report";
import type { NoisePlace } from "@soft-tokens/sampler";
import type { GridOptions } from "../commands/grid.ts";
import { checkChoices } from "../evaluate/check-choices.ts";
import { generationNeeds, generationSettings } from "../evaluate/generation-options.ts";
import type { OpenedTask } from "../evaluate/open-task.ts";
import { createScoreFunction } from "../evaluate/score-choices.ts";
import type { CellProgress, LiveTable } from "./live-table.ts";
import type { PlannedRun } from "./parse-grid.ts";

export interface GridPlan {
  readonly options: GridOptions;
  readonly runs: readonly PlannedRun[];
  readonly tasks: readonly { readonly name: string; readonly data: string; readonly opened: OpenedTask }[];
  readonly modes: readonly InferenceMode[];
  /** Settings that are varied at inference; the main values among them are the grid's own cells. */
  readonly ablations: readonly GridAblation[];
  /** Of the sampled modes. */
  readonly samples: number;
  readonly limit: number | undefined;
}

export interface PlannedCell {
  readonly run: PlannedRun;
  readonly task: GridPlan["tasks"][number];
  readonly folder: string;
  /** Of the grid, or of the ablation. */
  readonly modes: readonly InferenceMode[];
  readonly ablation?: GridAblation;
  /** Nothing is missing. */
  readonly isWhole: boolean;
  readonly progress: CellProgress;
}

/** All cells, by run, with what exists of each. */
export async function planCells(plan: GridPlan): Promise<PlannedCell[]> {
  const cells: PlannedCell[] = [];
  for (const run of plan.runs) {
    for (const task of plan.tasks) cells.push(await planCell(plan, run, task));
    for (const ablation of plan.ablations.filter(({ isMain }) => !isMain)) {
      for (const task of plan.tasks.filter(({ name }) => ablation.tasks.includes(name)))
        cells.push(await planCell(plan, run, task, ablation));
    }
  }
  return cells;
}

async function planCell(
  plan: GridPlan,
  run: PlannedRun,
  task: GridPlan["tasks"][number],
  ablation?: GridAblation,
): Promise<PlannedCell> {
  const { out } = plan.options;
  const modes = ablation ? plan.modes.filter((mode) => ablation.modes.includes(mode)) : plan.modes;
  const folder = ablation
    ? gridAblationFolder(out, run.name, ablation, task.name)
    : gridEvaluationFolder(out, run.name, task.name);
  const total = samplesOf(plan, task, modes);
  const isWhole = await hasEverything(folder, plan, task, modes);
  return {
    ...{ run, task, folder, modes, isWhole },
    ...(ablation && { ablation }),
    progress: {
      run: ablation ? `${run.name}, ${ablation.setting} ${ablation.value}` : run.name,
      task: task.name,
      unit: task.opened.kind === "likelihood" ? "question" : "sample",
      done: isWhole ? total : 0,
      total,
      restored: isWhole ? total : 0,
    },
  };
}

/** Evaluates what is missing, run after run. @throws the signal's reason when aborted; what was made by then is on disk. */
export async function runCells(
  plan: GridPlan,
  cells: readonly PlannedCell[],
  table: LiveTable,
  signal: AbortSignal,
): Promise<void> {
  for (const run of plan.runs) {
    const missing = cells.filter((cell) => cell.run === run && !cell.isWhole);
    if (missing.length > 0) await runModel(plan, run, missing, table, signal);
  }
}

async function runModel(
  plan: GridPlan,
  run: PlannedRun,
  cells: readonly PlannedCell[],
  table: LiveTable,
  signal: AbortSignal,
): Promise<void> {
  const { options } = plan;
  signal.throwIfAborted();
  table.clear();
  using opened = await openModel({ ...options, model: run.model }, generationNeeds(options), signal);
  for (const { task, folder, modes, ablation, progress } of cells) {
    using _lock = await lockFolder(folder); // it is an evaluation's folder like any other
    const label = (accuracy: number | null) =>
      accuracy === null ? "" : `${(100 * accuracy).toFixed(1)} % right`;
    if (task.opened.kind === "likelihood") {
      const named = { ...task.opened.task, name: task.name };
      const { skipBad } = options;
      const checked = checkChoices(opened.model, named, { file: task.data, skipBad, limit: plan.limit });
      await evaluateLikelihood({
        task: checked.task,
        model: run.model,
        score: createScoreFunction({
          model: opened.model,
          maxTokens: options.batchTokens,
          chunk: opened.chunk,
          encoded: checked.encoded,
        }),
        folder,
        seed: options.seed,
        settings: { dtype: opened.dtype },
        versions: versions(opened.backend),
        signal,
        onProgress: ({ done, total, restored, accuracy }) =>
          table.update({ ...progress, done, total, restored }, label(accuracy)),
      });
      continue;
    }
    await evaluateModel({
      opened,
      name: run.model,
      task: { ...task.opened.task, name: task.name },
      file: task.data,
      skipBad: options.skipBad,
      modes,
      samplesPerQuestion: plan.samples,
      folder,
      limit: plan.limit,
      ...generationSettings(options),
      ...(ablation && changed(ablation)),
      onUnreadable: (ids) => {
        table.clear();
        process.stderr.write(`warning  ${task.name}: ${describeUnreadable(ids)}\n`);
      },
      signal,
      onProgress: ({ mode, done, total, restored, accuracy }) =>
        table.update(
          { ...progress, done, total, restored },
          [mode, label(accuracy)].filter(Boolean).join(", "),
        ),
    });
  }
}

/** What an ablation changes of the grid's settings. */
function changed({ setting, value }: GridAblation) {
  switch (setting) {
    case "noise-scale":
      return { noiseScale: Number(value) };
    case "temperature":
      return { thought: { temperature: Number(value) } };
    case "noise-place":
      return { thought: { noisePlace: value as NoisePlace } }; // checked when it was read
    default:
      return setting satisfies never;
  }
}

/** Samples of all modes, or questions of a likelihood task. */
function samplesOf(
  plan: GridPlan,
  { opened }: GridPlan["tasks"][number],
  modes: readonly InferenceMode[],
): number {
  const questions = Math.min(plan.limit ?? Number.POSITIVE_INFINITY, opened.task.questions.length);
  if (opened.kind === "likelihood") return questions;
  return modes.reduce((sum, mode) => sum + questions * (isGreedyMode(mode) ? 1 : plan.samples), 0);
}

async function hasEverything(
  folder: string,
  plan: GridPlan,
  { opened }: GridPlan["tasks"][number],
  planned: readonly InferenceMode[],
): Promise<boolean> {
  const { results } = await readEvaluation(folder);
  if (!results?.complete || results.checksum !== opened.task.source.sha256) return false;
  const questions = Math.min(plan.limit ?? Number.POSITIVE_INFINITY, opened.task.questions.length);
  if (results.questions + (results.source.unfit ?? 0) !== questions) return false;
  const modes: readonly string[] = opened.kind === "likelihood" ? [LIKELIHOOD_MODE] : planned;
  return modes.every((wanted) => {
    const found = results.results.find(({ mode }) => mode === wanted);
    if (!found || found.outcomes.errors > 0) return false;
    return found.n >= (wanted === LIKELIHOOD_MODE || isGreedyMode(found.mode) ? 1 : plan.samples);
  });
}
