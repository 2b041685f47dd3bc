/** The figures of a speed run: what stands in its JSON file, made from the measurements of all rounds. */

import type { ModelConfig } from "@soft-tokens/model";
import { bytesPerElement, type FloatDType } from "@soft-tokens/tensor";
import { THOUGHTS, type Thought } from "../engine/engine.ts";
import { median, type Spread, spread } from "../statistics.ts";
import { type BatchShape, linearTokens, trainingFlops, trainingFlopsOfPeaked } from "./flops.ts";
import type { Hardware } from "./hardware.ts";
import type { MatrixRate } from "./matrix-rate.ts";
import type { DecodeMeasurement, PhaseSeconds, StepMeasurement, Workload } from "./measure.ts";
import type { OperationTime } from "./operations.ts";

export type ByThought<T> = Record<Thought, T>;

/** Everything of one run, by round. */
export interface Measurements {
  /** Empty where nothing was trained. */
  readonly steps: ByThought<StepMeasurement[]>;
  /** By rows of the batch. */
  readonly decodes: Record<string, ByThought<DecodeMeasurement[]>>;
  readonly matrixRates: Partial<Record<FloatDType, MatrixRate[]>>;
  readonly sharing: { readonly rows: number; readonly shared: number[]; readonly separate: number[] } | null;
  readonly peak: { readonly processBytes: number; readonly backendBytes: number } | null;
  readonly profile: { readonly decode: OperationTime[]; readonly step: OperationTime[] } | null;
}

export interface Context {
  readonly model: string;
  readonly hasRandomWeights: boolean;
  readonly config: ModelConfig;
  readonly parameters: number;
  readonly dtype: FloatDType;
  readonly workload: Workload;
  readonly versions: Readonly<Record<string, string>>;
  readonly hardware: Hardware;
  readonly device: string;
}

export type Figures = ReturnType<typeof makeFigures>;

export function makeFigures(context: Context, measured: Measurements) {
  const { steps, decodes, matrixRates, sharing, peak, profile } = measured;
  const { workload } = context;
  const trained = steps.hard.length > 0;
  const shape = trained ? batchShape(workload, steps.hard[0] as StepMeasurement) : null;
  const ofSteps = (value: (step: StepMeasurement) => number) =>
    trained ? byThought((thought) => spread(steps[thought].map(value))) : null;
  const ofDecodes = (value: (decode: DecodeMeasurement) => number) =>
    byThought((thought) => mapValues(decodes, (rounds) => spread(rounds[thought].map(value))));
  return {
    format: "soft-tokens-speed/1" as const,
    date: new Date().toISOString(),
    model: context.model,
    note: context.hasRandomWeights
      ? "random weights: p is nearly uniform over the vocabulary, the worst case of a mixture"
      : "the model's own weights",
    parameters: context.parameters,
    dtype: context.dtype,
    workload,
    versions: context.versions,
    hardware: context.hardware,
    device: context.device,
    /** GFLOP/s */
    matrixRate: mapValues(matrixRates, (rates) => ({
      model: spread(rates.map(({ model }) => model)),
      square: spread(rates.map(({ square }) => square)),
    })),
    decodeTokensPerSecond: ofDecodes((decode) => decode.decodeTokensPerSecond),
    generateTokensPerSecond: ofDecodes((decode) => decode.generateTokensPerSecond),
    /** Time per token, soft or fuzzy over hard of the same round. */
    decodeRatio: mixtures((thought) =>
      mapValues(decodes, (rounds) =>
        pairedRatio(rounds.hard, rounds[thought], (decode) => decode.decodeTokensPerSecond),
      ),
    ),
    trainStepSeconds: ofSteps((step) => step.trainSeconds),
    trainRatio: trained
      ? mixtures((thought) => pairedRatio(steps[thought], steps.hard, (step) => step.trainSeconds))
      : null,
    rlooStepSeconds: ofSteps((step) => step.rlooSeconds),
    phaseSeconds: trained ? byThought((thought) => medianPhases(steps[thought])) : null,
    matrixFraction: shape && byThought((thought) => fraction(context, measured, shape, thought)),
    logProbGap: ofSteps((step) => step.logProbGap),
    microBatches: trained ? (steps.hard[0]?.microBatches ?? 0) : null,
    sharing: sharing &&
      shape && {
        tokensShared: linearTokens(shape, { isShared: true }),
        tokensSeparate: linearTokens(shape, { isShared: false }),
        /** Prompts that several micro-batches share count twice: without gradient, then with it. */
        tokensComputed: Math.round(steps.hard[0]?.computedTokens ?? 0),
        microBatchRows: sharing.rows,
        secondsShared: spread(sharing.shared),
        secondsSeparate: spread(sharing.separate),
      },
    peakMemoryBytes: peak && Math.max(peak.processBytes, peak.backendBytes),
    memory: peak && { ...peak, stateBytes: stateBytes(context) },
    profile,
  };
}

