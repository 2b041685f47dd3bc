import { createTfjsBackend, type TfjsBackend } from "@soft-tokens/backend-tfjs";
import { fillNormal, RandomKey, type Tensor } from "@soft-tokens/tensor";
import { withLeakCheck } from "@soft-tokens/tensor/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ThoughtStep } from "../contract.ts";
import { SamplerError } from "../errors.ts";
import { inferencePolicy } from "./create-policy.ts";
import { isNoisePlace, NOISE_PLACES, type NoisePlace } from "./noisy-head.ts";

let ops: TfjsBackend;
let weight_VD: Tensor;
let embedding_VD: Tensor;
let hidden_RD: Tensor;
const [R, V, D] = [5, 23, 8];
const keys = Array.from({ length: R }, (_, row) => RandomKey.fromSeed(9).fold("thought", row));
const ELSEWHERE = NOISE_PLACES.filter((place) => place !== "embedding");

beforeAll(async () => {
  ops = await createTfjsBackend({ variant: "cpu" });
  weight_VD = ops.tensor(normals("weight", V * D), [V, D]);
  embedding_VD = ops.tensor(normals("embedding", V * D), [V, D]);
  hidden_RD = ops.tensor(normals("hidden", R * D), [R, D]);
});
afterAll(() => {
  for (const tensor of [weight_VD, embedding_VD, hidden_RD]) tensor.dispose();
  ops[Symbol.dispose]();
});

function normals(name: string, count: number): Float32Array {
  const out = new Float32Array(count);
  fillNormal(RandomKey.fromSeed(4).fold(name), out);
  return out;
}

function policyOf(noisePlace: NoisePlace, noiseScale = 0.5, temperature = 0.5) {
  return inferencePolicy("soft-sample", { rms: 1, noiseScale, temperature, noisePlace });
}

type Think = { readonly topK?: number; readonly maxElements?: number; readonly rows?: readonly RandomKey[] };
type Numbers = { next: number[]; shadow: number[]; entropy: number[]; top?: number[] };

async function think(policy: ReturnType<typeof policyOf>, { rows = keys, topK, maxElements }: Think = {}) {
  using some_RD = ops.slice(hidden_RD, [0, 0], [rows.length, D]);
  const step: ThoughtStep = policy.think(some_RD, {
    backend: ops,
    head: { weight_VD, embedding_VD },
    keys: rows,
    ...(topK !== undefined && { topK }),
    ...(maxElements !== undefined && { chunk: { maxElements } }),
  });
  expect(step.logProb_R).toBeNull();
  const take = async (x: Tensor) => {
    using own = x;
    return Array.from(await ops.read(own));
  };
  const numbers: Numbers = {
    next: await take(step.next_RD),
    shadow: await take(step.shadow_R),
    entropy: await take(step.entropy_R),
  };
  step.topIds_RK?.dispose();
  if (step.topProbabilities_RK) numbers.top = await take(step.topProbabilities_RK);
  return numbers;
}

/** The same written down in plain numbers from the same noise. */
function byHand(place: NoisePlace, scale: number, tau: number): Numbers {
  const [weight, embedding, hidden] = [
    normals("weight", V * D),
    normals("embedding", V * D),
    normals("hidden", R * D),
  ];
  const range = (count: number) => Array.from({ length: count }, (_, index) => index);
  const rms = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
  const result: Required<Omit<Numbers, "top">> = { next: [], shadow: [], entropy: [] };
  for (const r of range(R)) {
    const noise = new Float32Array(place === "hidden" ? D : V);
    fillNormal(keys[r] as RandomKey, noise);
    let h = range(D).map((d) => hidden[r * D + d] as number);
    if (place === "hidden") {
      const unit = rms(h);
      h = h.map((x, d) => x + scale * unit * (noise[d] as number));
    }
    let z = range(V).map((v) => h.reduce((sum, x, d) => sum + x * (weight[v * D + d] as number), 0));
    if (place !== "hidden") {
      const mean = z.reduce((sum, x) => sum + x, 0) / V;
      const unit = rms(z.map((x) => x - mean));
      const least =
        place === "logits"
          ? Number.NEGATIVE_INFINITY
          : [...z].sort((a, b) => b - a)[Number(place.slice(10)) - 1];
      z = z.map((x, v) => (least === undefined || x >= least ? x + scale * unit * (noise[v] as number) : x));
    }
    const max = Math.max(...z);
    const weights = z.map((x) => Math.exp((x - max) / tau));
    const total = weights.reduce((sum, x) => sum + x, 0);
    const p = weights.map((x) => x / total);
    result.next.push(
      ...range(D).map((d) => p.reduce((sum, x, v) => sum + x * (embedding[v * D + d] as number), 0)),
    );
    result.shadow.push(z.indexOf(max));
    result.entropy.push(-p.reduce((sum, x) => sum + (x > 0 ? x * Math.log(x) : 0), 0));
  }
  return result;
}

