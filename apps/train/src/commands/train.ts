/** `run`: one training run with live progress; Ctrl-C saves and stops, the same command continues. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  createProgress,
  describeUnreadable,
  findGrader,
  formatCount,
  InterruptedError,
  openGrading,
  openModel,
  UsageError,
} from "@soft-tokens/app-common";
import { createThoughtPolicy } from "@soft-tokens/sampler";
import { type ResolvedTraining, resolveTraining } from "../config/resolve.ts";
import type { TrainOptions } from "../config/train-options.ts";
import { checkRunData } from "../run-data.ts";
import { lockRunFolder, withDtypeOfRun } from "../run-folder.ts";
import {
  loadTrainingProblems,
  type Problems,
  runData,
  runTraining,
  type TrainingEvent,
} from "../training/run-training.ts";

export async function train(
  options: TrainOptions,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const resolved = resolveTraining(options);
  const problems = await loadTrainingProblems(options);
  if (dryRun) {
    await findGrader(options); // a dry run runs nobody's code
    checkModelName(options.model);
    process.stdout.write(`${JSON.stringify(dryRunReport(resolved, problems), null, 2)}\n`);
    return;
  }
  await using grading = await openGrading({ ...options, signal }); // a grader that cannot be used is known before the model
  using _lock = await lockRunFolder(resolved.folder);
  const unsure = checkRunData(resolved.folder, options, runData(problems));
  if (unsure !== null) process.stderr.write(`warning  ${unsure}\n`);
  const unreadable = grading.unreadable([...problems.training, ...problems.validation]);
  unreadable.catch(() => undefined); // told below; a model that does not load is told first
  using opened = await openModel(withDtypeOfRun(options, resolved.folder), memoryNeeds(resolved), signal);
  process.stderr.write(`data     ${describeProblems(options, problems)}\nrun      ${resolved.folder}\n`);
  const ids = await unreadable;
  if (ids.length > 0) process.stderr.write(`warning  ${describeUnreadable(ids)}\n`);
  const progress = createProgress(`${options.thought} thoughts`, "step");
  const { folder, step } = await runTraining({
    resolved,
    opened,
    problems,
    grading,
    signal,
    onEvent: (event) => show(event, options.steps, progress),
  });
  progress.finish();
  const { writeReport } = await import("@soft-tokens/app-common/report");
  const report = await writeReport(folder, {
    title: `${options.thought} thoughts`,
    subtitle: `${options.model} trained on ${problems.source.file}, ${step} of ${options.steps} steps`,
  });
  process.stderr.write(`report   ${report}\n`);
  if (signal.aborted) {
    process.stderr.write(
      `stopped at step ${step} of ${options.steps}; the same command continues from there\n`,
    );
    throw new InterruptedError();
  }
}

function memoryNeeds({ options, settings }: ResolvedTraining) {
  const validates = options.validateEvery > 0 && options.validationSize > 0;
  const thought = Math.max(settings.maxThoughtSteps, validates ? settings.validationMaxThoughtSteps : 0);
  return {
    rows: Math.max(
      settings.promptsPerStep * settings.samplesPerPrompt,
      validates ? Math.min(settings.validationBatchSize, options.validationSize) : 0,
    ),
    tokensPerRow: thought + settings.maxAnswerTokens,
    training: {
      optimizerMoments: settings.optimizerMoments,
      activationBytes: settings.memoryBudgetBytes,
    },
  };
}

/** A dry run loads nothing, but a folder that is no model's, or a name that cannot be a hub id, is known without that. */
function checkModelName(model: string): void {
  if (existsSync(model)) {
    if (existsSync(join(model, "config.json"))) return;
    throw new UsageError(`--model ${model}: the folder has no config.json`);
  }
  if (/^[\w.-]+\/[\w.-]+$/.test(model)) return;
  throw new UsageError(
    `--model ${model}: there is no such folder, and a hub id looks like organisation/name`,
  );
}

function dryRunReport({ options, settings, folder }: ResolvedTraining, problems: Problems) {
  const { thought, temperature, noiseScale } = options;
  // rms(E) is measured on the loaded model; temperature and noise scale do not depend on it.
  const policy = createThoughtPolicy(thought, {
    rms: 1,
    ...(temperature !== undefined && { temperature }),
    ...(noiseScale !== undefined && { noiseScale }),
  });
  return {
    folder,
    options,
    thought: {
      temperature: policy.settings.temperature,
      noiseScale: policy.settings.noiseScale,
    },
    settings,
    data: { ...problems.source, training: problems.training.length, validation: problems.validation.length },
    samplesPerStep: settings.promptsPerStep * settings.samplesPerPrompt,
    epochs: Number(((settings.steps * settings.promptsPerStep) / problems.training.length).toFixed(2)),
  };
}

function describeProblems(
  options: TrainOptions,
  { training, validation, source, validationSource }: Problems,
): string {
  const sample = options.data === "gsm8k" ? " (embedded sample; give your own file for all of GSM8K)" : "";
  const skipped = source.skipped + (validationSource?.skipped ?? 0);
  const left = skipped > 0 ? `; ${skipped} rows left out that could not be read` : "";
  const ids = source.repeatedIds ? `; ids repeat (${source.repeatedIds})` : "";
  return `${source.file}${sample}: ${formatCount(training.length)} problems to train on, ${validation.length} held out${left}${ids}`;
}

function show(event: TrainingEvent, steps: number, progress: ReturnType<typeof createProgress>): void {
  switch (event.type) {
    case "resumed":
      progress.log(`continuing after step ${event.step} (${event.folder})`);
      return;
    case "step": {
      const value = (name: string) => event.metrics[name] ?? Number.NaN;
      progress.update(
        event.step,
        steps,
        `reward ${value("reward/mean").toFixed(1)}  correct ${percent(value("reward/correct"))}  entropy ${value("thought/entropy").toFixed(3)}  length ${value("thought/length").toFixed(0)}  |g| ${value("optim/gradientNorm").toPrecision(3)}`,
      );
      return;
    }
    case "validation":
      progress.log(
        `step ${event.step}: validation ${percent(event.metrics["validation/accuracy"] ?? Number.NaN)} correct${event.isBest ? ", the best so far" : ""}`,
      );
      return;
    case "checkpoint":
      progress.log(`step ${event.step}: saved ${event.folder}`);
      return;
    case "warning":
    case "grader-warning":
    case "folder-warning":
    case "data-warning":
      progress.log(`step ${event.step}: warning: ${event.message}`);
      return;
    case "stopped":
      return;
    default:
      event satisfies never;
  }
}

function percent(share: number): string {
  return Number.isNaN(share) ? "?" : `${(100 * share).toFixed(1)} %`;
}
