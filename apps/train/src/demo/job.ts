/**
 * One job of the demo, run in a process of its own so that two cores work on two jobs: load the tiny model, train it (or
 * not), measure it in the six modes. Says how far it is by messages to its parent.
 */

import { evaluateModel, loadProblems, lockFolder, openGrading, openModel } from "@soft-tokens/app-common";
import { INFERENCE_MODES } from "@soft-tokens/evals";
import { z } from "zod";
import { resolveTraining } from "../config/resolve.ts";
import { TrainOptions } from "../config/train-options.ts";
import { lockRunFolder } from "../run-folder.ts";
import { loadTrainingProblems, runTraining } from "../training/run-training.ts";
import { DEMO_TEMPLATE } from "./settings.ts";

export const DemoJob = z.object({
  name: z.string(),
  /** Model folder before training. */
  model: z.string(),
  backend: TrainOptions.shape.backend,
  /** Absent: the base model is only measured. */
  training: TrainOptions.optional(),
  testData: z.string(),
  testQuestions: z.int(),
  samplesPerQuestion: z.int(),
  maxThoughtSteps: z.int(),
  noiseScale: z.number(),
  evaluationFolder: z.string(),
  seed: z.int(),
});
export type DemoJob = z.infer<typeof DemoJob>;

/** From a job to the process that started it. */
export type JobMessage =
  | { readonly type: "backend"; readonly text: string }
  | {
      readonly type: "progress";
      readonly phase: string;
      readonly done: number;
      readonly total: number;
      readonly detail: string;
    }
  | { readonly type: "warning"; readonly text: string };

export async function runDemoJob(
  job: DemoJob,
  send: (message: JobMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  using opened = await openModel(
    {
      model: job.model,
      backend: job.backend,
      dtype: "auto",
      headElements: 2 ** 22,
      ignoreMemoryCheck: true, // a few megabytes
    },
    { rows: 0, tokensPerRow: 0 },
    signal,
  );
  // Every training is measured with the noise it was given: rms(E) of the base model, kept for the run.
  let rms: number | undefined;
  if (job.training) {
    const { training } = job;
    const resolved = resolveTraining(training);
    using _lock = await lockRunFolder(resolved.folder);
    await using grading = await openGrading({ ...training, signal });
    const run = await runTraining({
      resolved,
      opened,
      problems: await loadTrainingProblems(training),
      grading,
      signal,
      onEvent(event) {
        // Fuzzy training leaves its spikes out (settings.ts); they stand in warnings.jsonl.
        if (event.type === "grader-warning") send({ type: "warning", text: event.message });
        if (event.type === "warning" && event.code !== "GRADIENT_SPIKE")
          send({ type: "warning", text: event.message });
        if (event.type !== "step") return;
        const correct = 100 * (event.metrics["reward/correct"] ?? 0);
        const entropy = event.metrics["thought/entropy"] ?? Number.NaN;
        const detail = `correct ${correct.toFixed(0).padStart(3)} %  entropy ${entropy.toFixed(3)}`;
        send({ type: "progress", phase: "training", done: event.step, total: training.steps, detail });
      },
    });
    rms = run.rms;
  }
  signal.throwIfAborted();
  using _lock = await lockFolder(job.evaluationFolder);
  await evaluateModel({
    opened,
    name: job.name,
    task: {
      ...(await loadProblems({ data: job.testData, task: "jsonl", split: "test" })),
      name: "word problems",
    },
    modes: INFERENCE_MODES,
    samplesPerQuestion: job.samplesPerQuestion,
    folder: job.evaluationFolder,
    limit: job.testQuestions,
    template: DEMO_TEMPLATE,
    maxThoughtSteps: job.maxThoughtSteps,
    maxAnswerTokens: 4,
    noiseScale: job.noiseScale,
    ...(rms !== undefined && { rms }),
    batchRows: 128,
    recordedQuestions: 6,
    seed: job.seed,
    signal,
    onProgress: ({ mode, done, total, accuracy }) =>
      send({
        type: "progress",
        phase: "measuring",
        done,
        total,
        detail: `${mode}${accuracy === null ? "" : ` ${(100 * accuracy).toFixed(0)} %`}`,
      }),
  });
}
