/**
 * Names the known failure signatures of method.md section 10 when it sees them in the metrics. A warning is data: it changes
 * nothing in the run. The state is plain JSON and part of a checkpoint, so that a continued run warns as an uninterrupted one.
 *
 * Not seen from here: a rising out-of-domain likelihood, which only an evaluation measures. Falling entropy goes with it.
 */

import type { DType } from "@soft-tokens/tensor";
import { z } from "zod";
import type { Metrics } from "./contract.ts";

export type WarningCode =
  | "NOISE_TOO_LARGE" // validation fell and sigma is above rms(E)
  | "ACCURACY_COLLAPSED" // validation far below the base model
  | "THOUGHTS_AT_LIMIT" // soft or fuzzy thoughts end at the limit, every time
  | "ENTROPY_FALLING" // hard training's signature
  | "GRADIENT_SPIKE" // near-ties at a small temperature
  | "GRADIENT_NON_FINITE" // the step was skipped
  | "LOGPROB_GAP" // sampler and trainer disagree: precision
  | "MEMORY_BUDGET_EXCEEDED" // one sequence alone is estimated above the budget
  | "CHECKPOINT_DAMAGED"; // passed over for an earlier one

export interface TrainerWarning {
  readonly code: WarningCode;
  readonly message: string;
}

/** What the watch knows of the run. */
export interface WatchedRun {
  /** Null for supervised training. */
  readonly thought: {
    readonly name: string;
    readonly temperature: number;
    readonly noiseScale: number;
    readonly storesThoughts: boolean;
  } | null;
  readonly dtype: DType;
}

export const WatchState = z.strictObject({
  /** The last unclipped gradient norms. */
  norms: z.array(z.number()),
  stepsAtLimit: z.int(),
  /** Mean entropy of the first steps. */
  entropyStart: z.strictObject({ sum: z.number(), count: z.int() }),
  baseAccuracy: z.number().nullable(),
  /** The step at which a code was last reported. */
  reported: z.record(z.string(), z.int()),
});
export type WatchState = z.infer<typeof WatchState>;

export interface Watch {
  readonly state: WatchState;
  step(step: number, metrics: Metrics): TrainerWarning[];
  validation(step: number, metrics: Metrics): TrainerWarning[];
}

export function emptyWatchState(): WatchState {
  return {
    norms: [],
    stepsAtLimit: 0,
    entropyStart: { sum: 0, count: 0 },
    baseAccuracy: null,
    reported: {},
  };
}

const NORM_WINDOW = 50;
const NORMS_NEEDED = 10;
const SPIKE_FACTOR = 10;
const ENTROPY_START_STEPS = 10;
const LIMIT_RATE = 0.95;
const LIMIT_STEPS = 5;
/** A code is reported again after this many steps at the earliest. */
const QUIET_STEPS = 100;
/** Relative log pi gaps that precision alone does not explain. */
const GAP_LIMIT: Partial<Record<DType, number>> = { float32: 1e-3, bfloat16: 5e-2 };

