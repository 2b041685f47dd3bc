/**
 * The method: REINFORCE with a leave-one-out baseline on hard, soft or fuzzy thoughts (method.md section 2). A step draws G
 * samples for each of P prompts, grades them, and makes one optimizer step on
 *
 *   loss = -(1/B) * sum_i A_i * l_i        l_i: log pi of all thought steps and answer tokens of sample i
 *
 * Strictly on-policy: no ratio, no clip, no KL term. Sampler and trainer use the same weights.
 *
 * Axes: P prompts, G samples per prompt, B = P * G.
 */

import { encodePrompt, type LanguageModel } from "@soft-tokens/model";
import { type GenerationSettings, generate, sampleKeys, type ThoughtPolicy } from "@soft-tokens/sampler";
import type { RandomKey } from "@soft-tokens/tensor";
import type { z } from "zod";
import { advantages } from "./advantages.ts";
import { createCheckpointer, parameterDtype } from "./checkpoint/checkpointer.ts";
import type { Metrics, Problem, ProblemSource, RewardFunction } from "./contract.ts";
import { createDataOrder } from "./data-order.ts";
import { TrainerError } from "./errors.ts";
import type { Trainer } from "./events.ts";
import { assertFiniteWeights, explainNotFinite } from "./finite.ts";
import { gradeAll } from "./grade.ts";
import { differenceNorm, GradientSum } from "./gradient-sum.ts";
import { finiteOnly, sampleMetrics, type TrainingSample } from "./metrics.ts";
import { createAdamW } from "./optimizer.ts";
import { type PassOptions, passMetrics, passWithGradients } from "./pass.ts";
import { definingSettings, headChunk, RlooSettings } from "./settings.ts";
import { stopwatch } from "./stopwatch.ts";
import { createTrainer, type StepOutcome } from "./training-loop.ts";
import { rowOfRollout, type TrainingRow } from "./training-row.ts";
import { updateWeights } from "./update-weights.ts";
import { validate } from "./validation.ts";

export interface RlooTrainerOptions {
  /** Trained in place; borrowed. */
  readonly model: LanguageModel;
  /** Draws and scores thoughts; must have a log-probability (noise, or a temperature above 0 for hard thoughts). */
  readonly policy: ThoughtPolicy;
  /** Greedy in the variant's own mode. Needed with `validation`. */
  readonly validationPolicy?: ThoughtPolicy;
  readonly problems: ProblemSource;
  /** Held-out problems. Defaults to `null`: no validation. */
  readonly validation?: ProblemSource | null;
  readonly reward: RewardFunction;
  /** Root of the run's randomness. */
  readonly key: RandomKey;
  /** Missing keys take the method's defaults. */
  readonly settings?: z.input<typeof RlooSettings>;
  /** Where checkpoints go. Defaults to `null`: none are written. */
  readonly checkpointFolder?: string | null;
  /** Writes the model's part of a checkpoint. Defaults to `saveModel` of `@soft-tokens/model`. */
  readonly saveModel?: (model: LanguageModel, folder: string) => Promise<unknown>;
  /** Called before a checkpoint is written: make what you have stored of the steps so far durable (fsync). */
  readonly beforeCheckpoint?: () => void | Promise<void>;
}

/**
 * A trainer that owns its optimizer state; dispose it.
 * @throws EMPTY_SOURCE, DETERMINISTIC_POLICY, ZodError for settings outside their ranges
 */
