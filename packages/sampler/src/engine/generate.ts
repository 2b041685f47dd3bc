/**
 * The batched generation engine: prompts are computed once, all rows advance one token per step, finished rows make room.
 * One small read per step (chosen ids); it is asked for before the next forward pass and awaited after it was given to
 * the backend, so an asynchronous backend is not kept waiting by the stop test on text.
 * A sample's rollout depends on its prompt, its key and the settings, not on the batch around it.
 * `generateNaive` is the slow, readable form of the same.
 */

import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import type { LanguageModel } from "@soft-tokens/model";
import type { GenerateRequest, GenerateResult, GenerationTimings, Rollout } from "../contract.ts";
import { Batch } from "./batch.ts";
import { chooseNext, groupRows } from "./choose-next.ts";
import { planGeneration } from "./plan.ts";
import { Recorder } from "./recorder.ts";
import { isActive, type Sample } from "./sample.ts";

/** Backends whose reads resolve at once would otherwise never let a signal handler or a timer run. */
const YIELD_STEPS = 4;

/**
 * Generates every sample of every prompt.
 * @throws INVALID_SETTINGS, INVALID_REQUEST, SAMPLER_PROMPT_TOO_LONG, LOGITS_NOT_FINITE; the signal's reason when it is aborted
 */
export async function generate(model: LanguageModel, request: GenerateRequest): Promise<GenerateResult> {
  const rollouts: Rollout[] = [];
  const stream = generateStream(model, request);
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return { rollouts: rollouts.sort(byPromptAndSample), timings: value };
    rollouts.push(value);
  }
}

/**
 * Gives each sample some steps after it has ended, so that any number of samples can be generated while only
 * `maxRows` and those of the last steps are in memory. Ending the iteration early frees everything.
 * @throws as {@link generate}
 */
export async function* generateStream(
  model: LanguageModel,
  request: GenerateRequest,
): AsyncGenerator<Rollout, GenerationTimings> {
  const { policy, prompts, signal } = request;
  signal?.throwIfAborted();
  const plan = planGeneration(model, request);
  const timings = { prefillMs: 0, decodeMs: 0, steps: 0, tokens: 0 };
  const finish = (samples: Iterable<Sample>) =>
    Array.from(samples, (sample) =>
      sample.toRollout(prompts[sample.identity.promptIndex]?.ids ?? [], plan.text, policy.storesThoughts),
    );
  yield* finish(plan.samples.filter((sample) => !isActive(sample)));
  const samples = plan.samples.filter(isActive);
  if (samples.length === 0) return timings;

  const startMs = performance.now();
  using batch = new Batch(model, { ...plan, samples });
  await waitFor(model, batch);
  const decodeStartMs = performance.now();
  timings.prefillMs = decodeStartMs - startMs;

  using recorder = new Recorder(model.backend);
  const ended = new Set<Sample>();
  while (batch.isActive) {
    if (timings.steps % YIELD_STEPS === 0) await yieldToEventLoop();
    signal?.throwIfAborted();
    const active = batch.samples.filter(isActive);
    timings.steps++;
    timings.tokens += active.length;
    await advance(model, request, batch, recorder);
    for (const sample of active) if (!isActive(sample)) ended.add(sample);
    batch.settle();
    if (await recorder.flushIfDue()) {
      yield* finish(ended);
      ended.clear();
    }
  }
  await recorder.flush();
  timings.decodeMs = performance.now() - decodeStartMs;
  yield* finish(ended);
  return timings;
}

function byPromptAndSample(a: Rollout, b: Rollout): number {
  return a.promptIndex - b.promptIndex || a.sampleIndex - b.sampleIndex;
}

/** One token for every row. */
async function advance(
  model: LanguageModel,
  request: GenerateRequest,
  batch: Batch,
  recorder: Recorder,
): Promise<void> {
  const { samples } = batch;
  const groups = groupRows(samples);
  const thinking = groups.thinking.map((row) => samples[row] as Sample);
  const answering = groups.answering.map((row) => samples[row] as Sample);
  const mayGoOn =
    thinking.length > 0 ||
    samples.some(({ text }) => text.phase === "forced") ||
    answering.some(({ text }) => text.hasRoomAfterNextAnswerToken);

  const next = chooseNext(model, request, samples, groups, batch.hidden_RD);
  using next_RD = next.next_RD;
  using ids_N = next.ids_N;
  if (next.thought) recorder.addThought(next.thought, thinking);
  if (next.answer) recorder.addAnswer(next.answer, answering);

  const reading = ids_N && model.backend.read(ids_N);
  reading?.catch(() => {}); // should the step throw, its error is the one to report
  if (mayGoOn) batch.step(next_RD);
  const ids = (await reading) ?? [];
  thinking.forEach(({ text }, place) => {
    text.acceptThought(ids[place] as number);
  });
  answering.forEach(({ text }, place) => {
    text.acceptAnswer(ids[thinking.length + place] as number);
  });
}

/** Waits until the prompts are computed, so that prefill and decoding are timed apart. */
async function waitFor({ backend }: LanguageModel, batch: Batch): Promise<void> {
  using corner = backend.slice(batch.hidden_RD, [0, 0], [1, 1]);
  await backend.read(corner);
}
