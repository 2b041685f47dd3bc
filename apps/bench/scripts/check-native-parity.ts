/**
 * The native backend against transformers on a real small model, and against itself: float32 logits and log-probabilities,
 * bfloat16 top-1 tokens at 1,000 positions, the head in bfloat16 against float64 from the same hidden states, rows of unequal
 * lengths against padded ones, and log pi of the sampler against the trainer's.
 *
 *   SOFT_TOKENS_SHARED=FOLDER SOFT_TOKENS_SMOLLM2=FOLDER \
 *     node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/check-native-parity.ts
 *
 * SOFT_TOKENS_SHARED has models/smollm2_reference.json. The positions are fixtures/smollm2-positions.json, made by
 * fixtures-scripts/smollm2_positions.py. Fails where the native part is not built.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openBackend } from "@soft-tokens/app-common";
import { embeddingRms, type LanguageModel, loadModel } from "@soft-tokens/model";
import { createThoughtPolicy, defaultGenerationSettings, generate, type Rollout } from "@soft-tokens/sampler";
import { mixture, RandomKey, type Tensor, tokenChoice, tokenLogProb } from "@soft-tokens/tensor";
import { scoreRollouts } from "@soft-tokens/trainer";
import { createChecks } from "./checks.ts";

interface Reference {
  readonly continuation_ids: readonly number[];
  readonly cases: readonly {
    readonly ids: readonly number[];
    readonly top5_ids: readonly number[];
    readonly top5_logits: readonly number[];
    readonly logsumexp_last: number;
    readonly cont_logprobs: readonly number[];
  }[];
}

interface Positions {
  readonly ids: readonly (readonly number[])[];
  readonly float32: readonly (readonly number[])[];
  readonly bfloat16: readonly (readonly number[])[];
  /** Distance of the two largest float32 logits. */
  readonly margin: readonly (readonly number[])[];
}

/** Logits and log-probabilities in float32 within this of transformers; the head's logits of float64. */
const TOLERANCE = 1e-3;
/** Against float32. Transformers in bfloat16 agrees with itself in float32 at 97.6 % of these positions. */
const TOP1_AGREEMENT = 0.99;
/**
 * Where the two largest float32 logits are further apart than this, every position agrees: three times the root mean square
 * error of such a difference (docs/decisions/0907-every-processor-has-a-tile-unit.md).
 */
const DECIDED_MARGIN = 0.1;
/** Mean gap of one thought step, nats per hidden dimension, at sigma = 0.33 rms. */
const BFLOAT16_GAP = 1e-3;
const FLOAT32_RELATIVE_GAP = 1e-4;

const { check, finish } = createChecks();

const shared = folder("SOFT_TOKENS_SHARED");
const modelFolder = folder("SOFT_TOKENS_SMOLLM2");
const reference = json<Reference>(join(shared, "models/smollm2_reference.json"));
const positions = json<Positions>(new URL("../fixtures/smollm2-positions.json", import.meta.url));

const { backend, reason } = await openBackend("libtorch");
process.stdout.write(`${reason}\n`);
{
  using model = await loadModel(modelFolder, { backend, dtype: "float32" });
  await againstTransformers(model);
  await againstTop1(model, "float32");
  await samplerAgainstTrainer(model);
}
{
  using model = await loadModel(modelFolder, { backend, dtype: "bfloat16" });
  await againstTop1(model, "bfloat16");
  await headAgainstFloat64(model);
  await packedAgainstPadded(model);
  await samplerAgainstTrainer(model);
}
backend[Symbol.dispose]();
finish();

