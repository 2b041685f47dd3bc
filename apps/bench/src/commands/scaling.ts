/**
 * `scaling`: what a longer thought and a larger group cost, hard and soft side by side in one process. One thing is varied at
 * a time, all else stays as the base says.
 */

import { createProgress, parseBytes, versions, writeWhole } from "@soft-tokens/app-common";
import { toJson } from "@soft-tokens/evals";
import { z } from "zod";
import { makeScalingFigures, renderScaling, renderScalingPage } from "../scaling/figures.ts";
import { measurePoint, pointsOf, type ScalingPlan, type ScalingPoint } from "../scaling/measure-scaling.ts";
import { describeHardware } from "../speed/hardware.ts";
import { count, subjectOptions, workOptions } from "../speed/measured-options.ts";
import { openSubject } from "../speed/subject.ts";

/** "128,512": checked here, parsed by `parseSizes`, so that the help shows the default as it is written. */
const sizes = (least: number) =>
  z.string().refine((text) => parseSizes(text).every((size) => Number.isInteger(size) && size >= least), {
    error: `wants whole numbers of at least ${least}, separated by commas`,
  });

function parseSizes(text: string): number[] {
  return [...new Set(text.split(",").map((part) => Number(part)))].sort((a, b) => a - b);
}

export const ScalingOptions = z.strictObject({
  ...subjectOptions,
  thoughtLengths: sizes(1).default("128,512,2048").describe("Steps of a thought, one point each"),
  groupSizes: sizes(2).default("8,32,128").describe("Samples per prompt, one point each"),
  rounds: count().default(1).describe("Counted rounds of every point, after one that is not"),
  prompts: count().default(1).describe("Prompts per step"),
  samples: z.int().min(2).default(8).describe("Samples per prompt where the thought length varies"),
  thoughtSteps: count().default(128).describe("Steps of a thought where the group size varies"),
  ...workOptions,
  report: z.string().optional().describe("Also write a page with charts to this file"),
});
export type ScalingOptions = z.infer<typeof ScalingOptions>;

export async function scaling(options: ScalingOptions, { signal }: { signal: AbortSignal }): Promise<void> {
  const activationBytes = parseBytes(options.memoryBudget);
  const optimizerMoments = "float32" as const;
  const plan: ScalingPlan = {
    base: {
      prompts: options.prompts,
      samples: options.samples,
      promptTokens: options.promptTokens,
      thoughtSteps: options.thoughtSteps,
      answerTokens: options.answerTokens,
      memoryBudgetBytes: activationBytes,
      checkpointLayers: options.checkpointLayers,
      optimizerMoments,
      headElements: options.headElements,
    },
    thoughtSteps: parseSizes(options.thoughtLengths),
    samples: parseSizes(options.groupSizes),
    rounds: options.rounds,
    train: options.train,
  };
  const wanted = pointsOf(plan);
  const largest = (of: (point: (typeof wanted)[number]) => number) => Math.max(...wanted.map(of));
  using subject = await openSubject(
    options,
    {
      rows: largest(({ workload }) => workload.prompts * workload.samples),
      tokensPerRow: largest(({ workload }) => workload.thoughtSteps + workload.answerTokens),
      ...(options.train && { training: { optimizerMoments, activationBytes } }),
    },
    signal,
  );
  const points: ScalingPoint[] = [];
  const progress = createProgress("scaling", "point");
  for (const point of wanted) {
    points.push(await measurePoint(subject, point, plan, signal));
    progress.update(points.length, wanted.length, `${point.axis} ${point.value}`);
  }
  progress.finish();
  const figures = makeScalingFigures(
    {
      model: options.model,
      device: subject.backend.capabilities.device,
      hardware: describeHardware(),
      versions: versions(subject.backend),
    },
    points,
  );
  if (options.json !== undefined) writeWhole(options.json, `${toJson(figures, options.json, 2)}\n`);
  if (options.report !== undefined) writeWhole(options.report, renderScalingPage(figures));
  process.stdout.write(`${renderScaling(figures)}\n`);
}
