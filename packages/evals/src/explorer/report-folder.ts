/**
 * A folder of results as a report that can be written or served. It may still be filling: {@link ReportFolder.refresh}
 * looks again. Samples stay on disk; only where they lie is held.
 */

import { basename, join, resolve } from "node:path";
import { INFERENCE_MODES, type InferenceMode, isGreedyMode } from "../contract.ts";
import type { AblatedCell } from "../grid/ablations.ts";
import { type GridAblation, type GridFile, gridTitle } from "../grid/grid-file.ts";
import { poolSeeds } from "../grid/pool-seeds.ts";
import { LIKELIHOOD_MODE } from "../likelihood/schema.ts";
import type { ReportData, ReportEvaluation, ReportProgress, ReportTraining } from "../report/data.ts";
import { leftOut } from "../report/read-run.ts";
import type { EvaluationResults } from "../results/schema.ts";
import { SAMPLES_FILE } from "../runner/evaluation-folder.ts";
import { type FoundRun, findRuns } from "./find-runs.ts";
import type { MixtureProfile } from "./mixture-profile.ts";
import { type ExplorerPages, explorerPages } from "./pages.ts";
import { type ReadEvaluation, readEvaluation } from "./read-evaluation.ts";
import { openSampleIndex, type SampleIndex } from "./sample-index.ts";

/** Folder of the sample files, beside the page. */
export const PAGES_FOLDER = "report-data";

export interface ReportFolder {
  /** Reads what has changed. @throws EvaluationError RESULTS_UNREADABLE for a broken `grid.json` */
  refresh(): Promise<void>;
  /** Without `live`, `title` and `createdAt`, which are the caller's. */
  readonly data: Omit<ReportData, "title">;
  readonly pages: ExplorerPages;
  readonly progress: readonly ReportProgress[];
  /** Whether all evaluations say that they are. */
  readonly isComplete: boolean;
  /** Changes when anything that the report shows does. */
  readonly version: number;
  readonly isEmpty: boolean;
  readonly title: string;
  /** What could not be read. */
  readonly warnings: readonly string[];
}

interface LoadedEvaluation {
  readonly run: FoundRun;
  readonly results: EvaluationResults | null;
  /** Of a likelihood task: by subject. */
  readonly groups: NonNullable<ReadEvaluation["groups"]>;
  readonly index: SampleIndex;
  readonly task?: GridFile["tasks"][number];
  readonly ablation?: GridAblation;
}

/** Opens a folder; one that is empty, or not there, is an empty report. */
export async function openReportFolder(folder: string): Promise<ReportFolder> {
  const indexes = new Map<string, SampleIndex>();
  let seen = await look(folder, indexes);
  let state = assemble(seen);
  let version = 1;
  return {
    async refresh() {
      const next = await look(folder, indexes);
      if (next.stamp === seen.stamp) return;
      version += 1;
      seen = next;
      state = assemble(next);
    },
    get data() {
      return state.data;
    },
    get pages() {
      return state.pages;
    },
    get progress() {
      return state.progress;
    },
    get isComplete() {
      return state.isComplete;
    },
    get isEmpty() {
      return state.data.trainings.length === 0;
    },
    get version() {
      return version;
    },
    get warnings() {
      return state.warnings;
    },
    get title() {
      return seen.grid ? gridTitle(seen.grid) : basename(resolve(folder));
    },
  };
}

/** What lies in the folder at one moment. */
interface FolderContent {
  readonly grid: GridFile | null;
  readonly runs: readonly FoundRun[];
  readonly loaded: readonly LoadedEvaluation[];
  readonly warnings: readonly string[];
  /** The same for the same content. */
  readonly stamp: string;
}