/** Prompts and a fixed continuation in one grouped pass. */
async function againstTransformers(model: LanguageModel): Promise<void> {
  const promptIds = reference.cases.map((one) => one.ids);
  const continuation = reference.continuation_ids;
  const [rows, T, D] = [promptIds.length, continuation.length, model.config.hiddenSize];
  const { lastHidden_PD: last_RD, suffix_MD } = backend.tidy(() => {
    const ids = backend.tensor(Int32Array.from(promptIds.flatMap(() => continuation)), [rows * T], "int32");
    return model.forwardGrouped({
      promptIds,
      rowsPerPrompt: promptIds.map(() => 1),
      suffixLengths: promptIds.map(() => T),
      suffix_MD: model.embed(ids),
    });
  });
  const logits = await readAndDispose(backend.matmul(last_RD, model.head.weight_VD, { transposeB: true }));
  const V = model.config.vocabularySize;
  const gaps = reference.cases.flatMap((one, row) =>
    one.top5_ids.map((id, at) =>
      Math.abs((logits[row * V + id] as number) - (one.top5_logits[at] as number)),
    ),
  );
  check(
    "float32 top-5 logits",
    Math.max(...gaps) <= TOLERANCE,
    `largest difference ${tiny(Math.max(...gaps))}`,
  );

  const hidden_ND = backend.tidy(() =>
    backend.concat(
      reference.cases.flatMap((_, row) => [
        backend.slice(last_RD, [row, 0], [1, D]),
        backend.slice(suffix_MD, [row * T, 0], [T - 1, D]),
      ]),
      0,
    ),
  );
  const logProbs = await logProbabilities(
    model,
    hidden_ND,
    promptIds.flatMap(() => continuation),
  );
  const wanted = reference.cases.flatMap((one) => one.cont_logprobs);
  const worst = Math.max(...wanted.map((value, at) => Math.abs(value - (logProbs[at] as number))));
  check(
    "float32 log-probabilities of the continuation",
    worst <= TOLERANCE,
    `largest difference ${tiny(worst)}`,
  );
  for (const tensor of [last_RD, suffix_MD, hidden_ND]) tensor.dispose();
}

async function againstTop1(model: LanguageModel, dtype: "float32" | "bfloat16"): Promise<void> {
  const [rows, T, D] = [positions.ids.length, positions.ids[0]?.length as number, model.config.hiddenSize];
  const hidden_ND = backend.tidy(() => {
    const ids = backend.tensor(Int32Array.from(positions.ids.flat()), [rows, T], "int32");
    return backend.reshape(model.forward(model.embed(ids)), [rows * T, D]);
  });
  const choice = tokenChoice(backend, {
    hidden_RD: hidden_ND,
    weight_VD: model.head.weight_VD,
    temperature: 0,
    keys: [],
  });
  const got = await readAndDispose(choice.ids_R);
  choice.entropy_R.dispose();
  hidden_ND.dispose();
  const share = (wanted: readonly (readonly number[])[]) =>
    wanted.flat().filter((id, at) => id === got[at]).length / got.length;
  const among = `${got.length} positions: ${percent(share(positions[dtype]))} as transformers in ${dtype}, ${percent(share(positions.float32))} as in float32`;
  check(`${dtype} top-1 tokens`, share(positions.float32) >= TOP1_AGREEMENT, among);
  const wanted = positions.float32.flat();
  const decided = positions.margin.flat().flatMap((margin, at) => (margin > DECIDED_MARGIN ? [at] : []));
  const agreeing = decided.filter((at) => got[at] === wanted[at]).length;
  check(
    `${dtype} top-1 tokens where the largest logits are more than ${DECIDED_MARGIN} apart`,
    decided.length > 0 && agreeing === decided.length,
    `${agreeing} of ${decided.length}`,
  );
}

