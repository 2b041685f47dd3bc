/**
 * `demo`: a tiny model, committed with the project, is measured in the six modes, trained with hard, fuzzy and soft thoughts,
 * and measured again. Everything is computed here and now; jobs run side by side on the cores there are.
 */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { formatDuration, lockFolder, modelOptions, openBackend } from "@soft-tokens/app-common";
import { type EvaluationResults, formatGrid, readResults } from "@soft-tokens/evals";
import { z } from "zod";
import { appFolder } from "../app-folder.ts";
import { createDashboard } from "../demo/dashboard.ts";
import type { DemoJob } from "../demo/job.ts";
import { startDemoJob } from "../demo/job-process.ts";
import { writeProblems } from "../demo/problems.ts";
import { DEMO_THOUGHTS, type DemoThought, demoSettings, demoTrainOptions } from "../demo/settings.ts";
import { everyTrainingRose, summarize } from "../demo/summary.ts";

const MODEL = join(appFolder, "demo", "model");

export const DemoOptions = z.strictObject({
  long: z.boolean().default(false).describe("Train several times longer and measure more questions"),
  quick: z.boolean().default(false).describe("A few steps only, to check that everything works"),
  backend: modelOptions.backend,
  jobs: z.int().positive().optional().describe("Jobs at the same time; default: cores, at most 4"),
  seed: z.int().nonnegative().default(0).describe("Root of all randomness"),
  out: z
    .string()
    .optional()
    .describe("Folder of the results; default runs/demo (runs/demo-long, runs/demo-quick)"),
});
export type DemoOptions = z.infer<typeof DemoOptions>;

export async function demo(
  options: DemoOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const started = performance.now();
  const length = options.quick ? "quick" : options.long ? "long" : "standard";
  const settings = demoSettings(length);
  const out = options.out ?? (length === "standard" ? "runs/demo" : `runs/demo-${length}`);
  using _lock = await lockFolder(out); // each job has its own too
  const problems = writeProblems(out, settings.testQuestions);
  const { backend, reason } = await openBackend(options.backend);
  backend[Symbol.dispose]();
  process.stderr.write(
    `backend  ${reason}\n${introduction(settings.testQuestions, settings.samplesPerQuestion)}\n`,
  );

  const jobs = ["base" as const, ...DEMO_THOUGHTS].map((name): DemoJob => {
    const folder = join(out, name);
    return {
      name,
      model: MODEL,
      backend: options.backend,
      ...(name !== "base" && {
        training: demoTrainOptions(
          name,
          settings,
          { model: MODEL, data: problems.training, out: folder },
          { seed: options.seed, backend: options.backend },
        ),
      }),
      testData: problems.test,
      testQuestions: settings.testQuestions,
      samplesPerQuestion: settings.samplesPerQuestion,
      maxThoughtSteps: settings.maxThoughtSteps,
      noiseScale: settings.noiseScale,
      evaluationFolder: join(folder, "evaluations", "test"),
      seed: options.seed,
    };
  });
  // The longest first, so that no core waits at the end.
  await runJobs(
    jobs.toSorted((a, b) => (b.training?.steps ?? 0) - (a.training?.steps ?? 0)),
    options.jobs ?? Math.min(4, availableParallelism()),
    signal,
  );

  const results = new Map<string, EvaluationResults>();
  for (const { name, evaluationFolder } of jobs) {
    const measured = await readResults(evaluationFolder);
    if (!measured) throw new Error(`${evaluationFolder}: no results of ${name}`);
    results.set(name, measured);
  }
  const base = results.get("base") as EvaluationResults;
  const trained = Object.fromEntries(
    DEMO_THOUGHTS.map((thought) => [thought, results.get(thought)]),
  ) as Record<DemoThought, EvaluationResults>;
  const paragraphs = length === "quick" ? [QUICK_NOTE] : summarize(base, trained);
  const { writeReport } = await import("@soft-tokens/app-common/report");
  const report = await writeReport(out, {
    title: "Hard, fuzzy and soft thoughts",
    subtitle: `A tiny model trained here with RLOO: ${settings.steps.hard}, ${settings.steps.fuzzy} and ${settings.steps.soft} steps, measured on ${settings.testQuestions} held-out questions`,
    ...(length === "quick" && { notes: paragraphs }),
    order: jobs.map((job) => job.name),
  });
  process.stdout.write(
    `\n${formatGrid([...results].map(([training, result]) => ({ training, results: result })))}\n\n`,
  );
  for (const paragraph of paragraphs) process.stdout.write(`${wrap(paragraph, 100)}\n\n`);
  if (length === "standard" && !everyTrainingRose(base, trained)) {
    process.stdout.write(`${LONGER_NOTE}\n\n`);
  }
  process.stdout.write(
    `report   ${report}\nrun      ${out}\ntook     ${formatDuration((performance.now() - started) / 1000)}\n`,
  );
}

const QUICK_NOTE =
  "This was a quick check of the machinery: three steps and eight questions say little. `npm run demo` measures learning.";
const LONGER_NOTE =
  "Not every training clearly rose in this short run; `npm run demo -- --long` trains several times longer.";

function introduction(questions: number, samples: number): string {
  const text =
    "A tiny Llama-format model solves word problems part of the time, because it often guesses instead of working them out. " +
    "RLOO trains it with hard, fuzzy and soft thoughts; the reward is that of the final answer alone. It is measured on " +
    `${questions} held-out questions, ${samples} samples each, in the six inference modes, before and after.`;
  return `\n${wrap(text, 96)}\n`;
}

async function runJobs(jobs: readonly DemoJob[], atOnce: number, signal: AbortSignal): Promise<void> {
  const dashboard = createDashboard(jobs.map((job) => job.name));
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const queue = [...jobs];
  const worker = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const { name } = job;
      const jobStarted = performance.now();
      dashboard.set(name, { phase: "starting", detail: "" });
      await startDemoJob(
        job,
        (message) => {
          if (message.type === "progress") dashboard.set(name, message);
          if (message.type === "warning") dashboard.log(`  ${name}: ${message.text}`);
        },
        either,
      );
      dashboard.set(name, {
        phase: "finished",
        detail: `in ${formatDuration((performance.now() - jobStarted) / 1000)}`,
      });
    }
  };
  const guarded = () =>
    worker().catch((error: unknown) => {
      failure.abort(error);
      throw error;
    });
  const outcomes = await Promise.allSettled(Array.from({ length: Math.min(atOnce, jobs.length) }, guarded));
  dashboard.finish();
  signal.throwIfAborted();
  if (failure.signal.aborted) throw failure.signal.reason;
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

function wrap(text: string, width: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) as string;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}