/** Continues `state`, which it changes in place. */
export function createWatch(run: WatchedRun, state: WatchState = emptyWatchState()): Watch {
  const report = (step: number, code: WarningCode, message: string): TrainerWarning[] => {
    const last = state.reported[code];
    if (last !== undefined && step - last < QUIET_STEPS) return [];
    state.reported[code] = step;
    return [{ code, message }];
  };
  return {
    state,
    step(step, metrics) {
      return [
        ...gradientSpike(step, metrics["optim/gradientNorm"]),
        ...atLimit(step, metrics["thought/limitRate"]),
        ...entropyFall(step, metrics["thought/entropy"]),
        ...gap(step, metrics["logprob/gapRelative"]),
        ...overBudget(step, metrics["memory/overBudgetBytes"]),
      ];
    },
    validation(step, metrics) {
      const accuracy = metrics["validation/accuracy"];
      const problems = metrics["validation/problems"] ?? 1;
      if (accuracy === undefined) return [];
      if (state.baseAccuracy === null) {
        state.baseAccuracy = accuracy;
        return [];
      }
      const base = state.baseAccuracy;
      const standardError = Math.sqrt((base * (1 - base)) / problems);
      if (accuracy >= base - 2 * standardError || accuracy === base) return [];
      const fell = `validation accuracy fell from ${percent(base)} to ${percent(accuracy)}`;
      if (run.thought && run.thought.noiseScale > 1) {
        return report(
          step,
          "NOISE_TOO_LARGE",
          `${fell}: the noise is ${run.thought.noiseScale} rms(E); values above 1 are known to break training, 0.33 is the method's`,
        );
      }
      if (accuracy >= base / 2) return [];
      return report(
        step,
        "ACCURACY_COLLAPSED",
        `${fell}, far below the base model: try a smaller learning rate, and check the thought temperature${run.thought ? ` (${run.thought.temperature})` : ""}`,
      );
    },
  };

  function gradientSpike(step: number, norm: number | undefined): TrainerWarning[] {
    if (norm === undefined) return [];
    const middle = usualNorm(state.norms);
    const isSpike = middle > 0 && norm > SPIKE_FACTOR * middle;
    state.norms = [...state.norms, norm].slice(-NORM_WINDOW);
    if (!isSpike) return [];
    const cause =
      run.thought && run.thought.temperature > 0 && run.thought.temperature < 0.01
        ? `near-ties of logits at temperature ${run.thought.temperature}`
        : "a batch unlike the others";
    return report(
      step,
      "GRADIENT_SPIKE",
      `the gradient norm before the clip, ${norm.toPrecision(3)}, is ${(norm / middle).toFixed(0)} times the usual: ${cause}`,
    );
  }

  function atLimit(step: number, rate: number | undefined): TrainerWarning[] {
    if (rate === undefined || !run.thought?.storesThoughts) return [];
    state.stepsAtLimit = rate >= LIMIT_RATE ? state.stepsAtLimit + 1 : 0;
    if (state.stepsAtLimit < LIMIT_STEPS) return [];
    return report(
      step,
      "THOUGHTS_AT_LIMIT",
      `${percent(rate)} of the ${run.thought.name} thoughts ran to the limit for ${state.stepsAtLimit} steps: the shadow text never reaches the stop string (prompt format, stop string or limit)`,
    );
  }

  function entropyFall(step: number, entropy: number | undefined): TrainerWarning[] {
    // Mixtures report the entropy at their own temperature, which falls as a model grows sure and harms nothing.
    if (entropy === undefined || run.thought?.storesThoughts) return [];
    const start = state.entropyStart;
    if (start.count < ENTROPY_START_STEPS) {
      state.entropyStart = { sum: start.sum + entropy, count: start.count + 1 };
      return [];
    }
    const before = start.sum / start.count;
    if (entropy > before / 2) return [];
    return report(
      step,
      "ENTROPY_FALLING",
      `thought entropy fell from ${before.toPrecision(3)} to ${entropy.toPrecision(3)} nats: hard training's signature, out-of-domain likelihood tends to suffer with it`,
    );
  }

  function gap(step: number, relative: number | undefined): TrainerWarning[] {
    const limit = GAP_LIMIT[run.dtype];
    if (relative === undefined || limit === undefined || relative <= limit) return [];
    return report(
      step,
      "LOGPROB_GAP",
      `sampler and trainer disagree on log pi by ${relative.toExponential(1)} of it: look at the precision of logits, softmax and mixture`,
    );
  }

  function overBudget(step: number, bytes: number | undefined): TrainerWarning[] {
    if (!bytes) return [];
    const excess = `${Math.ceil(bytes / 2 ** 20)} MiB`;
    return report(
      step,
      "MEMORY_BUDGET_EXCEEDED",
      `one sequence alone is estimated ${excess} above the memory budget: raise memoryBudgetBytes, or set checkpointLayers`,
    );
  }
}

/** Median of the last gradient norms; 0 while there are too few to say what is usual. */
export function usualNorm(norms: readonly number[]): number {
  return norms.length >= NORMS_NEEDED ? median(norms) : 0;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
