import { inferencePolicy, type ThoughtName } from "@soft-tokens/sampler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRlooTrainer } from "./rloo-trainer.ts";
import { loadReferenceModel } from "./test-support/reference.ts";
import { collect, digitReward, reproducible, tinyOptions } from "./test-support/tiny-run.ts";

const THOUGHTS: readonly ThoughtName[] = ["hard", "soft", "fuzzy"];
const METRICS = [
  "reward/mean",
  "reward/std",
  "reward/correct",
  "reward/boxed",
  "groups/allRight",
  "groups/allWrong",
  "groups/mixed",
  "groups/zeroVariance",
  "thought/length",
  "thought/limitRate",
  "thought/entropy",
  "thought/sigma",
  "logprob/gap",
  "logprob/gapRelative",
  "logprob/gapPerThoughtStep",
  "optim/gradientNorm",
  "optim/learningRate",
  "optim/skipped",
  "loss/total",
  "data/epoch",
  "speed/sampleTokensPerSecond",
  "speed/trainTokensPerSecond",
  "speed/microBatches",
  "time/sample",
  "time/decode",
  "time/grade",
  "time/pass",
  "time/prefill",
  "time/train",
  "time/step",
  "memory/peakBytes",
];

describe.each(THOUGHTS)("a short RLOO run with %s thoughts", (thought) => {
  it("yields validations, steps with all metrics, and leaves no tensor behind", async () => {
    using loaded = await loadReferenceModel("llama");
    const { model, backend } = loaded;
    const before = backend.memory().tensors;
    {
      using trainer = createRlooTrainer(await tinyOptions(model, thought));
      const events = await collect(trainer);
      expect(
        events.map(({ type, step }) => `${type} ${step}`).filter((line) => !line.startsWith("warning")),
      ).toEqual([
        "validation 0",
        "step 1",
        "step 2",
        "validation 2",
        "step 3",
        "step 4",
        "validation 4",
        "step 5",
        "step 6",
        "validation 6",
        "stopped 6",
      ]);
      for (const event of events) {
        if (event.type !== "step") continue;
        expect(Object.keys(event.metrics).sort()).toEqual([...METRICS].sort());
        expect(event.samples).toHaveLength(6);
      }
    }
    expect(backend.memory().tensors).toBe(before);
  });

  it("scores a thought in the trainer as the sampler did, within 1e-4 in float32", async () => {
    using loaded = await loadReferenceModel("qwen2");
    using trainer = createRlooTrainer(
      await tinyOptions(loaded.model, thought, { steps: 3, validateEvery: 0 }),
    );
    let scored = 0;
    for (const event of await collect(trainer)) {
      if (event.type !== "step") continue;
      expect(event.metrics["logprob/gapRelative"]).toBeLessThan(1e-4);
      for (const { rollout, trainerLogProb } of event.samples) {
        if (!trainerLogProb) continue;
        scored++;
        const sampler = (rollout.thoughtLogProb as number) + (rollout.answerLogProb as number);
        const ours = trainerLogProb.thought + trainerLogProb.answer;
        expect(Math.abs(ours - sampler)).toBeLessThanOrEqual(1e-4 * Math.abs(sampler));
      }
    }
    expect(scored).toBeGreaterThan(3);
  });
});

