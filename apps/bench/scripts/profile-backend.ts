/**
 * Times a decode step and a training step of a tiny Llama on one variant of backend-tfjs, and where the time goes.
 *
 *   node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/profile-backend.ts [--variant wasm] [--stock] [--from FOLDER] [--layers 3]
 *     [--hidden 96] [--ffn 256] [--vocabulary 250] [--rows 64] [--prompts 4] [--prompt-length 30] [--thought-length 20]
 *     [--phase decode|train|both] [--repeat 10] [--operations] [--wall]
 *
 * `--from` names a folder whose node_modules has the native packages. Hard and soft steps are interleaved, so that their
 * ratio holds on a busy machine. `--operations` lists the time spent in each operation of the backend, itself without the
 * operations that it calls. Times are processor time unless `--wall`.
 */

import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createTfjsBackend, type Variant } from "@soft-tokens/backend-tfjs";
import { embeddingRms, initializeModel } from "@soft-tokens/model";
import { createThoughtPolicy, type ThoughtPolicy } from "@soft-tokens/sampler";
import { adamW, RandomKey, type Tensor, tokenLogProb } from "@soft-tokens/tensor";
import { clockOperations } from "../src/speed/operations.ts";

const { values: flags } = parseArgs({
  options: {
    variant: { type: "string", default: "wasm" },
    stock: { type: "boolean", default: false },
    from: { type: "string" },
    layers: { type: "string", default: "3" },
    hidden: { type: "string", default: "96" },
    ffn: { type: "string", default: "256" },
    heads: { type: "string", default: "4" },
    vocabulary: { type: "string", default: "250" },
    rows: { type: "string", default: "64" },
    prompts: { type: "string", default: "4" },
    "prompt-length": { type: "string", default: "30" },
    "thought-length": { type: "string", default: "20" },
    "answer-length": { type: "string", default: "4" },
    phase: { type: "string", default: "both" },
    repeat: { type: "string", default: "10" },
    operations: { type: "boolean", default: false },
    wall: { type: "boolean", default: false },
  },
});

const V = Number(flags.vocabulary);
const D = Number(flags.hidden);
const P = Number(flags.prompts);
const R = Number(flags.rows);
const T = Number(flags["thought-length"]);
const A = Number(flags["answer-length"]);
const repeat = Number(flags.repeat);
const rowsPerPrompt = Array.from({ length: P }, () => R / P);
const key = RandomKey.fromSeed(1);

const backend = await createTfjsBackend({
  variant: flags.variant as Variant,
  repairs: !flags.stock,
  ...(flags.from && { require: createRequire(join(flags.from, "package.json")) }),
});
print(backend.choice);
const model = initializeModel({ backend, key, files: modelFiles(), standardDeviation: 0.08 });
const parameters = [...model.parameters.values()];
print(`${parameters.reduce((sum, { size }) => sum + size, 0)} parameters, ${R} rows`);
const rms = await embeddingRms(model);
const policies = { hard: createThoughtPolicy("hard", { rms }), soft: createThoughtPolicy("soft", { rms }) };
const promptIds = Array.from({ length: P }, (_, p) =>
  Array.from({ length: Number(flags["prompt-length"]) }, (_, i) => (17 * p + 5 * i) % V),
);

const times = new Map<string, number[]>();
const clocked = flags.operations ? clockOperations(backend, now) : null;
if (flags.phase !== "train") {
  await decode(policies.hard);
  for (let round = 0; round < repeat; round++) {
    for (const policy of Object.values(policies)) record(`decode step, ${policy.name}`, await decode(policy));
  }
  report();
}

const moments = parameters.map((p) => ({ first: backend.zeros(p.shape), second: backend.zeros(p.shape) }));
if (flags.phase !== "decode") {
  train(policies.soft);
  for (let round = 0; round < repeat; round++) {
    for (const policy of Object.values(policies)) {
      const { pass, update } = train(policy);
      record(`forward + backward, ${policy.name}`, pass);
      record("AdamW", update);
    }
  }
  report();
}
const { tensors, bytes, peakBytes } = backend.memory();
print(`${tensors} tensors, ${mebibytes(bytes)} MiB now, ${mebibytes(peakBytes)} MiB at most`);

