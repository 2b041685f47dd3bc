/**
 * `speed`: decoding and training of a real model or of a shape with random weights, hard, soft and fuzzy in turn, in one
 * process. What is compared runs in the same rounds; ratios are of the same round; the matrix rate is measured between.
 * Targets: soft and fuzzy decode at most 1.10 x hard, a training step at most 1.15 x, and forward + backward at
 * least 60 % of the matrix rate.
 */

import { createProgress, parseBytes, versions, writeWhole } from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import { isFloat } from "@soft-tokens/tensor";
import { z } from "zod";
import { THOUGHTS, type Thought } from "../engine/engine.ts";
import { byThought, type Context, type Measurements, makeFigures } from "../speed/figures.ts";
import { describeHardware } from "../speed/hardware.ts";
import { measureMatrixRate } from "../speed/matrix-rate.ts";
import { type Bench, createBench, type Workload } from "../speed/measure.ts";
import { count, subjectOptions, workOptions } from "../speed/measured-options.ts";
import { profileOperations } from "../speed/operations.ts";
import { renderFigures } from "../speed/render.ts";
import { openSubject, type Subject } from "../speed/subject.ts";

export const SpeedOptions = z.strictObject({
  ...subjectOptions,
  rounds: count().default(3).describe("Counted rounds, after one that is not"),
  prompts: count().default(2).describe("Prompts per step"),
  samples: z.int().min(2).default(32).describe("Samples per prompt"),
  thoughtSteps: count().default(128).describe("Steps of every thought"),
  single: z.boolean().default(true).describe("Measure decoding at batch 1 too"),
  ...workOptions,
  optimizerMoments: z
    .enum(["float32", "bfloat16"])
    .default("float32")
    .describe("How AdamW's moments are stored"),
  matrixSide: count().default(2048).describe("Side of the large square product of the matrix rate"),
  profile: z.boolean().default(false).describe("Also list the time of each operation (one more soft step)"),
});
export type SpeedOptions = z.infer<typeof SpeedOptions>;

export async function speed(options: SpeedOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const rows = options.prompts * options.samples;
  const activationBytes = parseBytes(options.memoryBudget);
  const { optimizerMoments } = options;
  using subject = await openSubject(
    options,
    {
      rows,
      tokensPerRow: options.thoughtSteps + options.answerTokens,
      ...(options.train && { training: { optimizerMoments, activationBytes } }),
    },
    signal,
  );
  const workload: Workload = {
    prompts: options.prompts,
    samples: options.samples,
    promptTokens: options.promptTokens,
    thoughtSteps: options.thoughtSteps,
    answerTokens: options.answerTokens,
    memoryBudgetBytes: activationBytes,
    checkpointLayers: options.checkpointLayers,
    optimizerMoments,
    headElements: options.headElements,
  };
  const measured = await measure(options, subject, workload, signal);
  const figures = makeFigures(contextOf(options, subject, workload), measured);
  if (options.json !== undefined) writeWhole(options.json, `${toJson(figures, options.json, 2)}\n`);
  process.stdout.write(`${renderFigures(figures)}\n`);
}

async function measure(
  options: SpeedOptions,
  subject: Subject,
  workload: Workload,
  signal: AbortSignal,
): Promise<Measurements> {
  const { backend } = subject;
  const rows = workload.prompts * workload.samples;
  const bench = await createBench(subject, workload, signal);
  const steps: Measurements["steps"] = byThought(() => []);
  const decodes: Measurements["decodes"] = { [rows]: byThought(() => []) };
  if (options.single && rows > 1) decodes[1] = byThought(() => []);
  const matrixRates: Measurements["matrixRates"] = {};
  const progress = createProgress("speed", "round");
  let peak: Measurements["peak"] = null;
  for (let round = 0; round <= options.rounds; round++) {
    for (const thought of inTurn(round)) {
      signal.throwIfAborted();
      await measureThought({ bench, options, thought, round, rows, steps, decodes });
      // Beside every step: a machine's speed may change while a round lasts.
      if (round > 0)
        await addMatrixRates(options, subject, tokensPerMicroBatch(steps, workload), matrixRates);
      progress.update(round, options.rounds, thought);
    }
    // All three have been trained once, and the matrix rate's own products come later.
    if (round === 0 && options.train) peak = peakOf(subject);
  }
  progress.finish();
  const sharing = options.train ? await measureSharing(bench, options, workload) : null;
  const profile = options.profile
    ? {
        decode: await profileOperations(backend, () => bench.decode("soft", rows, 0)),
        step: options.train ? await profileOperations(backend, () => bench.step("soft", 0)) : [],
      }
    : null;
  return { steps, decodes, matrixRates, sharing, peak, profile };
}