/** Real hidden states, the head's own results, and the same in float64 on the host. */
async function headAgainstFloat64(model: LanguageModel): Promise<void> {
  const D = model.config.hiddenSize;
  const V = model.config.vocabularySize;
  const ids = (positions.ids[0] as readonly number[]).slice(0, 40);
  const rows = 6;
  const hidden_RD = backend.tidy(() => {
    const all = model.forward(model.embed(backend.tensor(Int32Array.from(ids), [1, ids.length], "int32")));
    return backend.reshape(backend.slice(all, [0, ids.length - rows, 0], [1, rows, D]), [rows, D]);
  });
  const hidden = await backend.read(hidden_RD);
  const weight = await backend.read(model.head.weight_VD);
  const logits = Array.from({ length: rows }, (_, row) => {
    const z = new Float64Array(V);
    for (let v = 0; v < V; v++) {
      let sum = 0;
      for (let d = 0; d < D; d++) sum += (hidden[row * D + d] as number) * (weight[v * D + d] as number);
      z[v] = sum;
    }
    return z;
  });
  // Every logit: z = log p + log of the sum, read off log-probabilities at ids that span the vocabulary.
  const probe = Array.from({ length: 200 }, (_, at) => Math.floor((at * V) / 200));
  let worst = 0;
  for (const [row, z] of logits.entries()) {
    const most = z.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY);
    const logSum = most + Math.log(z.reduce((sum, value) => sum + Math.exp(value - most), 0));
    using one_1D = backend.slice(hidden_RD, [row, 0], [1, D]);
    using repeated_ND = backend.broadcastTo(one_1D, [probe.length, D]);
    const got = await logProbabilities(model, repeated_ND, probe);
    probe.forEach((id, at) => {
      worst = Math.max(worst, Math.abs((got[at] as number) - ((z[id] as number) - logSum)));
    });
  }
  check(
    "bfloat16 head: log-probabilities against float64",
    worst <= TOLERANCE,
    `largest difference ${tiny(worst)}`,
  );

  for (const temperature of [0.5, 1e-4]) {
    const result = mixture(backend, {
      hidden_RD,
      weight_VD: model.head.weight_VD,
      embedding_VD: model.head.embedding_VD,
      temperature,
    });
    const got = await readAndDispose(result.mixture_RD);
    const argmax = await readAndDispose(result.argmax_R);
    result.entropy_R.dispose();
    let largest = 0;
    let isSame = true;
    for (const [row, z] of logits.entries()) {
      const best = z.indexOf(z.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY));
      isSame &&= argmax[row] === best;
      const p = z.map((value) => Math.exp((value - (z[best] as number)) / temperature));
      const total = p.reduce((sum, value) => sum + value, 0);
      for (let d = 0; d < D; d++) {
        let sum = 0;
        for (let v = 0; v < V; v++) {
          if (p[v] !== 0) sum += (p[v] as number) * (weight[v * D + d] as number);
        }
        largest = Math.max(largest, Math.abs(sum / total - (got[row * D + d] as number)));
      }
    }
    check(
      `bfloat16 head: mixture at tau ${temperature} against float64`,
      isSame && largest <= 1e-5,
      `argmax ${isSame ? "the same" : "differs"}, largest difference ${tiny(largest)}`,
    );
  }
  hidden_RD.dispose();
}

/** Hidden states of rows that are packed without padding, and of the same rows filled up with tokens behind their own. */
async function packedAgainstPadded(model: LanguageModel): Promise<void> {
  const D = model.config.hiddenSize;
  const idsOf = (row: number) => positions.ids[row] as readonly number[];
  const promptIds = [60, 37, 46].map((length, row) => idsOf(row).slice(0, length));
  const rowsPerPrompt = [2, 3, 2];
  const lengths = [40, 1, 17, 33, 8, 2, 24];
  const longest = Math.max(...lengths);
  const hiddenOf = async (suffixLengths: readonly number[]) => {
    const ids = suffixLengths.flatMap((length, row) => idsOf(row % 5).slice(60, 60 + length));
    const hidden = backend.tidy(() =>
      model.forwardGrouped({
        promptIds,
        rowsPerPrompt,
        suffixLengths,
        suffix_MD: model.embed(backend.tensor(Int32Array.from(ids), [ids.length], "int32")),
      }),
    );
    hidden.lastHidden_PD.dispose();
    return readAndDispose(hidden.suffix_MD);
  };
  const packed = await hiddenOf(lengths);
  const padded = await hiddenOf(lengths.map(() => longest));
  let at = 0;
  let others = 0;
  lengths.forEach((length, row) => {
    for (let i = 0; i < length * D; i++) {
      if (packed[at++] !== padded[row * longest * D + i]) others++;
    }
  });
  check(
    "bfloat16 rows of unequal lengths have the bits of padded ones",
    others === 0 && at === packed.length,
    `${at - others} of ${at} elements`,
  );
}

