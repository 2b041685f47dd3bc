import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import { fillNormal, RandomKey, type Tensor } from "@soft-tokens/tensor";
import { expectClose, withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ThoughtPolicy } from "../contract.ts";
import { createThoughtPolicy, INFERENCE_MODES, inferencePolicy, THOUGHT_NAMES } from "./create-policy.ts";

let ops: TfjsBackend;
let weight_VD: Tensor;
let embedding_VD: Tensor;
let hidden_RD: Tensor;
const [R, V, D] = [6, 29, 8];
const keys = Array.from({ length: R }, (_, row) => RandomKey.fromSeed(9).fold("thought", row));

beforeAll(async () => {
  ops = await createTfjsBackend({ variant: "cpu" });
  weight_VD = normals("weight", [V, D]);
  embedding_VD = normals("embedding", [V, D]);
  hidden_RD = normals("hidden", [R, D]);
});
afterAll(() => {
  for (const tensor of [weight_VD, embedding_VD, hidden_RD]) tensor.dispose();
  ops[Symbol.dispose]();
});

function normals(name: string, shape: [number, number]): Tensor {
  const out = new Float32Array(shape[0] * shape[1]);
  fillNormal(RandomKey.fromSeed(4).fold(name), out);
  return ops.tensor(out, shape);
}

function head() {
  return { weight_VD, embedding_VD };
}

function think(policy: ThoughtPolicy, rows = keys) {
  using some_RD = ops.slice(hidden_RD, [0, 0], [rows.length, D]);
  return policy.think(some_RD, { backend: ops, head: head(), keys: rows });
}

function dispose(step: object): void {
  for (const tensor of Object.values(step) as (Tensor | null)[]) tensor?.dispose();
}

async function numbers(x: Tensor | null): Promise<number[]> {
  return x ? Array.from(await ops.read(x)) : [];
}

describe("think and score of one policy", () => {
  it.each(THOUGHT_NAMES)("agree on the log-probability of %s thoughts", async (name) => {
    await withLeakCheck(ops, async () => {
      const policy = createThoughtPolicy(name, { rms: 1 });
      const step = think(policy);
      using coefficient_N = ops.ones([R]);
      const stored = policy.storesThoughts
        ? { thought_ND: step.next_RD, ids_N: step.shadow_R }
        : { ids_N: step.shadow_R };
      const score = policy.score(hidden_RD, stored, coefficient_N, { backend: ops, head: head() });
      const thought = await numbers(step.logProb_R);
      const scored = await numbers(score.logProb_R);
      expect(thought).toHaveLength(R);
      thought.forEach((value, row) => {
        expect(Math.abs(value - (scored[row] as number))).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      });
      const total = thought.reduce((sum, value) => sum + value, 0);
      expect((await numbers(score.value))[0]).toBeCloseTo(total, 3);
      dispose(step);
      dispose(score);
    });
  });

  it("feeds a hard thought its token's embedding", async () => {
    const step = think(createThoughtPolicy("hard", { rms: 1 }));
    using rows = ops.takeRows(embedding_VD, step.shadow_R);
    await expectClose(ops, step.next_RD, await ops.read(rows));
    dispose(step);
  });

  it("makes noise of sigma per component around the noiseless mixture", async () => {
    const quiet = think(createThoughtPolicy("soft", { rms: 2, noiseScale: 0 }));
    const noisy = think(createThoughtPolicy("soft", { rms: 2, noiseScale: 0.33 }));
    const normal = new Float32Array(D);
    fillNormal(keys[1] as RandomKey, normal);
    const from = await numbers(quiet.next_RD);
    const to = await numbers(noisy.next_RD);
    normal.forEach((value, d) => {
      expect((to[D + d] as number) - (from[D + d] as number)).toBeCloseTo(0.66 * value, 4);
    });
    expect(quiet.logProb_R).toBeNull();
    expect(await numbers(noisy.shadow_R)).toEqual(await numbers(quiet.shadow_R));
    dispose(quiet);
    dispose(noisy);
  });

  it("lets fuzzy thoughts without noise be the greedy token", async () => {
    const fuzzy = think(inferencePolicy("fuzzy-greedy", { rms: 1 }));
    const hard = think(inferencePolicy("hard-greedy", { rms: 1 }));
    expect(await numbers(fuzzy.shadow_R)).toEqual(await numbers(hard.shadow_R));
    await expectClose(ops, fuzzy.next_RD, await ops.read(hard.next_RD));
    dispose(fuzzy);
    dispose(hard);
  });

  it.each(THOUGHT_NAMES)("gives a row of %s thoughts the same noise alone as in a batch", async (name) => {
    const policy = createThoughtPolicy(name, { rms: 1 });
    const batch = think(policy);
    const alone = think(policy, keys.slice(0, 1));
    expect(await numbers(alone.shadow_R)).toEqual((await numbers(batch.shadow_R)).slice(0, 1));
    await expectClose(ops, alone.next_RD, (await ops.read(batch.next_RD)).subarray(0, D));
    dispose(batch);
    dispose(alone);
  });

  it.each(["hard-greedy", "soft-greedy", "fuzzy-greedy"] as const)("has no density in %s mode", (mode) => {
    const policy = inferencePolicy(mode, { rms: 1 });
    using ids_N = ops.tensor([1], [1], "int32");
    using one = ops.ones([1]);
    using thought_ND = ops.zeros([1, D]);
    using hidden = ops.zeros([1, D]);
    const score = () => policy.score(hidden, { thought_ND, ids_N }, one, { backend: ops, head: head() });
    expect(score).toThrow(expect.objectContaining({ code: "NO_DENSITY" }));
  });

  it("asks for the stored embeddings where they are the thought", () => {
    using ids_N = ops.tensor([1], [1], "int32");
    using one = ops.ones([1]);
    using hidden = ops.zeros([1, D]);
    const policy = createThoughtPolicy("soft", { rms: 1 });
    expect(() => policy.score(hidden, { ids_N }, one, { backend: ops, head: head() })).toThrow(TypeError);
  });
});