async function look(folder: string, indexes: Map<string, SampleIndex>): Promise<FolderContent> {
  const { grid, runs } = await findRuns(folder);
  const warnings = runs.flatMap((run) => run.warnings);
  const loaded: LoadedEvaluation[] = [];
  for (const run of runs) {
    for (const { path, task, ablation } of run.evaluations) {
      const { results, groups = [], warning } = await readEvaluation(path);
      if (warning) warnings.push(warning);
      const index = indexes.get(path) ?? (await openSampleIndex(join(path, SAMPLES_FILE)));
      indexes.set(path, index);
      await index.refresh();
      if (index.unreadable > 0) {
        warnings.push(leftOut(join(path, SAMPLES_FILE), index.unreadable));
      }
      loaded.push({ run, results, groups, index, ...(task && { task }), ...(ablation && { ablation }) });
    }
  }
  const stamp = JSON.stringify([
    loaded.map(({ index, results }) => [index.version, results?.results.length, results?.complete]),
    runs.map(({ name, metrics }) => [name, metrics.length]),
    warnings,
  ]);
  return { grid, runs, loaded, warnings, stamp };
}

interface FolderState {
  readonly data: Omit<ReportData, "title">;
  readonly pages: ExplorerPages;
  readonly progress: readonly ReportProgress[];
  readonly isComplete: boolean;
  readonly warnings: readonly string[];
}

function assemble({ grid, runs, loaded, warnings: read }: FolderContent): FolderState {
  const warnings = [...read];
  const main = loaded.filter(({ ablation }) => !ablation);
  const trainings = trainingsOf(runs, main, warnings);
  const ablated = ablatedCells(trainings, loaded, grid?.ablations ?? []);
  const pages = explorerPages(explorerTasks(loaded), PAGES_FOLDER);
  const versions = loaded.flatMap(({ results }) => results ?? [])[0]?.versions;
  return {
    data: {
      trainings,
      notes: warnings.map((warning) => `Not read: ${warning}`),
      isGrid: grid !== null,
      ...(ablated.length > 0 && { ablated }),
      ...(versions && { versions }),
      ...(pages.manifest.tasks.length > 0 && { explorer: pages.manifest }),
    },
    pages,
    progress: loaded.flatMap((evaluation) => progressOf(evaluation, grid)),
    isComplete: loaded.length > 0 && loaded.every(({ results }) => results?.complete ?? false),
    warnings,
  };
}

/** One training per variant, its seeds pooled. */
function trainingsOf(
  runs: readonly FoundRun[],
  loaded: readonly LoadedEvaluation[],
  warnings: string[],
): ReportTraining[] {
  return [...new Set(runs.map(({ variant }) => variant))].map((variant) => {
    const seeds = runs.filter((run) => run.variant === variant);
    const [first] = seeds as [FoundRun];
    const own = loaded.filter(({ run }) => run.variant === variant);
    const keyOf = ({ results }: LoadedEvaluation) => results && `${results.task} ${results.checksum}`;
    const keys = [...new Set(own.map(keyOf))].filter((key) => key !== null);
    const evaluations = keys.flatMap((key) => {
      const ofTask = own.filter((evaluation) => keyOf(evaluation) === key);
      try {
        return [evaluationOf(ofTask)];
      } catch (error) {
        warnings.push(`${variant}: ${(error as Error).message}`);
        return [];
      }
    });
    return {
      name: variant,
      kind: first.kind,
      settings: first.settings,
      metrics: first.metrics,
      evaluations,
    };
  });
}

/** Of every value, task and variant what was evaluated; the main value's are the grid's own. */
function ablatedCells(
  trainings: readonly ReportTraining[],
  loaded: readonly LoadedEvaluation[],
  ablations: readonly GridAblation[],
): AblatedCell[] {
  return ablations.flatMap(({ setting, value, isMain, tasks, modes }) =>
    trainings.flatMap((training) => {
      const { name: of, kind } = training;
      return tasks.flatMap((task): AblatedCell[] => {
        const main = training.evaluations.find(({ results }) => results.task === task);
        const own = loaded.filter(
          ({ run, ablation, results }) =>
            ablation?.setting === setting &&
            ablation.value === value &&
            run.variant === of &&
            results?.task === task &&
            results.results.length > 0,
        );
        // Questions of another file would stand in one table with these.
        const seeds = isMain
          ? (main?.seeds ?? (main ? [main.results] : []))
          : own.flatMap(({ results }) => results ?? []);
        const [first] = seeds;
        if (!first || seeds.some(({ checksum }) => checksum !== first.checksum)) return [];
        const variant = isMain ? of : ablatedName(of, { setting, value });
        const cell = { variant, kind, task, seeds, pooled: poolSeeds(seeds) };
        return [{ setting, value, isMain, of, modes, cell }];
      });
    }),
  );
}

