import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SafetensorsTensor, writeSafetensors } from "@soft-tokens/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createThoughtPolicy } from "../policies/create-policy.ts";
import type { StoredRollout } from "./format.ts";
import { readRollouts } from "./read-rollouts.ts";
import { writeRollouts } from "./write-rollouts.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollouts-"));
});
afterAll(() => rm(folder, { recursive: true }));

const soft = createThoughtPolicy("soft", { rms: 0.1 });
const hard = createThoughtPolicy("hard", { rms: 0.1 });

const samples: StoredRollout[] = [
  {
    promptIds: [1, 2, 3],
    shadowIds: Int32Array.of(4, 5),
    thoughts: Float32Array.of(0.5, -1, 2, 3e-8, 7, 1 / 3),
    forcedIds: [9, 8],
    answerIds: Int32Array.of(6),
  },
  { promptIds: [1], shadowIds: [], thoughts: new Float32Array(0), forcedIds: [7], answerIds: [] },
  {
    promptIds: [2, 2],
    shadowIds: [1],
    thoughts: Float32Array.of(1, 2, 3),
    forcedIds: [],
    answerIds: [3, 4],
  },
];
const withoutThoughts = samples.map((sample) => ({ ...sample, thoughts: null }));

/** What was stored, as plain lists. */
function plain(sample: StoredRollout) {
  return {
    promptIds: Array.from(sample.promptIds),
    shadowIds: Array.from(sample.shadowIds),
    thoughts: sample.thoughts && Array.from(sample.thoughts),
    forcedIds: Array.from(sample.forcedIds),
    answerIds: Array.from(sample.answerIds),
  };
}

describe("rollout files", () => {
  it("give back what was written, bit for bit", async () => {
    const file = join(folder, "soft.safetensors");
    await writeRollouts(file, samples, { policy: soft, answerTemperature: 1, metadata: { step: "12" } });
    const read = await readRollouts(file);
    expect(read).toMatchObject({
      thought: "soft",
      temperature: 0.5,
      sigma: soft.settings.sigma,
      answerTemperature: 1,
      hiddenSize: 3,
      metadata: { step: "12" },
    });
    expect(read.rollouts.map(plain)).toEqual(samples.map(plain));
  });

  it("hold no embeddings for hard thoughts, and no sample at all if need be", async () => {
    const file = join(folder, "hard.safetensors");
    await writeRollouts(file, withoutThoughts, { policy: hard, answerTemperature: 0 });
    const read = await readRollouts(file);
    expect(read).toMatchObject({
      thought: "hard",
      temperature: 1,
      sigma: 0,
      answerTemperature: 0,
      hiddenSize: null,
    });
    expect(read.rollouts.map(plain)).toEqual(withoutThoughts.map(plain));
    for (const policy of [hard, soft]) {
      await writeRollouts(file, [], { policy, answerTemperature: 1 });
      expect((await readRollouts(file)).rollouts).toEqual([]);
    }
  });

  it("refuse to be written from samples that contradict the policy", async () => {
    const file = join(folder, "refused.safetensors");
    const code = "INVALID_ROLLOUTS";
    const write = (policy: typeof soft, rollouts: StoredRollout[]) =>
      writeRollouts(file, rollouts, { policy, answerTemperature: 1 });
    await expect(write(soft, withoutThoughts)).rejects.toMatchObject({ code });
    await expect(write(hard, samples)).rejects.toMatchObject({ code });
    const uneven = { ...(samples[0] as StoredRollout), thoughts: new Float32Array(5) };
    await expect(write(soft, [...samples, uneven])).rejects.toMatchObject({ code });
  });
});

