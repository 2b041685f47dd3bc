/**
 * Generation as evaluators want it: prompts in, samples out, in any of the six inference modes. Wires tokenizer, policy
 * and sampler together; batches questions so that a batch holds at most `maxRows` rows.
 */

import type { GeneratedSample, GenerateFunction, GenerationJob, InferenceMode } from "@soft-tokens/evals";
import { embeddingRms, type LanguageModel } from "@soft-tokens/model";
import { type GenerationSettings, generate, inferencePolicy, type Rollout } from "@soft-tokens/sampler";
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
  /** Alternatives of each step when steps are recorded. Defaults to 5. */
  readonly alternatives?: number;
  /** Told after every batch. */
  readonly onBatch?: (batch: DecodedBatch) => void;
}

/** How well a batch was used: `tokens` of the `rows * steps` that it had room for. */
export interface DecodedBatch {
  /** Rows at its start; those that finish leave and are not replaced. */
  readonly rows: number;
  readonly steps: number;
  readonly tokens: number;
}

/** The function that `evaluate` of @soft-tokens/evals takes. */
export async function createGenerateFunction(options: GenerateFunctionOptions): Promise<GenerateFunction> {
  const { model, key, maxRows = 64, alternatives = 5 } = options;
  const rms = options.rms ?? (await embeddingRms(model));
  return async (mode, jobs, { recordSteps, signal }) => {
    const isNoisy = mode === "soft-sample" || mode === "fuzzy-sample";
    const policy = inferencePolicy(mode, {
      rms,
      ...(isNoisy && options.noiseScale !== undefined && { noiseScale: options.noiseScale }),
    });
    const samples: GeneratedSample[][] = jobs.map(() => []);
    for (const batch of batches(jobs, maxRows)) {
      const { rollouts, timings } = await generate(model, {
        prompts: batch.map(({ job, sampleIndexes }) => ({
          ids: model.tokenizer.encode(job.prompt),
          sampleKeys: sampleIndexes.map((index) => sampleKey(key, mode, job, index)),
        })),
        policy,
        settings: { ...options.settings, answerTemperature: 0, recordTopK: recordSteps ? alternatives : 0 },
        ...(options.chunk && { chunk: options.chunk }),
        ...(signal && { signal }),
      });
      options.onBatch?.({ rows: rollouts.length, steps: timings.steps, tokens: timings.tokens });
      for (const rollout of rollouts) {
        const { jobIndex } = batch[rollout.promptIndex] as Batch;
        (samples[jobIndex] as GeneratedSample[]).push(toSample(model, rollout));
      }
    }
    return samples;
  };
}

interface Batch {
  readonly job: GenerationJob;
  readonly jobIndex: number;
  readonly sampleIndexes: readonly number[];
}

/** Splits jobs into batches of at most `maxRows` rows, samples of a question together where they fit. */
function batches(jobs: readonly GenerationJob[], maxRows: number): Batch[][] {
  const result: Batch[][] = [];
  let current: Batch[] = [];
  let rows = 0;
  const flush = () => {
    if (current.length > 0) result.push(current);
    current = [];
    rows = 0;
  };
  jobs.forEach((job, jobIndex) => {
    for (let begin = 0; begin < job.sampleIndexes.length; begin += maxRows) {
      const sampleIndexes = job.sampleIndexes.slice(begin, begin + maxRows);
      if (rows + sampleIndexes.length > maxRows) flush();
      current.push({ job, jobIndex, sampleIndexes });
      rows += sampleIndexes.length;
    }
  });
  flush();
  return result;
}

function sampleKey(key: RandomKey, mode: InferenceMode, job: GenerationJob, sampleIndex: number): RandomKey {
  return key.fold("evaluate", mode, job.questionId, sampleIndex);
}

function toSample(model: LanguageModel, rollout: Rollout): GeneratedSample {
  const text = (id: number) => model.tokenizer.decode([id], { keepSpecialTokens: true });
  const { top } = rollout;
  return {
    thought: rollout.thoughtText,
    answer: rollout.forcedText + rollout.answerText,
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
