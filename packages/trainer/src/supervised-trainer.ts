/**
 * Supervised fine-tuning on (prompt, completion) pairs, with the forward pass, head, optimizer, checkpoints and events of the
 * RLOO trainer. loss = mean negative log-likelihood of the batch's completion tokens; prompts carry none.
 */

import { embeddingRms, type LanguageModel } from "@soft-tokens/model";
import type { RandomKey } from "@soft-tokens/tensor";
import type { z } from "zod";
import { createCheckpointer, parameterDtype } from "./checkpoint/checkpointer.ts";
import type { SupervisedSource, TokenizedExample } from "./contract.ts";
import { encodeAllExamples } from "./encode-examples.ts";
import { TrainerError } from "./errors.ts";
import type { Trainer } from "./events.ts";
import { createExampleBatches, rowOfExample } from "./example-batches.ts";
import { assertFiniteWeights, explainNotFinite } from "./finite.ts";
import { GradientSum } from "./gradient-sum.ts";
import { finiteOnly } from "./metrics.ts";
import { createAdamW } from "./optimizer.ts";
import { type PassOptions, passMetrics, passWithGradients, passWithoutGradients } from "./pass.ts";
import { definingSettings, headChunk, SupervisedSettings } from "./settings.ts";
import { stopwatch } from "./stopwatch.ts";
import { createTrainer, type StepOutcome, type ValidationOutcome } from "./training-loop.ts";
import { updateWeights } from "./update-weights.ts";

export interface SupervisedTrainerOptions {
  /** Trained in place; borrowed. */
  readonly model: LanguageModel;
  readonly examples: SupervisedSource;
  /** Held-out examples; the best checkpoint has the lowest loss on them. Defaults to `null`: no validation. */
  readonly validation?: SupervisedSource | null;
  /** Root of the run's randomness: the order of the examples. */
  readonly key: RandomKey;
  /** Missing keys take their defaults. */
  readonly settings?: z.input<typeof SupervisedSettings>;
  /** Where checkpoints go. Defaults to `null`: none are written. */
  readonly checkpointFolder?: string | null;
  /** Writes the model's part of a checkpoint. Defaults to `saveModel` of `@soft-tokens/model`. */
  readonly saveModel?: (model: LanguageModel, folder: string) => Promise<unknown>;
  /** Called before a checkpoint is written: make what you have stored of the steps so far durable (fsync). */
  readonly beforeCheckpoint?: () => void | Promise<void>;
}

/**
 * A trainer that owns its optimizer state; dispose it. Steps have no samples.
 * @throws EMPTY_SOURCE, INVALID_EXAMPLE, INVALID_END_TOKEN, ZodError for settings outside their ranges
 */
export function createSupervisedTrainer(options: SupervisedTrainerOptions): Trainer<never> {
  const { model, examples, validation = null, key } = options;
  const settings = SupervisedSettings.parse(options.settings ?? {});
  if (examples.size === 0 || validation?.size === 0) {
    throw new TrainerError("EMPTY_SOURCE", "createSupervisedTrainer: a source has no examples");
  }
  const held = validation && encodeAllExamples(model, validation, settings);
  const encoded = encodeAllExamples(model, examples, settings);
  const batches = createExampleBatches(encoded, settings, key.fold("examples"));
  const optimizer = createAdamW({
    backend: model.backend,
    parameters: model.parameters,
    learningRateFactor: (parameter) =>
      parameter === model.head.embedding_VD ? settings.embeddingLearningRateFactor : 1,
    roundingKey: key.fold("rounding"),
    ...settings,
  });
  const chunk = headChunk(settings);
  const passOptions = (signal?: AbortSignal): PassOptions => ({
    model,
    policy: null,
    answerTemperature: 1,
    embeddingGradient: true,
    checkpointLayers: settings.checkpointLayers,
    limits: settings,
    signal,
    ...(chunk && { chunk }),
  });

  async function takeStep(
    step: number,
    signal: AbortSignal | undefined,
    recentNorms: readonly number[],
  ): Promise<StepOutcome<never>> {
    const seconds = stopwatch();
    const batch = batches.at(step);
    const tokens = completionTokens(batch);
    const rows = batch.map((example, index) => rowOfExample(example, index, -1 / tokens));
    using gradients = new GradientSum(model.backend, [...model.parameters.values()]);
    const pass = await explainNotFinite(model, { place: `step ${step}` }, async () =>
      passWithGradients(rows, gradients, {
        ...passOptions(signal),
        ...(await inputNoise(step)),
        nameOf: ({ promptIndex }) => `example ${encoded.indexOf(batch[promptIndex] as TokenizedExample)}`,
      }),
    );
    const update = await updateWeights(step, optimizer, gradients, settings, recentNorms);
    if (update.isUpdated) await assertFiniteWeights(model, `after step ${step}`);
    const metrics = finiteOnly({
      ...passMetrics(pass, seconds()),
      ...update.metrics,
      "data/epoch": batches.positionAfter(step) / examples.size,
      "data/completionTokens": tokens,
      "time/step": seconds(),
      "memory/peakBytes": model.backend.memory().peakBytes,
    });
    return { metrics, samples: [], isSkipped: update.isSkipped, warnings: update.warnings };
  }

  /** Relative to the embeddings as they are at this step: a model that begins from nothing grows. */
  async function inputNoise(step: number): Promise<Pick<PassOptions, "inputNoise">> {
    if (settings.inputNoiseScale === 0) return {};
    const sigma = settings.inputNoiseScale * (await embeddingRms(model));
    return {
      inputNoise: { sigma, keyOf: ({ promptIndex }) => key.fold("input-noise", step, promptIndex) },
    };
  }

  async function validate(
    held: readonly TokenizedExample[],
    step: number,
    signal?: AbortSignal,
  ): Promise<ValidationOutcome<never>> {
    const seconds = stopwatch();
    const tokens = completionTokens(held);
    const rows = held.map((example, index) => rowOfExample(example, index, -1 / tokens));
    const { loss } = await explainNotFinite(model, { place: `validation after step ${step}` }, () =>
      passWithoutGradients(rows, {
        ...passOptions(signal),
        nameOf: ({ promptIndex }) => `held-out example ${promptIndex}`,
      }),
    );
    const metrics = {
      "validation/loss": loss,
      "validation/examples": held.length,
      "time/validation": seconds(),
    };
    return { score: -loss, samples: [], metrics: finiteOnly(metrics) };
  }

  return createTrainer(
    {
      watched: { thought: null, dtype: parameterDtype(model) },
      step: takeStep,
      validate: held && ((step, signal) => validate(held, step, signal)),
      dispose: () => optimizer.dispose(),
    },
    settings,
    options.checkpointFolder
      ? createCheckpointer({
          folder: options.checkpointFolder,
          keep: settings.keepCheckpoints,
          model,
          optimizer,
          identity: {
            trainer: "supervised",
            key: [...key.words],
            items: examples.size,
            dtype: parameterDtype(model),
            policy: {},
            settings: definingSettings(settings),
          },
          dataPositionAt: (step) => batches.positionAfter(step),
          saveModel: options.saveModel,
          beforeSave: options.beforeCheckpoint,
        })
      : null,
  );
}

function completionTokens(examples: readonly TokenizedExample[]): number {
  return examples.reduce((total, { completionIds }) => total + completionIds.length, 0);
}
