/**
 * Learning rate by step. Steps count from 1, as everywhere in this package.
 * The warm-up rises linearly and reaches the full rate at step `warmupSteps`; the cosine starts there and would reach 0 at the
 * step after the last, so that no step is made with a rate of 0. (The paper leaves the shape open; method.md section 6.)
 */

export const SCHEDULES = ["cosine", "constant"] as const;
type Schedule = (typeof SCHEDULES)[number];

export interface ScheduleSettings {
  readonly schedule: Schedule;
  readonly learningRate: number;
  readonly warmupSteps: number;
  /** The length of the whole run. */
  readonly steps: number;
}

/** The rate of one step in 1..steps. */
export function learningRateAt(step: number, settings: ScheduleSettings): number {
  const { schedule, learningRate, warmupSteps, steps } = settings;
  if (step < warmupSteps) return learningRate * (step / warmupSteps);
  const start = Math.max(warmupSteps, 1);
  const progress = Math.min(1, (step - start) / (steps + 1 - start));
  switch (schedule) {
    case "cosine":
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
    case "constant":
      return learningRate;
    default:
      return schedule satisfies never;
  }
}