/** Weights, gradients and optimizer state: what a training step cannot do without. */
function stateBytes({ parameters, dtype, workload }: Context): number {
  const weight = bytesPerElement(dtype);
  const master = dtype === "float32" ? 0 : 4;
  return parameters * (2 * weight + master + 2 * bytesPerElement(workload.optimizerMoments));
}

function batchShape(workload: Workload, step: StepMeasurement): Omit<BatchShape, "isMixture"> {
  const rows = workload.prompts * workload.samples;
  return {
    prompts: workload.prompts,
    promptTokens: step.promptTokens,
    rows,
    suffixTokens: step.suffixTokens,
    thoughtTokens: rows * workload.thoughtSteps,
    answerTokens: rows * workload.answerTokens,
  };
}

/** Needed operations of forward and backward per second, as a share of the matrix rate that was measured between the steps. */
function fraction(
  { config, dtype }: Context,
  { steps, matrixRates }: Measurements,
  shape: Omit<BatchShape, "isMixture">,
  thought: Thought,
) {
  const batch = { ...shape, isMixture: thought !== "hard" };
  const flops = trainingFlops(config, batch);
  const flopsOfPeaked = trainingFlopsOfPeaked(config, batch);
  const seconds = median(steps[thought].map((step) => step.passSeconds));
  const achieved = flops.total / seconds / 1e9;
  const rates = matrixRates[dtype] ?? [];
  const modelRate = median(rates.map(({ model }) => model));
  return {
    flops,
    flopsOfPeaked,
    seconds,
    /** GFLOP/s */
    achieved,
    ofModel: achieved / modelRate,
    /** Counting `flopsOfPeaked`. */
    ofModelPeaked: flopsOfPeaked.total / seconds / 1e9 / modelRate,
    ofSquare: achieved / median(rates.map(({ square }) => square)),
  };
}

function medianPhases(steps: readonly StepMeasurement[]): PhaseSeconds {
  const [first] = steps;
  if (!first) throw new Error("no step was measured");
  return mapValues(first.phases, (_, phase) =>
    median(steps.map(({ phases }) => phases[phase as keyof PhaseSeconds])),
  ) as unknown as PhaseSeconds;
}

/** Spread of numerator / denominator, each round with itself: what slows the machine slows both. */
function pairedRatio<T>(
  numerators: readonly T[],
  denominators: readonly T[],
  value: (x: T) => number,
): Spread {
  return spread(numerators.map((x, round) => value(x) / value(denominators[round] as T)));
}

export function byThought<T>(make: (thought: Thought) => T): ByThought<T> {
  return Object.fromEntries(THOUGHTS.map((thought) => [thought, make(thought)])) as ByThought<T>;
}

function mixtures<T>(make: (thought: "soft" | "fuzzy") => T): { soft: T; fuzzy: T } {
  return { soft: make("soft"), fuzzy: make("fuzzy") };
}

function mapValues<T, U>(
  record: { readonly [key: string]: T } | object,
  map: (value: T, key: string) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value as T, key)]));
}