export function createRlooTrainer(options: RlooTrainerOptions): Trainer<TrainingSample> {
  const { model, policy, problems, reward, key, validation = null } = options;
  const settings = RlooSettings.parse(options.settings ?? {});
  assertTrainable(options);
  const { promptsPerStep: P, samplesPerPrompt: G } = settings;
  const B = P * G;
  const order = createDataOrder(problems.size, key.fold("problems"));
  const optimizer = createAdamW({
    backend: model.backend,
    parameters: model.parameters,
    learningRateFactor: (parameter) =>
      parameter === model.head.embedding_VD ? settings.embeddingLearningRateFactor : 1,
    roundingKey: key.fold("rounding"),
    ...settings,
  });
  const chunk = headChunk(settings);
  const generation: GenerationSettings = {
    maxThoughtSteps: settings.maxThoughtSteps,
    maxAnswerTokens: settings.maxAnswerTokens,
    stopString: settings.stopString,
    answerPrefix: settings.answerPrefix,
    answerTemperature: settings.answerTemperature,
    recordTopK: settings.recordTopK,
  };

  async function takeStep(
    step: number,
    signal: AbortSignal | undefined,
    recentNorms: readonly number[],
  ): Promise<StepOutcome<TrainingSample>> {
    const stepSeconds = stopwatch();
    const batch = order.slice((step - 1) * P, P).map((index) => problems.get(index));
    const explained = <T>(work: () => Promise<T>) =>
      explainNotFinite(
        model,
        { place: `step ${step}`, nameOf: (prompt) => `problem ${batch[prompt]?.id}` },
        work,
      );
    const { rollouts, timings } = await explained(() =>
      generate(model, {
        policy,
        settings: generation,
        prompts: batch.map(({ prompt }, promptIndex) => ({
          ids: encodePrompt(model.tokenizer, prompt),
          sampleKeys: sampleKeys(key, { step, promptIndex }, G),
        })),
        ...(chunk && { chunk }),
        ...(signal && { signal }),
      }),
    );
    const sampleSeconds = stepSeconds();

    const problemOf = ({ promptIndex }: { promptIndex: number }) => batch[promptIndex] as Problem;
    const results = await gradeAll(rollouts, problemOf, reward);
    const rewards = results.map((result) => result.reward);
    const reward_PG = batch.map((_, p) => rewards.slice(p * G, (p + 1) * G));
    const advantage_B = advantages(settings.estimator, reward_PG).flat();
    const gradeSeconds = stepSeconds() - sampleSeconds;

    // A sample without an advantage carries no gradient: its pass is left out, its place in B is not.
    const row_B = rollouts.map((rollout, i) =>
      rowOfRollout(rollout, rollout.promptIndex, -(advantage_B[i] as number) / B),
    );
    using gradients = new GradientSum(model.backend, [...model.parameters.values()]);
    const nameOf = (row: TrainingRow) => {
      const { promptIndex, sampleIndex } = rollouts[row_B.indexOf(row)] as (typeof rollouts)[number];
      return `problem ${batch[promptIndex]?.id}, sample ${sampleIndex}`;
    };
    const pass = await explained(() =>
      passWithGradients(row_B.filter(hasGradient), gradients, { ...passOptions(signal), nameOf }),
    );
    await gradients.norm(); // an asynchronous backend has the gradients only now
    const passSeconds = stepSeconds() - sampleSeconds - gradeSeconds;
    const termNorms = await measureTermNorms(step, row_B, gradients, signal);
    const update = await updateWeights(step, optimizer, gradients, settings, recentNorms);
    if (update.isUpdated) await assertFiniteWeights(model, `after step ${step}`);
    const trainSeconds = stepSeconds() - sampleSeconds - gradeSeconds;

    const samples = rollouts.map((rollout, i) => ({
      problem: problemOf(rollout),
      rollout,
      result: results[i] as (typeof results)[number],
      advantage: advantage_B[i] as number,
      trainerLogProb: pass.logProbs.get(row_B[i] as TrainingRow) ?? null,
    }));
    const metrics: Metrics = finiteOnly({
      ...sampleMetrics(samples, G),
      ...update.metrics,
      ...termNorms,
      "thought/sigma": policy.settings.sigma,
      "data/epoch": (step * P) / problems.size,
      ...passMetrics(pass, trainSeconds),
      "speed/sampleTokensPerSecond": timings.tokens / sampleSeconds,
      "time/sample": sampleSeconds,
      "time/prefill": timings.prefillMs / 1000,
      "time/decode": timings.decodeMs / 1000,
      "time/grade": gradeSeconds,
      "time/pass": passSeconds,
      "time/train": trainSeconds,
      "time/step": stepSeconds(),
      "memory/peakBytes": model.backend.memory().peakBytes,
    });
    return { metrics, samples, isSkipped: update.isSkipped, warnings: update.warnings };
  }

  function passOptions(signal?: AbortSignal): PassOptions {
    return {
      model,
      policy,
      answerTemperature: settings.answerTemperature,
      embeddingGradient: settings.embeddingGradient,
      checkpointLayers: settings.checkpointLayers,
      limits: settings,
      signal,
      ...(chunk && { chunk }),
    };
  }

  /** Norms of the thought's and the answer's part of the gradient apart, by a second pass with the thought's term alone. */
  async function measureTermNorms(
    step: number,
    rows: readonly TrainingRow[],
    total: GradientSum,
    signal?: AbortSignal,
  ): Promise<Metrics> {
    if (settings.termNormsEvery === 0 || step % settings.termNormsEvery !== 0) return {};
    using thought = new GradientSum(model.backend, [...model.parameters.values()]);
    await passWithGradients(rows.filter(hasGradient), thought, {
      ...passOptions(signal),
      thoughtTermOnly: true,
    });
    return {
      "optim/thoughtGradientNorm": await thought.norm(),
      "optim/answerGradientNorm": await differenceNorm(model.backend, total.tensors, thought.tensors),
    };
  }

  const validationTask = validation && {
    model,
    policy: options.validationPolicy as ThoughtPolicy,
    problems: validation,
    reward,
    key: key.fold("validation"),
    generation: { ...generation, maxThoughtSteps: settings.validationMaxThoughtSteps, answerTemperature: 0 },
    batchSize: settings.validationBatchSize,
    chunk,
  };
  return createTrainer(
    {
      watched: {
        thought: { name: policy.name, storesThoughts: policy.storesThoughts, ...policy.settings },
        dtype: parameterDtype(model),
      },
      step: takeStep,
      validate:
        validationTask &&
        ((step, signal) =>
          explainNotFinite(
            model,
            {
              place: `validation after step ${step}`,
              nameOf: (prompt) => `problem ${validationTask.problems.get(prompt).id}`,
            },
            () => validate({ ...validationTask, signal }),
          )),
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
            trainer: "rloo",
            key: [...key.words],
            items: problems.size,
            dtype: parameterDtype(model),
            policy: { thought: policy.name, ...finiteOnly({ ...policy.settings }) },
            settings: definingSettings(settings),
          },
          dataPositionAt: (step) => step * P,
          saveModel: options.saveModel,
          beforeSave: options.beforeCheckpoint,
        })
      : null,
  );
}

function assertTrainable({ policy, problems, validation, validationPolicy }: RlooTrainerOptions): void {
  if (problems.size === 0) throw new TrainerError("EMPTY_SOURCE", "createRlooTrainer: there are no problems");
  if (validation && validation.size === 0) {
    throw new TrainerError(
      "EMPTY_SOURCE",
      "createRlooTrainer: there are no validation problems; pass null for none",
    );
  }
  if (validation && !validationPolicy) {
    throw new TypeError("createRlooTrainer: validation problems need a validationPolicy");
  }
  const { temperature, sigma } = policy.settings;
  if (policy.storesThoughts ? !(sigma > 0) : !(temperature > 0)) {
    throw new TrainerError(
      "DETERMINISTIC_POLICY",
      `createRlooTrainer: ${policy.name} thoughts ${policy.storesThoughts ? "without noise" : "at temperature 0"} have no log-probability to train; the greedy policy is for validationPolicy`,
    );
  }
}

function hasGradient(row: TrainingRow): boolean {
  return row.coefficient !== 0;
}