interface RoundTarget extends Pick<Measurements, "steps" | "decodes"> {
  readonly bench: Bench;
  readonly options: SpeedOptions;
  readonly thought: Thought;
  readonly round: number;
  readonly rows: number;
}

async function measureThought(target: RoundTarget): Promise<void> {
  const { bench, options, thought, round, rows, steps, decodes } = target;
  const isCounted = round > 0; // the first round is for caches, thread pools and page faults
  if (options.train) {
    const step = await bench.step(thought, round);
    if (isCounted) {
      steps[thought].push(step);
      decodes[rows]?.[thought].push(step);
    }
  } else {
    const decode = await bench.decode(thought, rows, round);
    if (isCounted) decodes[rows]?.[thought].push(decode);
  }
  if (!decodes[1]) return;
  const single = await bench.decode(thought, 1, round);
  if (isCounted) decodes[1][thought].push(single);
}

/** Another one begins in each round, so that none always follows the same. */
function inTurn(round: number): Thought[] {
  const first = round % THOUGHTS.length;
  return [...THOUGHTS.slice(first), ...THOUGHTS.slice(0, first)];
}

function tokensPerMicroBatch({ hard, soft, fuzzy }: Measurements["steps"], workload: Workload): number {
  const [step] = [...hard, ...soft, ...fuzzy];
  const all = workload.prompts * workload.samples * (workload.thoughtSteps + workload.answerTokens);
  return Math.max(1, Math.round(step ? step.computedTokens / step.microBatches : Math.min(2048, all)));
}

async function addMatrixRates(
  options: SpeedOptions,
  { backend, model }: Subject,
  tokens: number,
  rates: Measurements["matrixRates"],
): Promise<void> {
  for (const dtype of [...backend.capabilities.dtypes].filter(isFloat)) {
    const rate = await measureMatrixRate(backend, {
      ...{ config: model.config, tokens, dtype, side: options.matrixSide },
      leastSeconds: 0.07,
    });
    rates[dtype] = [...(rates[dtype] ?? []), rate];
  }
}

async function measureSharing(
  bench: Bench,
  options: SpeedOptions,
  { samples }: Workload,
): Promise<NonNullable<Measurements["sharing"]>> {
  const rows = Math.min(8, samples);
  const shared: number[] = [];
  const separate: number[] = [];
  for (let round = 0; round <= options.rounds; round++) {
    const times = [await bench.pass(rows, true), await bench.pass(rows, false)] as const;
    if (round === 0) continue;
    shared.push(times[0]);
    separate.push(times[1]);
  }
  return { rows, shared, separate };
}

/** The most that the process ever held, model loading included, and what the backend counted. */
function peakOf({ backend }: Subject): NonNullable<Measurements["peak"]> {
  return {
    processBytes: 1024 * process.resourceUsage().maxRSS,
    backendBytes: backend.memory().peakBytes,
  };
}

function contextOf(options: SpeedOptions, subject: Subject, workload: Workload): Context {
  const { backend, model, dtype, hasRandomWeights } = subject;
  return {
    model: options.model,
    hasRandomWeights,
    config: model.config,
    parameters: [...model.parameters.values()].reduce((sum, { size }) => sum + size, 0),
    dtype,
    workload,
    versions: versions(backend),
    hardware: describeHardware(),
    device: backend.capabilities.device,
  };
}
