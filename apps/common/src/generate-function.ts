/**
 * Generation as evaluators want it: prompts in, samples out, in any of the six inference modes. Wires tokenizer, policy
 * and sampler together; at most `maxRows` samples are decoded at once, and the next takes the place of one that ends.
 */

import {
  EvaluationError,
  type GeneratedSample,
  type GenerateFunction,
  type GenerationJob,
  type InferenceMode,
  type JobSamples,
} from "@soft-tokens/evals";
import { embeddingRms, encodePrompt, type LanguageModel } from "@soft-tokens/model";
import {
  type GenerationSettings,
  type GenerationTimings,
  generateStream,
  inferencePolicy,
  type NoisePlace,
  type Rollout,
  SamplerError,
  textParts,
} from "@soft-tokens/sampler";
import type { HeadChunk, RandomKey } from "@soft-tokens/tensor";

export interface GenerateFunctionOptions {
  readonly model: LanguageModel;
  /** Root of all sampling; folded with mode, question id and sample index. */
  readonly key: RandomKey;
  readonly settings: GenerationSettings;
  readonly chunk?: HeadChunk;
  /** Most rows decoded together. Defaults to 64. */
  readonly maxRows?: number;
  /** rms(E) that sigma is measured in. Defaults to the model's own, measured here. */
  readonly rms?: number;
  /** Noise of the sampled soft and fuzzy modes. Defaults to the paper's 0.33. */
  readonly noiseScale?: number;
  /** Of the sampled soft and fuzzy modes, where they are not the mode's own. */
  readonly thought?: { readonly temperature?: number; readonly noisePlace?: NoisePlace };
  /** Alternatives of each step when steps are recorded. Defaults to 5. */
  readonly alternatives?: number;
  /** Told at the end of every call. */
  readonly onBatch?: (batch: DecodedBatch) => void;
}

/** How well a batch was used: `tokens` of the `rows * steps` that it had room for; the last samples end one by one. */
export interface DecodedBatch {
  readonly rows: number;
  readonly steps: number;
  readonly tokens: number;
}

/** The function that `evaluate` of @soft-tokens/evals takes. */
export async function createGenerateFunction(options: GenerateFunctionOptions): Promise<GenerateFunction> {
  const { model, key, maxRows = 64, alternatives = 5, thought } = options;
  const rms = options.rms ?? (await embeddingRms(model));
  return async function* (mode, jobs, { recordSteps, signal }) {
    const isNoisy = mode === "soft-sample" || mode === "fuzzy-sample";
    const policy = inferencePolicy(mode, {
      rms,
      ...(isNoisy && options.noiseScale !== undefined && { noiseScale: options.noiseScale }),
      ...(isNoisy && thought),
    });
    const stream = generateStream(model, {
      prompts: jobs.map((job) => ({
        ids: encodePrompt(model.tokenizer, job.prompt),
        sampleKeys: job.sampleIndexes.map((index) => sampleKey(key, mode, job, index)),
      })),
      policy,
      settings: { ...options.settings, answerTemperature: 0, recordTopK: recordSteps ? alternatives : 0 },
      maxRows,
      ...(options.chunk && { chunk: options.chunk }),
      ...(signal && { signal }),
    });
    const timings = yield* jobByJob(model, mode, jobs, stream);
    const samples = jobs.reduce((sum, job) => sum + job.sampleIndexes.length, 0);
    const rows = Math.min(maxRows, samples);
    options.onBatch?.({ rows, steps: timings.steps, tokens: timings.tokens });
  };
}

/** Gives each job's samples when the last of them has come; returns what the stream does. */
async function* jobByJob(
  model: LanguageModel,
  mode: InferenceMode,
  jobs: readonly GenerationJob[],
  stream: AsyncGenerator<Rollout, GenerationTimings>,
): AsyncGenerator<JobSamples, GenerationTimings> {
  const open = new Map<number, GeneratedSample[]>();
  try {
    for (;;) {
      const { done, value } = await stream.next();
      if (done) return value;
      const { promptIndex: jobIndex, sampleIndex } = value;
      const samples = open.get(jobIndex) ?? [];
      open.set(jobIndex, samples);
      samples[sampleIndex] = toSample(model, value);
      // A sparse list counts only what has come.
      if (Object.keys(samples).length < (jobs[jobIndex] as GenerationJob).sampleIndexes.length) continue;
      open.delete(jobIndex);
      yield { jobIndex, samples };
    }
  } catch (error) {
    throw ofQuestion(mode, jobs, error);
  } finally {
    // A reader that leaves early ends the decoding; after the end this does nothing.
    await stream.return({ prefillMs: 0, decodeMs: 0, steps: 0, tokens: 0 });
  }
}

/** A broken model is said with the question that showed it, in the words of the evaluation. */
function ofQuestion(mode: InferenceMode, jobs: readonly GenerationJob[], error: unknown): unknown {
  if (!(error instanceof SamplerError) || error.code !== "LOGITS_NOT_FINITE") return error;
  const job = jobs[error.promptIndex ?? -1];
  const sample = job?.sampleIndexes[error.sampleIndex ?? -1];
  const message = `${mode}, question ${job?.questionId}, sample ${sample}: ${error.message}`;
  return new EvaluationError("LOGITS_NOT_FINITE", message, { cause: error });
}

function sampleKey(key: RandomKey, mode: InferenceMode, job: GenerationJob, sampleIndex: number): RandomKey {
  return key.fold("evaluate", mode, job.questionId, sampleIndex);
}

function toSample(model: LanguageModel, rollout: Rollout): GeneratedSample {
  const text = (id: number) => model.tokenizer.decode([id], { keepSpecialTokens: true });
  const { top } = rollout;
  return {
    ...textParts(rollout),
    stopReason: rollout.thoughtStop,
    answerStopReason: rollout.answerStop,
    entropies: Array.from(rollout.entropies),
    ...(top && {
      steps: Array.from(rollout.shadowIds, (id, step) => ({
        token: text(id),
        alternatives: Array.from({ length: top.k }, (_, rank) => ({
          token: text(top.ids[step * top.k + rank] as number),
          probability: top.probabilities[step * top.k + rank] as number,
        })),
      })),
    }),
  };
}
