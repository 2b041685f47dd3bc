/**
 * A real small model against stored float32 references by transformers: ids, top-5 logits, log-sum-exp, log-probabilities
 * of a fixed continuation, greedy continuation.
 *
 *   SOFT_TOKENS_SHARED=FOLDER SOFT_TOKENS_SMOLLM2=FOLDER \
 *     node --conditions=@soft-tokens/source --import tsx packages/model/scripts/check-smollm2.ts
 *
 * SOFT_TOKENS_SHARED has models/smollm2_reference.json and models/make-smollm2.py, which makes the model (270 MB) in
 * SOFT_TOKENS_SMOLLM2 unless it is there.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createTfjsBackend } from "@soft-tokens/backend-tfjs";
import type { Tensor } from "@soft-tokens/tensor";
import { loadModel } from "../src/index.ts";
import { Report, requireFolder } from "./report.ts";

interface Reference {
  readonly continuation_ids: readonly number[];
  readonly cases: readonly {
    readonly prompt: string;
    readonly ids: readonly number[];
    readonly top5_ids: readonly number[];
    readonly top5_logits: readonly number[];
    readonly logsumexp_last: number;
    readonly cont_logprobs: readonly number[];
    readonly greedy_16_fp32: readonly number[];
  }[];
}

/** Logits and log-probabilities within this of transformers, both in float32. */
const TOLERANCE = 1e-3;

const shared = requireFolder("SOFT_TOKENS_SHARED");
const folder = requireFolder("SOFT_TOKENS_SMOLLM2");
if (!existsSync(join(folder, "model.safetensors"))) {
  const made = spawnSync("python3", [join(shared, "models/make-smollm2.py"), folder], { stdio: "inherit" });
  if (made.status !== 0) throw new Error(`make-smollm2.py failed with status ${made.status}`);
}
const reference = JSON.parse(
  readFileSync(join(shared, "models/smollm2_reference.json"), "utf8"),
) as Reference;

const report = new Report();
const backend = await createTfjsBackend({ variant: "wasm" });
const start = performance.now();
using model = await loadModel(folder, { backend, dtype: "float32" });
report.note(`loaded in ${((performance.now() - start) / 1000).toFixed(1)} s`);

for (const { prompt, ids } of reference.cases) {
  report.check(`ids of ${prompt.slice(0, 30)}`, same(model.tokenizer.encode(prompt), ids));
  report.check("the ids' text", model.tokenizer.decode(ids, { keepSpecialTokens: true }) === prompt);
}

// All prompts in one batch, each once; then the continuation as the suffix of a grouped pass.
const promptIds = reference.cases.map((one) => one.ids);
const rowsPerPrompt = promptIds.map(() => 1);
await checkGrouped();
await checkGreedy();
report.finish();

async function checkGrouped(): Promise<void> {
  const continuation = reference.continuation_ids;
  const T = continuation.length;
  const rows = promptIds.length;
  const ids = Int32Array.from(promptIds.flatMap(() => continuation));
  const { lastHidden_PD, suffix_MD } = backend.tidy(() =>
    model.forwardGrouped({
      promptIds,
      rowsPerPrompt,
      suffixLengths: promptIds.map(() => T),
      suffix_MD: model.embed(backend.tensor(ids, [rows * T], "int32")),
    }),
  );
  using _last = lastHidden_PD;
  using _suffix = suffix_MD;
  const [, D = 0] = lastHidden_PD.shape;
  for (const [row, expected] of reference.cases.entries()) {
    using last = backend.slice(lastHidden_PD, [row, 0], [1, D]);
    using logits = logitsOf(last);
    const { values, indices } = backend.topK(logits, 5);
    using sum = backend.logSumExp(logits);
    report.check(`case ${row}: top-5 ids`, same([...(await read(indices))], expected.top5_ids));
    report.close(`case ${row}: top-5 logits`, await read(values), expected.top5_logits, TOLERANCE);
    report.close(`case ${row}: log-sum-exp`, await read(sum), [expected.logsumexp_last], TOLERANCE);

    // The logits that predict token t stand at the position before it.
    using before = backend.slice(suffix_MD, [row * T, 0], [T - 1, D]);
    using states = backend.concat([last, before], 0);
    using all = logitsOf(states);
    using logProbs = backend.logSoftmax(all);
    using targets = backend.tensor(Int32Array.from(continuation), [T], "int32");
    using chosen = backend.takeAlongLast(logProbs, targets);
    report.close(`case ${row}: log-probabilities`, await read(chosen), expected.cont_logprobs, TOLERANCE);
  }
}

async function checkGreedy(): Promise<void> {
  const steps = reference.cases[0]?.greedy_16_fp32.length ?? 0;
  const { session, hidden_RD } = model.prefill(promptIds, { rowsPerPrompt, maxLength: steps });
  using _session = session;
  let hidden = hidden_RD;
  const generated: number[][] = promptIds.map(() => []);
  const begin = performance.now();
  for (let step = 0; step < steps; step++) {
    using next = backend.tidy(() => backend.argMax(logitsOf(hidden)));
    hidden.dispose();
    (await read(next)).forEach((id, row) => {
      generated[row]?.push(id);
    });
    using input = model.embed(next);
    hidden = session.step(input);
  }
  hidden.dispose();
  report.note(`${((performance.now() - begin) / steps).toFixed(0)} ms per step of ${promptIds.length} rows`);
  for (const [row, { greedy_16_fp32 }] of reference.cases.entries()) {
    report.check(`case ${row}: greedy continuation`, same(generated[row] ?? [], greedy_16_fp32));
  }
}

/** [..., D] -> [rows, V] */
function logitsOf(hidden: Tensor): Tensor {
  return backend.tidy(() => {
    const D = hidden.shape.at(-1) as number;
    return backend.matmul(backend.reshape(hidden, [-1, D]), model.head.weight_VD, { transposeB: true });
  });
}

async function read(x: Tensor): Promise<number[]> {
  return Array.from(await backend.read(x));
}

function same(got: readonly number[], want: readonly number[]): boolean {
  return JSON.stringify(got) === JSON.stringify(want);
}
