/**
 * What both trainers do around a step: validation, best and last checkpoint, warnings, abort and resume. What a step computes
 * is the trainer's own (`TrainingTask`).
 *
 * Invariant: between two steps `state`, weights, optimizer and the run's key determine everything that follows. Work that an
 * interruption cut off (a validation that was due) is made up for, so a continued run says what an uninterrupted one would.
 */

import type { Checkpointer } from "./checkpoint/checkpointer.ts";
import type { TrainerState } from "./checkpoint/document.ts";
import type { Metrics } from "./contract.ts";
import { TrainerError } from "./errors.ts";
import type { Trainer, TrainerEvent } from "./events.ts";
import { createWatch, emptyWatchState, type TrainerWarning, type WatchedRun } from "./warnings.ts";

/** Steps in a row without a usable gradient after which training is given up. */
const MAX_SKIPPED_IN_A_ROW = 10;

export interface StepOutcome<Sample> {
  readonly metrics: Metrics;
  readonly samples: readonly Sample[];
  /** The gradient was NaN or infinite and the weights were left alone. */
  readonly isSkipped: boolean;
  readonly warnings: readonly TrainerWarning[];
}

export interface ValidationOutcome<Sample> {
  readonly metrics: Metrics;
  readonly samples: readonly Sample[];
  /** Higher is better. */
  readonly score: number;
}

export interface TrainingTask<Sample> {
  readonly watched: WatchedRun;
  /** Steps count from 1. */
  step(
    step: number,
    signal: AbortSignal | undefined,
    /** Unclipped gradient norms of the last steps. */
    recentNorms: readonly number[],
  ): Promise<StepOutcome<Sample>>;
  /** Null without validation data. */
  readonly validate:
    | ((step: number, signal: AbortSignal | undefined) => Promise<ValidationOutcome<Sample>>)
    | null;
  dispose(): void;
}

export interface LoopSettings {
  readonly steps: number;
  readonly validateEvery: number;
  readonly checkpointEvery: number;
}

export function createTrainer<Sample>(
  task: TrainingTask<Sample>,
  settings: LoopSettings,
  checkpointer: Checkpointer | null,
): Trainer<Sample> {
  let state: TrainerState = {
    step: 0,
    lastValidatedStep: -1,
    best: null,
    skippedInARow: 0,
    watch: emptyWatchState(),
  };
  let watch = createWatch(task.watched, state.watch);
  let savedStep = -1;
  let isFresh = true;
  let announcements: TrainerEvent<Sample>[] = [];
  type Events = AsyncGenerator<TrainerEvent<Sample>, void, undefined>;

  const isDue = (every: number) => every > 0 && (state.step % every === 0 || state.step === settings.steps);

  const save = async (): Promise<string> => {
    if (!checkpointer) throw new TypeError("save: the trainer was made without a checkpoint folder");
    await refuseForeignCheckpoints();
    const folder = await checkpointer.save(state);
    savedStep = state.step;
    return folder;
  };

  /** Checkpoints of another run must not mix with ours. */
  const refuseForeignCheckpoints = async () => {
    if (!isFresh || !checkpointer) return;
    await checkpointer.open();
    if (!(await checkpointer.isEmpty())) {
      throw new TrainerError(
        "CHECKPOINT_MISMATCH",
        "the checkpoint folder holds a run already: call resume() to continue it, or use an empty folder",
      );
    }
    isFresh = false;
  };

  async function* checkpoint(isBest: boolean): Events {
    if (checkpointer) yield { type: "checkpoint", step: state.step, folder: await save(), isBest };
  }

  /** The one before the first step too: it is what later ones are measured against, but never the best. */
  async function* validateIfDue(signal: AbortSignal | undefined): Events {
    const { validate } = task;
    if (!validate || !isDue(settings.validateEvery) || state.lastValidatedStep === state.step) return;
    const { metrics, samples, score } = await validate(state.step, signal);
    const { step } = state;
    const isBest = step > 0 && Number.isFinite(score) && (state.best === null || score > state.best.score);
    state.lastValidatedStep = step;
    if (isBest) state.best = { step, score };
    const warnings = watch.validation(step, metrics);
    yield { type: "validation", step, metrics, samples, isBest };
    for (const warning of warnings) yield { type: "warning", step, ...warning };
    if (isBest) yield* checkpoint(true);
  }

  async function* trainOneStep(signal: AbortSignal | undefined): Events {
    const step = state.step + 1;
    const { metrics, samples, isSkipped, warnings } = await task.step(step, signal, watch.state.norms);
    state.step = step;
    state.skippedInARow = isSkipped ? state.skippedInARow + 1 : 0;
    const seen = [...warnings, ...watch.step(step, metrics)];
    yield { type: "step", step, metrics, samples };
    for (const warning of seen) yield { type: "warning", step, ...warning };
    if (state.skippedInARow < MAX_SKIPPED_IN_A_ROW) return;
    yield* checkpoint(false);
    throw new TrainerError(
      "NON_FINITE_GRADIENT",
      `the gradient was NaN or infinite in ${state.skippedInARow} steps in a row, up to step ${step}: ${adviceAfter(state)}`,
    );
  }

  async function* train(signal: AbortSignal | undefined): Events {
    yield* validateIfDue(signal);
    while (state.step < settings.steps) {
      signal?.throwIfAborted();
      yield* trainOneStep(signal);
      yield* validateIfDue(signal);
      const isLast = state.step === settings.steps;
      if ((isDue(settings.checkpointEvery) || isLast) && savedStep !== state.step) yield* checkpoint(false);
    }
  }

  return {
    get step() {
      return state.step;
    },
    get validatedStep() {
      return state.lastValidatedStep;
    },
    save,
    async resume() {
      if (!isFresh) throw new TypeError("resume: call it before run and save");
      const restored = (await checkpointer?.restore()) ?? null;
      if (!restored) return null;
      state = restored.state;
      watch = createWatch(task.watched, state.watch);
      savedStep = state.step;
      isFresh = false;
      const { step } = state;
      announcements = restored.warnings.map((warning) => ({ type: "warning", step, ...warning }));
      announcements.unshift({ type: "resumed", step, folder: restored.folder });
      return step;
    },
    async *run({ signal } = {}) {
      await refuseForeignCheckpoints();
      yield* announcements;
      announcements = [];
      try {
        yield* train(signal);
      } catch (error) {
        if (!signal?.aborted || !isAbort(error, signal)) throw error;
        if (state.step > 0 && savedStep !== state.step) yield* checkpoint(state.best?.step === state.step);
        yield { type: "stopped", step: state.step, reason: "aborted" };
        return;
      }
      yield { type: "stopped", step: state.step, reason: "finished" };
    },
    dispose: task.dispose,
    [Symbol.dispose]: task.dispose,
  };
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

/** Weights that no step has changed are not the learning rate's doing. */
function adviceAfter({ step, skippedInARow }: TrainerState): string {
  return step === skippedInARow
    ? "no step has changed the weights, so it is the model or the rewards, whose numbers leave float32"
    : "try a smaller learning rate or, for fuzzy thoughts, a larger temperature";
}