function expectNear(got: readonly number[], wanted: readonly number[], digits: number): void {
  got.forEach((value, at) => {
    expect(value).toBeCloseTo(wanted[at] as number, digits);
  });
}

describe("noise elsewhere than on the embedding", () => {
  it.each(ELSEWHERE)("on the %s is what is written down by hand, and leaves nothing alive", async (place) => {
    await withLeakCheck(ops, async () => {
      const got = await think(policyOf(place));
      const wanted = byHand(place, 0.5, 0.5);
      expect(got.shadow).toEqual(wanted.shadow);
      expectNear(got.next, wanted.next, 4);
      expectNear(got.entropy, wanted.entropy, 4);
    });
  });

  it.each(ELSEWHERE)("on the %s belongs to the row's key, not to the batch or the chunk", async (place) => {
    const whole = await think(policyOf(place), { topK: 3 });
    const chunked = await think(policyOf(place), { topK: 3, maxElements: 2 * V });
    const alone = await think(policyOf(place), { rows: keys.slice(0, 1) });
    expectNear(chunked.next, whole.next, 5);
    expect(chunked.shadow).toEqual(whole.shadow);
    expect(chunked.top).toHaveLength(R * 3);
    expectNear(alone.next, whole.next, 5);
  });

  it("on as many logits as there are is noise on all of them, and on few of them it is another", async () => {
    const all = await think(policyOf("logits"));
    expect(await think(policyOf("logits-top50"))).toEqual(all);
    expect(await think(policyOf("logits-top5"))).not.toEqual(all);
  });

  it("is nothing without rows", async () => {
    await withLeakCheck(ops, async () => {
      const nothing = { next: [], shadow: [], entropy: [] };
      for (const place of ELSEWHERE) expect(await think(policyOf(place), { rows: [] })).toEqual(nothing);
    });
  });

  it("cannot be trained, and says so", () => {
    using coefficient_N = ops.ones([R]);
    using ids_N = ops.zeros([R], "int32");
    expect(() =>
      policyOf("hidden").score(hidden_RD, { thought_ND: hidden_RD, ids_N }, coefficient_N, {
        backend: ops,
        head: { weight_VD, embedding_VD },
      }),
    ).toThrow(
      new SamplerError(
        "NO_DENSITY",
        "score: soft thoughts with noise on the hidden are for inference only; train with noise on the embedding",
      ),
    );
  });

  it("is left aside in modes without noise, and on the embedding it is the method's own", async () => {
    const options = { rms: 1, noisePlace: "logits" } as const;
    expect(await think(inferencePolicy("soft-greedy", options))).toEqual(
      await think(inferencePolicy("soft-greedy", { rms: 1 })),
    );
    expect(policyOf("embedding").settings.sigma).toBe(0.5);
    expect(policyOf("hidden").settings).toEqual({ temperature: 0.5, noiseScale: 0.5, sigma: Number.NaN });
  });
});

it("places are known by their names", () => {
  expect(NOISE_PLACES.every(isNoisePlace)).toBe(true);
  expect(["logits-top1", "logits-top500"].every(isNoisePlace)).toBe(true);
  expect(
    ["", "Hidden", "logits-top", "logits-top0", "logits-top-1", "logits-top1.5"].some(isNoisePlace),
  ).toBe(false);
});