describe("settings", () => {
  it("are method.md's in training", () => {
    const settings = THOUGHT_NAMES.map((name) => createThoughtPolicy(name, { rms: 0.02 }).settings);
    expect(settings).toEqual([
      { temperature: 1, noiseScale: 0, sigma: 0 },
      { temperature: 0.5, noiseScale: 0.33, sigma: 0.33 * 0.02 },
      { temperature: 1e-4, noiseScale: 0.33, sigma: 0.33 * 0.02 },
    ]);
  });

  it("are method.md's in the six modes", () => {
    const settings = INFERENCE_MODES.map((mode) => {
      const { name, settings: s } = inferencePolicy(mode, { rms: 1 });
      return [mode, name, s.temperature, s.sigma];
    });
    expect(settings).toEqual([
      ["hard-greedy", "hard", 0, 0],
      ["hard-sample", "hard", 1, 0],
      ["soft-greedy", "soft", 0.5, 0],
      ["soft-sample", "soft", 0.5, 0.33],
      ["fuzzy-greedy", "fuzzy", 1e-4, 0],
      ["fuzzy-sample", "fuzzy", 1e-4, 0.33],
    ]);
  });

  it("take overrides where a mode has them", () => {
    const settings = INFERENCE_MODES.map((mode) => {
      const { settings: s } = inferencePolicy(mode, { rms: 1, temperature: 0.1, noiseScale: 3 });
      return [s.temperature, s.noiseScale];
    });
    expect(settings).toEqual([
      [0, 0],
      [0.1, 0],
      [0.1, 0],
      [0.1, 3],
      [0.1, 0],
      [0.1, 3],
    ]);
  });

  it("may give sigma itself, as a rollout file does", () => {
    const restored = createThoughtPolicy("soft", { temperature: 0.4, sigma: 0.02 });
    expect(restored.settings).toEqual({ temperature: 0.4, sigma: 0.02, noiseScale: Number.NaN });
    expect(createThoughtPolicy("hard", { temperature: 1, sigma: 0 }).settings.noiseScale).toBe(0);
  });

  it.each([
    ["a negative sigma", () => createThoughtPolicy("soft", { sigma: -1 })],
    ["sigma for hard thoughts", () => createThoughtPolicy("hard", { sigma: 0.1 })],
    ["no thought", () => createThoughtPolicy("sharp", { rms: 1 })],
    ["no mode", () => inferencePolicy("soft" as "soft-sample", { rms: 1 })],
    ["a soft thought at temperature 0", () => createThoughtPolicy("soft", { rms: 1, temperature: 0 })],
    ["a negative temperature", () => createThoughtPolicy("hard", { rms: 1, temperature: -1 })],
    ["noise on hard thoughts", () => createThoughtPolicy("hard", { rms: 1, noiseScale: 0.3 })],
    ["negative noise", () => createThoughtPolicy("fuzzy", { rms: 1, noiseScale: -0.3 })],
    ["no rms", () => createThoughtPolicy("soft", { rms: 0 })],
    [
      "a temperature that is no number",
      () => createThoughtPolicy("soft", { rms: 1, temperature: Number.NaN }),
    ],
  ])("refuse %s", (_, create) => {
    expect(create).toThrow(expect.objectContaining({ code: "INVALID_SETTINGS" }));
  });
});