describe("readRollouts of files from elsewhere", () => {
  const int32 = (name: string, ...values: number[]): SafetensorsTensor => ({
    name,
    dtype: "I32",
    shape: [values.length],
    data: Int32Array.from(values),
  });
  const good: SafetensorsTensor[] = [
    int32("prompt_ids", 1, 2, 3),
    int32("prompt_offsets", 0, 2, 3),
    int32("shadow_ids", 4, 5, 6),
    int32("thought_offsets", 0, 1, 3),
    int32("forced_ids"),
    int32("forced_offsets", 0, 0, 0),
    int32("answer_ids", 7),
    int32("answer_offsets", 0, 1, 1),
    { name: "thoughts", dtype: "F32", shape: [3, 2], data: new Float32Array(6) },
  ];
  const metadata = { thought: "fuzzy", tau: "1e-4", sigma: "0.033" };

  async function read(change: SafetensorsTensor | string, meta: Record<string, string> = metadata) {
    const file = join(folder, "foreign.safetensors");
    const name = typeof change === "string" ? change : change.name;
    const tensors = good.filter((tensor) => tensor.name !== name);
    await writeSafetensors(file, typeof change === "string" ? tensors : [...tensors, change], meta);
    return readRollouts(file);
  }

  it("reads one that follows the format, with answers at temperature 1 unless said otherwise", async () => {
    const rollouts = await read(int32("answer_ids", 8));
    expect(rollouts).toMatchObject({ temperature: 1e-4, sigma: 0.033, answerTemperature: 1, hiddenSize: 2 });
    expect(rollouts.rollouts.map(({ promptIds }) => Array.from(promptIds))).toEqual([[1, 2], [3]]);
  });

  it.each<[string, SafetensorsTensor | string, string]>([
    ["a missing tensor", "forced_offsets", "forced_offsets"],
    ["falling offsets", int32("answer_offsets", 0, 2, 1), "answer_offsets"],
    ["offsets that do not begin at 0", int32("thought_offsets", 1, 1, 3), "thought_offsets"],
    ["offsets that end too early", int32("thought_offsets", 0, 1, 2), "thought_offsets"],
    ["offsets of another number of samples", int32("answer_offsets", 0, 1), "answer_offsets"],
    ["no offsets at all", int32("forced_offsets"), "forced_offsets"],
    ["a negative id", int32("shadow_ids", 4, -5, 6), "shadow_ids"],
    ["an empty prompt", int32("prompt_offsets", 0, 0, 3), "prompt_offsets"],
    ["ids of two axes", { ...int32("answer_ids", 7), shape: [1, 1] }, "answer_ids"],
    [
      "ids of another dtype",
      { name: "answer_ids", dtype: "I64", shape: [1], data: BigInt64Array.of(7n) },
      "answer_ids",
    ],
    ["missing thoughts", "thoughts", "thoughts"],
    [
      "thoughts of too few steps",
      { name: "thoughts", dtype: "F32", shape: [2, 2], data: new Float32Array(4) },
      "thoughts",
    ],
    [
      "thoughts of one axis",
      { name: "thoughts", dtype: "F32", shape: [3], data: new Float32Array(3) },
      "thoughts",
    ],
    [
      "thoughts without values",
      { name: "thoughts", dtype: "F32", shape: [3, 0], data: new Float32Array(0) },
      "thoughts",
    ],
    [
      "thoughts that are no numbers",
      { name: "thoughts", dtype: "F32", shape: [3, 2], data: Float32Array.of(0, 0, 0, Number.NaN, 0, 0) },
      "thoughts",
    ],
  ])("refuses %s and names file and key", async (_, change, key) => {
    const error = await read(change).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "INVALID_ROLLOUTS", key, file: join(folder, "foreign.safetensors") });
    expect((error as Error).message).toContain(key);
  });

  it.each<[string, Record<string, string>, string]>([
    ["no thought", { tau: "1", sigma: "1" }, "thought"],
    ["no tau", { thought: "fuzzy", sigma: "1" }, "tau"],
    ["an empty sigma", { thought: "fuzzy", tau: "1", sigma: " " }, "sigma"],
    ["a negative sigma", { thought: "fuzzy", tau: "1", sigma: "-1" }, "sigma"],
    ["an answer temperature in words", { ...metadata, answer_tau: "greedy" }, "answer_tau"],
  ])("refuses metadata with %s", async (_, meta, key) => {
    await expect(read(int32("answer_ids", 7), meta)).rejects.toMatchObject({ code: "INVALID_ROLLOUTS", key });
  });

  it("refuses embeddings of hard thoughts", async () => {
    await expect(read(int32("answer_ids", 7), { ...metadata, thought: "hard" })).rejects.toMatchObject({
      code: "INVALID_ROLLOUTS",
      key: "thoughts",
    });
  });
});