/** Generates with noise, passes the stored thoughts through the trainer's forward pass, compares step by step. */
async function samplerAgainstTrainer(model: LanguageModel): Promise<void> {
  const dtype = model.head.weight_VD.dtype;
  const rms = await embeddingRms(model);
  // Of different lengths, and scored in micro-batches that hold one of them and some of its rows.
  const prompts = [60, 37, 46].map((length, row) =>
    (positions.ids[row] as readonly number[]).slice(0, length),
  );
  for (const thought of ["soft", "fuzzy"]) {
    const policy = createThoughtPolicy(thought, { rms });
    const request = {
      prompts: prompts.map((ids, prompt) => ({
        ids,
        sampleKeys: Array.from({ length: 11 }, (_, sample) => RandomKey.fromSeed(5).fold(prompt, sample)),
      })),
      policy,
      settings: {
        ...defaultGenerationSettings,
        maxThoughtSteps: 48,
        maxAnswerTokens: 8,
        answerTemperature: 1,
      },
    };
    const { rollouts } = await generate(model, request);
    if (dtype === "bfloat16") {
      const refilled = await generate(model, { ...request, maxRows: 10 });
      const others = rollouts.filter((rollout, at) => !isSame(rollout, refilled.rollouts[at] as Rollout));
      check(
        `bfloat16 ${thought} samples decoded ten at a time are those decoded all at once, to the last bit`,
        others.length === 0,
        `${rollouts.length - others.length} of ${rollouts.length}`,
      );
    }
    const scored = await scoreRollouts({ model, rollouts, policy, memoryBudgetBytes: 0.6 * 2 ** 30 });
    let sum = 0;
    let magnitude = 0;
    let steps = 0;
    let largest = 0;
    rollouts.forEach((rollout, at) => {
      rollout.thoughtLogProbs?.forEach((value, step) => {
        const gap = Math.abs(value - (scored[at]?.thoughtLogProbs[step] as number));
        sum += gap;
        magnitude += Math.abs(value);
        largest = Math.max(largest, gap);
        steps++;
      });
    });
    const detail = `${(sum / steps).toExponential(1)} nats of ${(magnitude / steps).toFixed(0)} a step over ${steps} steps, largest ${largest.toExponential(1)}`;
    const isRight =
      dtype === "bfloat16"
        ? sum / steps <= BFLOAT16_GAP * model.config.hiddenSize
        : sum / magnitude <= FLOAT32_RELATIVE_GAP;
    check(`${dtype} log pi of ${thought} thoughts, sampler against trainer`, isRight, detail);
  }
}

function isSame(a: Rollout, b: Rollout): boolean {
  if (a.shadowIds.join() !== b.shadowIds.join() || a.answerText !== b.answerText) return false;
  return a.thoughts?.every((value, at) => value === b.thoughts?.[at]) ?? false;
}

async function logProbabilities(
  model: LanguageModel,
  hidden_ND: Tensor,
  ids: readonly number[],
): Promise<ArrayLike<number>> {
  using ids_N = backend.tensor(Int32Array.from(ids), [ids.length], "int32");
  using coefficient_N = backend.ones([ids.length]);
  const result = tokenLogProb(backend, {
    hidden_RD: hidden_ND,
    weight_VD: model.head.weight_VD,
    ids_R: ids_N,
    temperature: 1,
    coefficient_R: coefficient_N,
  });
  result.value.dispose();
  result.entropy_R.dispose();
  return readAndDispose(result.logProb_R);
}

async function readAndDispose(x: Tensor): Promise<ArrayLike<number>> {
  const values = await backend.read(x);
  x.dispose();
  return values;
}

function folder(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`set ${variable}; see the head of the script`);
  return path;
}

function json<T>(path: string | URL): T {
  return JSON.parse(readFileSync(path, "utf8")) as T;
}

function tiny(value: number): string {
  return value.toExponential(1);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