describe("createRlooTrainer", () => {
  let loaded: Awaited<ReturnType<typeof loadReferenceModel>>;
  beforeAll(async () => {
    loaded = await loadReferenceModel("llama");
  });
  afterAll(() => loaded[Symbol.dispose]());

  const weights = async () => {
    const values = [];
    for (const tensor of loaded.model.parameters.values()) values.push(await loaded.backend.read(tensor));
    return values;
  };

  it("changes no weight where all rewards of a group are equal", async () => {
    const before = await weights();
    const reward = () => ({ reward: 10, correct: false, boxed: true, extracted: null });
    const options = await tinyOptions(loaded.model, "soft", { steps: 2, validateEvery: 0 });
    using trainer = createRlooTrainer({ ...options, reward });
    const steps = (await collect(trainer)).filter((event) => event.type === "step");
    expect(steps).toHaveLength(2);
    for (const { metrics, samples } of steps) {
      expect(metrics["optim/gradientNorm"]).toBe(0);
      expect(metrics["groups/zeroVariance"]).toBe(1);
      expect(metrics).not.toHaveProperty("logprob/gap");
      expect(samples.every(({ advantage }) => advantage === 0)).toBe(true);
    }
    expect(await weights()).toEqual(before);
  });

  it("skips a step whose gradient is not finite, says so, and gives up after ten in a row", async () => {
    const before = await weights();
    let calls = 0;
    const reward = () => ({ reward: calls++ % 2 ? 1e38 : 0, correct: false, boxed: false, extracted: null });
    const options = await tinyOptions(loaded.model, "soft", { steps: 20, validateEvery: 0 });
    using trainer = createRlooTrainer({ ...options, reward });
    const events: string[] = [];
    const run = async () => {
      for await (const event of trainer.run()) {
        if (event.type === "step") events.push(`skipped ${event.metrics["optim/skipped"]}`);
        if (event.type === "warning" && event.code === "GRADIENT_NON_FINITE") events.push(event.code);
      }
    };
    await expect(run()).rejects.toMatchObject({ code: "NON_FINITE_GRADIENT" });
    expect(events).toEqual(Array(10).fill(["skipped 1", "GRADIENT_NON_FINITE"]).flat());
    expect(await weights()).toEqual(before);
  });

  it("measures the two terms' gradient norms apart without changing the run", async () => {
    const metricsOf = async (termNormsEvery: number) => {
      using fresh = await loadReferenceModel("llama");
      const settings = { steps: 2, validateEvery: 0, termNormsEvery };
      using trainer = createRlooTrainer(await tinyOptions(fresh.model, "soft", settings));
      return reproducible(await collect(trainer)).map(([, , metrics]) => metrics);
    };
    const plain = await metricsOf(0);
    const measured = await metricsOf(2);
    const {
      "optim/thoughtGradientNorm": thought = 0,
      "optim/answerGradientNorm": answer = 0,
      ...rest
    } = measured[1] ?? {};
    expect([measured[0], rest]).toEqual(plain);
    const total = rest["optim/gradientNorm"] as number;
    expect(thought).toBeGreaterThan(0);
    expect(answer).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual((thought + answer) * 1.0001);
    expect(total).toBeGreaterThanOrEqual(Math.abs(thought - answer) * 0.9999);
  });

  it("refuses a policy without log-probability, sources without problems and settings outside their ranges", async () => {
    const options = await tinyOptions(loaded.model, "soft");
    const empty = { size: 0, get: options.problems.get };
    const code = (code: string) => expect.objectContaining({ code });
    const greedy = inferencePolicy("soft-greedy", { rms: 1 });
    expect(() => createRlooTrainer({ ...options, policy: greedy })).toThrow(code("DETERMINISTIC_POLICY"));
    expect(() => createRlooTrainer({ ...options, problems: empty })).toThrow(code("EMPTY_SOURCE"));
    expect(() => createRlooTrainer({ ...options, validation: empty })).toThrow(code("EMPTY_SOURCE"));
    expect(() => createRlooTrainer({ ...options, settings: { samplesPerPrompt: 1 } })).toThrow(
      /samplesPerPrompt/,
    );
    expect(() => createRlooTrainer({ ...options, settings: { stepz: 1 } as object })).toThrow(/stepz/);
  });

  it("passes a reward's failure on and keeps the last whole step", async () => {
    const options = await tinyOptions(loaded.model, "hard", {
      steps: 3,
      validateEvery: 0,
      learningRate: 1e-9,
    });
    let calls = 0;
    using trainer = createRlooTrainer({
      ...options,
      reward: (sample) => {
        if (++calls > 8) return { reward: Number.NaN, correct: false, boxed: false, extracted: null };
        return digitReward(sample);
      },
    });
    await expect(collect(trainer)).rejects.toMatchObject({ code: "INVALID_REWARD" });
    expect(trainer.step).toBe(1);
  });
});
