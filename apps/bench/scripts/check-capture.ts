/**
 * Captured decoding against plain decoding on the native backend, in one process and taking turns: the same rollouts to the last
 * bit and, where asked, the time of a step and JavaScript's share of it. On a GPU steps have to be graphs.
 *
 *   SOFT_TOKENS_SMOLLM2=FOLDER node --conditions=@soft-tokens/source --import tsx apps/bench/scripts/check-capture.ts \
 *     [--shape llama-3.2-1b] [--dtypes float32,bfloat16] [--rows 1,2,64] [--steps 48] [--rounds 0] [--threads N] [--json FILE]
 *
 * With --shape a model with random weights, else the one in the folder. With --rounds times are measured, in so many rounds.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openBackend } from "@soft-tokens/app-common";
import { embeddingRms, initializeModel, type LanguageModel, loadModel } from "@soft-tokens/model";
import { createThoughtPolicy, defaultGenerationSettings, generate, type Rollout } from "@soft-tokens/sampler";
import { type Backend, type FloatDType, RandomKey } from "@soft-tokens/tensor";
import { byteTokenizer } from "../src/engine/random-model.ts";
import { configOfShape, type ShapeName } from "../src/speed/shapes.ts";
import { finish as idle } from "../src/speed/timing.ts";
import { median } from "../src/statistics.ts";
import { createChecks } from "./checks.ts";

/** What the native backend has beyond the contract. */
type Profiled = Backend & { takeProfile(): Promise<Record<string, { readonly calls: number }>> };

interface StepTimes {
  /** Until the engine has everything. */
  readonly enqueueMs: number;
  /** Until the hidden states are there. */
  readonly totalMs: number;
}

const { values } = parseArgs({
  options: {
    shape: { type: "string" },
    dtypes: { type: "string", default: "float32,bfloat16" },
    rows: { type: "string", default: "1,2,64" },
    steps: { type: "string", default: "48" },
    rounds: { type: "string", default: "0" },
    threads: { type: "string", default: "0" },
    json: { type: "string" },
  },
});
const [steps, rounds] = [Number(values.steps), Number(values.rounds)];
const { check, finish } = createChecks();
const figures: Record<string, unknown>[] = [];

const opened = await openBackend("libtorch", { threads: Number(values.threads) });
const backend = opened.backend as Profiled;
process.stdout.write(`${opened.reason}\n`);
const isOnGpu = backend.name === "libtorch-cuda";
for (const dtype of values.dtypes.split(",") as FloatDType[]) {
  using model = await openModel(dtype);
  await compareRollouts(model, dtype);
  if (rounds > 0)
    for (const rows of values.rows.split(",").map(Number)) await compareTimes(model, dtype, rows);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
backend[Symbol.dispose]();
finish();

/** Rows that end at different steps, start late and stand beside others of another length. */
async function compareRollouts(model: LanguageModel, dtype: FloatDType): Promise<void> {
  const rms = await embeddingRms(model);
  for (const thought of ["hard", "soft", "fuzzy"]) {
    const request = {
      prompts: [23, 9, 14].map((length, prompt) => ({
        ids: Array.from({ length }, (_, at) => (31 + 7 * at + 13 * prompt) % 250),
        sampleKeys: Array.from({ length: 4 }, (_, sample) => RandomKey.fromSeed(5).fold(prompt, sample)),
      })),
      policy: createThoughtPolicy(thought, { rms }),
      settings: {
        ...defaultGenerationSettings,
        maxThoughtSteps: 40,
        maxAnswerTokens: 8,
        answerTemperature: 1,
      },
      maxRows: 7,
    };
    const captured = await withCapture(true, () => generate(model, request));
    const launches = (await backend.takeProfile())["graph launch"]?.calls ?? 0;
    const plain = await withCapture(false, () => generate(model, request));
    const same = captured.rollouts.filter((rollout, at) =>
      isSame(rollout, plain.rollouts[at] as Rollout),
    ).length;
    check(
      `${dtype} ${thought} rollouts of captured and of plain steps`,
      same === plain.rollouts.length,
      `${same} of ${plain.rollouts.length} are the same to the last bit`,
    );
    if (isOnGpu) check(`${dtype} ${thought} steps are graphs`, launches > 0, `${launches} launches`);
  }
}

/** Steps of a fresh session each, captured and plain in turns. */
async function compareTimes(model: LanguageModel, dtype: FloatDType, rows: number): Promise<void> {
  const times: Record<"captured" | "plain", StepTimes[]> = { captured: [], plain: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const kind of round % 2 === 0
      ? (["captured", "plain"] as const)
      : (["plain", "captured"] as const)) {
      const measured = await withCapture(kind === "captured", () => timeSteps(model, rows));
      if (round > 0) times[kind].push(measured); // weights are packed, pages are there
    }
  }
  const of = (kind: "captured" | "plain", part: keyof StepTimes) =>
    median(times[kind].map((one) => one[part]));
  const ratio = median(
    times.captured.map(({ totalMs }, at) => totalMs / (times.plain[at]?.totalMs as number)),
  );
  const parts = (kind: "captured" | "plain") =>
    `${of(kind, "totalMs").toFixed(2)} ms (JavaScript ${of(kind, "enqueueMs").toFixed(2)})`;
  figures.push({ dtype, rows, steps, times });
  process.stdout.write(
    `${dtype}, ${rows} row${rows === 1 ? "" : "s"}: captured ${parts("captured")}, plain ${parts("plain")}, median of the pairs' ratio ${ratio.toFixed(3)}\n`,
  );
}

