/** Decoding and training steps at several thought lengths and group sizes, hard and soft in turn. */

import type { Thought } from "../engine/engine.ts";
import { createBench, type Workload } from "../speed/measure.ts";
import type { Subject } from "../speed/subject.ts";
import { type Spread, spread } from "../statistics.ts";

/** What is varied. */
export type Axis = "thoughtSteps" | "samples";

export const SCALED_THOUGHTS = ["hard", "soft"] as const satisfies readonly Thought[];
export type ScaledThought = (typeof SCALED_THOUGHTS)[number];

export interface Cost {
  /** Of the whole decoding, prefill included. */
  readonly decodeSeconds: Spread;
  /** Forward, backward and optimizer; null where nothing is trained. */
  readonly trainSeconds: Spread | null;
  /** Tokens of all rows that the model chose or was given after its prompt. */
  readonly tokens: number;
  /** Tokens per second of decoding. */
  readonly decodeTokensPerSecond: Spread;
  /** Tokens per second of the training step. */
  readonly trainTokensPerSecond: Spread | null;
}

export interface ScalingPoint {
  readonly axis: Axis;
  /** Thought steps, or samples per prompt. */
  readonly value: number;
  readonly workload: Workload;
  readonly cost: Record<ScaledThought, Cost>;
}

export interface ScalingPlan {
  readonly base: Workload;
  readonly thoughtSteps: readonly number[];
  readonly samples: readonly number[];
  readonly rounds: number;
  readonly train: boolean;
}

/** The points in the order of measurement; a workload that both axes have is measured once for each. */
export function pointsOf({ base, thoughtSteps, samples }: ScalingPlan): Omit<ScalingPoint, "cost">[] {
  return [
    ...thoughtSteps.map((value) => ({
      axis: "thoughtSteps" as const,
      value,
      workload: { ...base, thoughtSteps: value },
    })),
    ...samples.map((value) => ({
      axis: "samples" as const,
      value,
      workload: { ...base, samples: value },
    })),
  ];
}

/** One round more than counted comes first at every point, with the same shapes: for caches and page faults. */
export async function measurePoint(
  subject: Subject,
  point: Omit<ScalingPoint, "cost">,
  plan: Pick<ScalingPlan, "rounds" | "train">,
  signal: AbortSignal,
): Promise<ScalingPoint> {
  const { workload } = point;
  const bench = await createBench(subject, workload, signal);
  const rows = workload.prompts * workload.samples;
  const decode: Record<ScaledThought, number[]> = { hard: [], soft: [] };
  const train: Record<ScaledThought, number[]> = { hard: [], soft: [] };
  const chosen = rows * (workload.thoughtSteps + workload.answerTokens);
  for (let round = 0; round <= plan.rounds; round++) {
    for (const thought of round % 2 === 0 ? SCALED_THOUGHTS : SCALED_THOUGHTS.toReversed()) {
      signal.throwIfAborted();
      const step = plan.train ? await bench.step(thought, round) : null;
      const { generateTokensPerSecond } = step ?? (await bench.decode(thought, rows, round));
      if (round === 0) continue;
      decode[thought].push(chosen / generateTokensPerSecond);
      if (step) train[thought].push(step.trainSeconds);
    }
  }
  const cost = (thought: ScaledThought): Cost => {
    const rate = (seconds: readonly number[]) => spread(seconds.map((value) => chosen / value));
    const trained = train[thought];
    return {
      decodeSeconds: spread(decode[thought]),
      trainSeconds: trained.length > 0 ? spread(trained) : null,
      tokens: chosen,
      decodeTokensPerSecond: rate(decode[thought]),
      trainTokensPerSecond: trained.length > 0 ? rate(trained) : null,
    };
  };
  return { ...point, cost: { hard: cost("hard"), soft: cost("soft") } };
}

/**
 * Slope of log seconds over log size by least squares: 1 where the cost is linear, 2 where it is quadratic, below 1 where a
 * larger size uses the machine better. NaN for fewer than two points.
 */
export function growthExponent(
  points: readonly { readonly size: number; readonly seconds: number }[],
): number {
  const xs = points.map(({ size }) => Math.log(size));
  const ys = points.map(({ seconds }) => Math.log(seconds));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, at) => sum + (x - x0) * ((ys[at] as number) - y0), 0);
  return covariance / xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
}