/** As the explorer lists a run, or a variant, with one setting changed. */
function ablatedName(name: string, { setting, value }: Pick<GridAblation, "setting" | "value">): string {
  return `${name}, ${setting} ${value}`;
}

function evaluationOf(loaded: readonly LoadedEvaluation[]): ReportEvaluation {
  const seeds = loaded.flatMap(({ results }) => results ?? []);
  const [first] = loaded as [LoadedEvaluation];
  // Of the first seed: a drawing of what thoughts are like, not a figure that is compared.
  const mixtures: Record<string, MixtureProfile> = {};
  for (const mode of first.index.modes) {
    const profile = first.index.mixture(mode);
    if (profile) mixtures[mode] = profile;
  }
  const { groups } = first;
  return {
    results: poolSeeds(seeds),
    ...(seeds.length > 1 && { seeds }),
    samples: [],
    mixtures,
    ...(seeds.length === 1 && groups.length > 0 && { groups }),
  };
}

function explorerTasks(loaded: readonly LoadedEvaluation[]) {
  const withSamples = loaded.filter(({ results, index }) => results && index.questions.length > 0);
  const keyOf = ({ results }: LoadedEvaluation) => `${results?.task} ${results?.checksum}`;
  return [...new Set(withSamples.map(keyOf))].map((key) => {
    const ofTask = withSamples.filter((evaluation) => keyOf(evaluation) === key);
    return {
      task: ofTask[0]?.results?.task ?? "",
      runs: ofTask.map(({ run: { name, variant, kind }, index, ablation }) => ({
        name: ablation ? ablatedName(name, ablation) : name,
        variant: ablation ? ablatedName(variant, ablation) : variant,
        kind,
        index,
      })),
    };
  });
}

/** Per mode: of a grid all that are going to be, else those that have begun. */
function progressOf(
  { run, results, index, task, ablation }: LoadedEvaluation,
  grid: GridFile | null,
): ReportProgress[] {
  if (!results && !task) return [];
  const isLikelihood = task ? task.kind === "likelihood" : index.modes.includes(LIKELIHOOD_MODE);
  const modes: readonly string[] = isLikelihood
    ? [LIKELIHOOD_MODE]
    : INFERENCE_MODES.filter((mode) => (ablation ?? grid ?? index).modes.includes(mode));
  const planned = Math.min(grid?.limit ?? Number.POSITIVE_INFINITY, task?.questions ?? 0);
  const questions = task ? planned : (results?.questions ?? 0);
  return modes.map((mode) => {
    const verdicts = index.questions.flatMap(({ id }) =>
      index.samples(mode, id).map(({ verdict }) => verdict),
    );
    const usable = verdicts.filter((verdict) => verdict !== "error");
    const right = usable.filter((verdict) => verdict === "right").length;
    return {
      run: ablation ? ablatedName(run.name, ablation) : run.name,
      kind: run.kind,
      task: task?.name ?? results?.task ?? "",
      mode,
      done: usable.length,
      total: questions * samplesOf(mode, results, grid),
      accuracy: usable.length === 0 ? null : right / usable.length,
    };
  });
}

/** `n` of the file is that of its largest mode once one is done, and the plan's before. */
function samplesOf(mode: string, results: EvaluationResults | null, grid: GridFile | null): number {
  if (mode === LIKELIHOOD_MODE || isGreedyMode(mode as InferenceMode)) return 1;
  return grid?.samples ?? Math.max(1, ...(results ? [results.n, ...results.results.map(({ n }) => n)] : []));
}
