/**
 * Generation as slowly and plainly as it can be written: one sample at a time, the whole sequence through the model again
 * for every token, all text decoded and searched again after every token. No cache, no batch, no automaton. It is the
 * reference that `generate` is tested against, and what to read first.
 *
 * Axes: S tokens so far, D hidden, K alternatives.
 */

import { encodeInside, type LanguageModel } from "@soft-tokens/model";
import type { Tensor } from "@soft-tokens/tensor";
import type { GenerateRequest, GenerateResult, GenerationSettings, Rollout } from "../contract.ts";
import { createThoughtPolicy } from "../policies/create-policy.ts";
import { assertFiniteLogits } from "./finite-logits.ts";
import { planGeneration } from "./plan.ts";
import type { SampleIdentity } from "./sample.ts";

/** The same rollouts as `generate`, up to rounding. */
export async function generateNaive(model: LanguageModel, request: GenerateRequest): Promise<GenerateResult> {
  const { samples } = planGeneration(model, request); // for its checks
  const startMs = performance.now();
  const rollouts: Rollout[] = [];
  for (const { identity } of samples) {
    request.signal?.throwIfAborted();
    const { promptIndex, sampleIndex } = identity;
    const promptIds = request.prompts[promptIndex]?.ids ?? [];
    rollouts.push({ promptIndex, sampleIndex, ...(await generateOne(model, request, promptIds, identity)) });
  }
  const steps = rollouts
    .map(({ shadowIds, forcedIds, answerIds }) => shadowIds.length + forcedIds.length + answerIds.length)
    .reduce((sum, length) => sum + length, 0);
  return {
    rollouts,
    timings: { prefillMs: 0, decodeMs: performance.now() - startMs, steps, tokens: steps },
  };
}

async function generateOne(
  model: LanguageModel,
  { policy, settings, chunk }: GenerateRequest,
  promptIds: readonly number[],
  identity: SampleIdentity,
): Promise<Omit<Rollout, "promptIndex" | "sampleIndex">> {
  const { backend: ops, head } = model;
  const { key } = identity;
  using sequence = new Sequence(model, promptIds);
  const context = { backend: ops, head, topK: settings.recordTopK, ...(chunk && { chunk }) };
  const bytes = (ids: readonly number[]) => textBytes(model, ids);
  const endIds = [...model.config.eosTokenIds, ...model.tokenizer.eosTokenIds];

  const shadowIds: number[] = [];
  const thoughts: number[] = [];
  const entropies: number[] = [];
  const topIds: number[] = [];
  const topProbabilities: number[] = [];
  const thoughtLogProbs: number[] = [];
  let thoughtStop: Rollout["thoughtStop"] = "limit";
  while (shadowIds.length < settings.maxThoughtSteps && thoughtStop === "limit") {
    using hidden_1D = sequence.lastHidden();
    const step = policy.think(hidden_1D, { ...context, keys: [key.fold("thought", shadowIds.length)] });
    sequence.append(step.next_RD);
    if (policy.storesThoughts) thoughts.push(...(await ops.read(step.next_RD)));
    entropies.push(await readNumber(model, step.entropy_R));
    if (step.logProb_R) thoughtLogProbs.push(await readNumber(model, step.logProb_R));
    if (step.topIds_RK) topIds.push(...(await ops.read(step.topIds_RK)));
    if (step.topProbabilities_RK) topProbabilities.push(...(await ops.read(step.topProbabilities_RK)));
    const id = await readNumber(model, step.shadow_R);
    shadowIds.push(id);
    for (const tensor of Object.values(step)) tensor?.dispose();
    assertFiniteLogits(entropies.at(-1) as number, identity, "thought step", shadowIds.length);
    if (bytes(shadowIds).includes(settings.stopString)) thoughtStop = "stop-string";
    else if (endIds.includes(id)) thoughtStop = "end-of-sequence";
  }

  const forcedText = textBetween(settings, bytes(shadowIds), thoughtStop);
  const forcedIds = encodeInside(model.tokenizer, forcedText);
  for (const id of forcedIds) sequence.appendToken(id);

  const answerPolicy = createThoughtPolicy("hard", { rms: 1, temperature: settings.answerTemperature });
  const answerIds: number[] = [];
  let answerLogProb: number | null = null;
  let answerStop: Rollout["answerStop"] = "limit";
  while (answerIds.length < settings.maxAnswerTokens && answerStop === "limit") {
    using hidden_1D = sequence.lastHidden();
    const step = answerPolicy.think(hidden_1D, { ...context, keys: [key.fold("answer", answerIds.length)] });
    sequence.append(step.next_RD);
    if (step.logProb_R) answerLogProb = (answerLogProb ?? 0) + (await readNumber(model, step.logProb_R));
    const id = await readNumber(model, step.shadow_R);
    answerIds.push(id);
    const entropy = await readNumber(model, step.entropy_R);
    for (const tensor of Object.values(step)) tensor?.dispose();
    assertFiniteLogits(entropy, identity, "answer token", answerIds.length);
    if (isBoxClosed(settings.answerPrefix, bytes(answerIds))) answerStop = "closed-box";
    else if (endIds.includes(id)) answerStop = "end-of-sequence";
  }

  const text = (ids: readonly number[]) => bytes(ids).toString("utf8");
  return {
    promptIds,
    shadowIds: Int32Array.from(shadowIds),
    thoughts: policy.storesThoughts ? Float32Array.from(thoughts) : null,
    forcedIds,
    answerIds: Int32Array.from(answerIds),
    thoughtStop,
    answerStop,
    thoughtText: text(shadowIds),
    forcedText: text(forcedIds),
    answerText: text(answerIds),
    answerPrefix: settings.answerPrefix,
    thoughtLogProb:
      thoughtLogProbs.length === 0 ? null : thoughtLogProbs.reduce((sum, term) => sum + term, 0),
    answerLogProb,
    thoughtLogProbs: thoughtLogProbs.length === 0 ? null : Float32Array.from(thoughtLogProbs),
    entropies: Float32Array.from(entropies),
    ...(topIds.length > 0 && {
      top: {
        k: topIds.length / shadowIds.length,
        ids: Int32Array.from(topIds),
        probabilities: Float32Array.from(topProbabilities),
      },
    }),
  };
}