/** Milliseconds per step. */
async function decode(policy: ThoughtPolicy): Promise<number> {
  const { session, hidden_RD } = model.prefill(promptIds, { rowsPerPrompt, maxLength: T });
  let hidden = hidden_RD;
  const start = now();
  for (let step = 0; step < T; step++) {
    const keys = Array.from({ length: R }, (_, row) => key.fold("row", row, step));
    const thought = policy.think(hidden, { backend, head: model.head, keys });
    hidden.dispose();
    hidden = session.step(thought.next_RD);
    await Promise.all([thought.shadow_R, thought.entropy_R].map((x) => backend.read(x)));
    for (const x of Object.values(thought)) x?.dispose();
  }
  const elapsed = now() - start;
  hidden.dispose();
  session.dispose();
  return elapsed / T;
}

function train(policy: ThoughtPolicy): { pass: number; update: number } {
  const start = now();
  const { value, gradients } = backend.valueAndGrad(() => backend.tidy(() => loss(policy)), parameters);
  const middle = now();
  parameters.forEach((parameter, at) => {
    const gradient = gradients[at] as Tensor;
    const { first, second } = moments[at] as { first: Tensor; second: Tensor };
    adamW(backend, {
      ...{ parameter, gradient, firstMoment: first, secondMoment: second, step: 1, learningRate: 1e-5 },
      ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientScale: 1 },
    });
    gradient.dispose();
  });
  value.dispose();
  return { pass: middle - start, update: now() - middle };
}

/** As the trainer's micro-batch: embedded or stored inputs, one grouped pass, thoughts and answers scored. */
function loss(policy: ThoughtPolicy): Tensor {
  const length = T + A;
  const ids = backend.tensor(
    Int32Array.from({ length: R * length }, (_, i) => (7 * i) % V),
    [R * length],
  );
  const { suffix_MD: flat } = model.forwardGrouped({
    promptIds,
    rowsPerPrompt,
    suffixLengths: Array<number>(R).fill(length),
    suffix_MD: model.embed(ids),
  });
  const pick = (from: number, count: number) => {
    const rows = Array.from(
      { length: R * count },
      (_, i) => Math.floor(i / count) * length + from + (i % count),
    );
    return {
      hidden: backend.takeRows(flat, backend.tensor(Int32Array.from(rows), [rows.length])),
      ids: backend.tensor(
        Int32Array.from(rows, (row) => row % V),
        [rows.length],
      ),
      coefficient: backend.full([rows.length], 1e-4),
    };
  };
  const thought = pick(0, T);
  const answer = pick(T, A);
  const stored = policy.storesThoughts
    ? { ids_N: thought.ids, thought_ND: backend.randomNormal([R * T, D], { key }) }
    : { ids_N: thought.ids };
  const scored = policy.score(thought.hidden, stored, thought.coefficient, { backend, head: model.head });
  const answered = tokenLogProb(backend, {
    ...{ hidden_RD: answer.hidden, weight_VD: model.head.weight_VD, ids_R: answer.ids },
    ...{ coefficient_R: answer.coefficient, temperature: 1 },
  });
  return backend.add(scored.value, answered.value);
}

function record(name: string, milliseconds: number): void {
  times.set(name, [...(times.get(name) ?? []), milliseconds]);
}

function report(): void {
  for (const [name, all] of times) {
    const sorted = [...all].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] as number;
    print(`${name}: ${median.toFixed(2)} ms median, ${(sorted[0] as number).toFixed(2)} ms best`);
  }
  times.clear();
  if (!clocked) return;
  const rows = [...clocked.times].sort((a, b) => b[1].elapsed - a[1].elapsed).slice(0, 25);
  for (const [name, { elapsed, calls }] of rows) {
    print(`  ${name.padEnd(20)} ${elapsed.toFixed(1).padStart(8)} ms  ${calls} calls`);
  }
  clocked.times.clear();
}

/** Milliseconds of processor time of this process: what a busy machine does not change much. */
function now(): number {
  return flags.wall ? performance.now() : process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function modelFiles(): Record<string, object> {
  return {
    "config.json": {
      ...{ model_type: "llama", architectures: ["LlamaForCausalLM"], vocab_size: V, hidden_size: D },
      ...{ intermediate_size: Number(flags.ffn), num_hidden_layers: Number(flags.layers) },
      ...{ num_attention_heads: Number(flags.heads), num_key_value_heads: Number(flags.heads) },
      ...{ max_position_embeddings: 512, rms_norm_eps: 1e-6, rope_theta: 10000, tie_word_embeddings: true },
      ...{ hidden_act: "silu", bos_token_id: null, eos_token_id: 0 },
    },
    "tokenizer.json": {
      ...{ version: "1.0", added_tokens: [], normalizer: null, post_processor: null },
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: false },
      decoder: { type: "ByteLevel" },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(Array.from({ length: V }, (_, id) => [`t${id}`, id])),
        merges: [],
      },
    },
  };
}