async function timeSteps(model: LanguageModel, rows: number): Promise<StepTimes> {
  const D = model.config.hiddenSize;
  const ids = Array.from({ length: 100 }, (_, at) => (17 * at) % 250);
  const { session, hidden_RD } = model.prefill([ids], { rowsPerPrompt: [rows], maxLength: steps + 1 });
  using _session = session;
  hidden_RD.dispose();
  using input_RD = backend.randomNormal([rows, D], { key: RandomKey.fromSeed(1) });
  await idle(backend);
  const enqueue: number[] = [];
  const total: number[] = [];
  for (let step = 0; step < steps; step++) {
    const start = performance.now();
    using output_RD = session.step(input_RD);
    enqueue.push(performance.now() - start);
    await backend.read(output_RD);
    total.push(performance.now() - start);
  }
  // The mean, because some steps make room and are recorded.
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  return { enqueueMs: mean(enqueue), totalMs: mean(total) };
}

/** A session asks the backend when it is opened. */
async function withCapture<T>(isOn: boolean, work: () => Promise<T>): Promise<T> {
  const before = backend.capabilities.capture;
  Object.assign(backend.capabilities, { capture: isOn });
  try {
    return await work();
  } finally {
    Object.assign(backend.capabilities, { capture: before });
  }
}

async function openModel(dtype: FloatDType): Promise<LanguageModel> {
  if (!values.shape) {
    const folder = process.env.SOFT_TOKENS_SMOLLM2;
    if (!folder) throw new Error("set SOFT_TOKENS_SMOLLM2, or name a --shape; see the head of the script");
    return loadModel(folder, { backend, dtype });
  }
  return initializeModel({
    ...{ backend, dtype, key: RandomKey.fromSeed(0).fold("capture") },
    files: {
      "config.json": configOfShape(values.shape as ShapeName),
      "tokenizer.json": byteTokenizer(),
      "tokenizer_config.json": {},
    },
  });
}

function isSame(a: Rollout, b: Rollout): boolean {
  if (a.shadowIds.join() !== b.shadowIds.join() || a.answerText !== b.answerText) return false;
  if (!a.thoughts || !b.thoughts) return a.thoughts === b.thoughts;
  return a.thoughts.every((value, at) => value === b.thoughts?.[at]);
}