/** method.md section 3; the token that completes the stop string may already hold the beginning of the answer prefix. */
function textBetween(settings: GenerationSettings, thought: Buffer, stop: Rollout["thoughtStop"]): string {
  const { stopString, answerPrefix } = settings;
  if (stop !== "stop-string") {
    const needsSpace = !/\s$/.test(thought.toString("latin1")) && !/^\s/.test(stopString);
    return (needsSpace ? " " : "") + stopString + answerPrefix;
  }
  const behind = thought.subarray(thought.indexOf(stopString) + Buffer.byteLength(stopString)).toString();
  return answerPrefix.startsWith(behind) ? answerPrefix.slice(behind.length) : answerPrefix;
}

/** Whether the braces that are open behind `prefix` are closed in `answer`; escaped braces do not count. */
function isBoxClosed(prefix: string, answer: Buffer): boolean {
  const braces = (text: string) => Array.from(text.replace(/\\[\s\S]?/g, "").replace(/[^{}]/g, ""));
  let depth = braces(prefix).reduce((open, brace) => Math.max(0, open + (brace === "{" ? 1 : -1)), 0);
  for (const brace of braces(answer.toString("latin1"))) {
    if (brace === "{") depth++;
    else if (depth > 0 && --depth === 0) return true;
  }
  return false;
}

function textBytes({ tokenizer }: LanguageModel, ids: readonly number[]): Buffer {
  return Buffer.concat(ids.map((id) => tokenizer.tokenBytes(id)));
}

async function readNumber({ backend }: LanguageModel, x: Tensor): Promise<number> {
  return (await backend.read(x))[0] as number;
}

/** Input embeddings so far, [S, D]. */
class Sequence implements Disposable {
  #inputs_SD: Tensor;

  constructor(
    private readonly model: LanguageModel,
    promptIds: readonly number[],
  ) {
    this.#inputs_SD = this.#embed(promptIds);
  }

  append(next_1D: Tensor): void {
    const { backend: ops } = this.model;
    const before = this.#inputs_SD;
    this.#inputs_SD = ops.tidy(() => ops.concat([before, ops.cast(next_1D, before.dtype)], 0));
    before.dispose();
  }

  appendToken(id: number): void {
    using next_1D = this.#embed([id]);
    this.append(next_1D);
  }

  lastHidden(): Tensor {
    const { backend: ops, config } = this.model;
    const S = this.#inputs_SD.shape[0] as number;
    return ops.tidy(() => {
      const hidden_1SD = this.model.forward(ops.reshape(this.#inputs_SD, [1, S, config.hiddenSize]));
      return ops.reshape(ops.slice(hidden_1SD, [0, S - 1, 0], [1, 1, config.hiddenSize]), [
        1,
        config.hiddenSize,
      ]);
    });
  }

  #embed(ids: readonly number[]): Tensor {
    const { backend: ops } = this.model;
    return ops.tidy(() => ops.cast(this.model.embed(ops.tensor(ids, [ids.length], "int32")), "float32"));
  }

  [Symbol.dispose](): void {
    this.#inputs_SD.dispose();
  }
}
