/** `sft`: supervised fine-tuning on solved examples, with the same run folder as RLOO. */

import { createProgress, formatCount, InterruptedError, openModel, versions } from "@soft-tokens/app-common";
import { RandomKey } from "@soft-tokens/tensor";
import { createSupervisedTrainer, type TokenizedExample } from "@soft-tokens/trainer";
import { resolveSupervised } from "../config/resolve.ts";
import type { SupervisedOptions } from "../config/train-options.ts";
import { checkRunData } from "../run-data.ts";
import { lockRunFolder, openRunFolder, withDtypeOfRun } from "../run-folder.ts";
import { type FittedExamples, fitExamples, type LoadedExamples, loadExamples } from "../training/examples.ts";

export async function supervised(
  options: SupervisedOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { settings, folder: path } = resolveSupervised(options);
  const loaded = await loadExamples(options);
  using _lock = await lockRunFolder(path);
  const unsure = checkRunData(path, options, { data: loaded.source, validationData: null });
  if (unsure !== null) process.stderr.write(`warning  ${unsure}\n`);
  const training = {
    optimizerMoments: settings.optimizerMoments,
    activationBytes: settings.memoryBudgetBytes,
  };
  using opened = await openModel(
    withDtypeOfRun(options, path),
    { rows: 0, tokensPerRow: 0, training },
    signal,
  );
  const { appendEndOfSequence } = settings;
  const { skipBad } = options;
  const fitted = await fitExamples(opened.model, loaded, { appendEndOfSequence, skipBad, signal });
  const { examples, unfit } = fitted;
  process.stderr.write(`data     ${describeData(loaded, fitted)}\nrun      ${path}\n`);
  const folder = openRunFolder(path, "supervised", options);
  const progress = createProgress("supervised", "step");
  try {
    folder.writeConfig({
      format: "soft-tokens-run/1",
      kind: "supervised",
      options,
      resolved: {
        dtype: opened.dtype,
        data: { ...loaded.source, unfit },
        examples: examples.length,
        versions: versions(opened.backend),
      },
    });
    using trainer = createSupervisedTrainer({
      model: opened.model,
      examples: { size: examples.length, get: (index) => examples[index] as TokenizedExample },
      key: RandomKey.fromSeed(options.seed).fold("sft"),
      settings,
      checkpointFolder: folder.checkpoints,
      beforeCheckpoint: folder.sync,
    });
    if (!folder.isNew) await trainer.resume();
    const lost = folder.cutBack(trainer);
    if (lost !== null) progress.log(`step ${trainer.step}: warning: ${lost}`);
    for await (const event of trainer.run({ signal })) {
      if (event.type === "step") {
        folder.appendMetrics({ step: event.step, ...event.metrics });
        progress.update(
          event.step,
          settings.steps,
          `loss ${(event.metrics["loss/total"] ?? Number.NaN).toFixed(4)}`,
        );
      } else if (event.type === "checkpoint") {
        progress.log(`step ${event.step}: saved ${event.folder}`);
      } else if (event.type === "warning") {
        folder.appendWarning(event);
        progress.log(`step ${event.step}: warning: ${event.message}`);
      }
    }
    progress.finish();
    if (signal.aborted) {
      process.stderr.write(
        `stopped at step ${trainer.step} of ${settings.steps}; the same command continues from there\n`,
      );
      throw new InterruptedError();
    }
  } finally {
    folder.close();
  }
}

function describeData(
  { source, withoutReasoning }: LoadedExamples,
  { examples, unfit }: FittedExamples,
): string {
  const notes = [
    source.skipped > 0 && `${rows(source.skipped)} left out that could not be read`,
    unfit > 0 && `${rows(unfit)} left out that the model has no room or no embeddings for`,
    withoutReasoning > 0 && `${withoutReasoning} with an answer and no solution`,
  ].filter((note) => note !== false);
  return [`${source.file}: ${formatCount(examples.length)} examples`, ...notes].join("; ");
}

function rows(count: number): string {
  return count === 1 ? "1 row" : `${count} rows`;
}
