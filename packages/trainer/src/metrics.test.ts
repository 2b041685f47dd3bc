import type { Rollout } from "@soft-tokens/sampler";
import { describe, expect, it } from "vitest";
import { sampleMetrics, type TrainingSample } from "./metrics.ts";

function sample(
  reward: number,
  change: Partial<Omit<TrainingSample, "rollout">> & { rollout?: Partial<Rollout> } = {},
): TrainingSample {
  const rollout: Rollout = {
    promptIndex: 0,
    sampleIndex: 0,
    promptIds: [1],
    shadowIds: Int32Array.of(1, 2),
    thoughts: null,
    forcedIds: [3],
    answerIds: Int32Array.of(4),
    thoughtStop: "stop-string",
    answerStop: "closed-box",
    thoughtText: "ab",
    forcedText: "c",
    answerText: "d",
    thoughtLogProb: -2,
    answerLogProb: -1,
    thoughtLogProbs: Float32Array.of(-0.5, -1.5),
    entropies: Float32Array.of(0.5, 1.5),
    ...change.rollout,
  };
  return {
    problem: { id: "p", prompt: "p", answer: "a" },
    result: { reward, correct: reward === 100, boxed: reward > 0, extracted: null },
    advantage: 1,
    trainerLogProb: null,
    ...change,
    rollout,
  };
}

describe("sampleMetrics", () => {
  it("reduces rewards and groups to flat numbers", () => {
    const metrics = sampleMetrics(
      [100, 100, 10, 0, 0, 0].map((reward) => sample(reward)),
      2,
    );
    expect(metrics["reward/mean"]).toBe(35);
    expect(metrics["reward/std"]).toBeCloseTo(Math.sqrt((2 * 65 ** 2 + 25 ** 2 + 3 * 35 ** 2) / 6), 10);
    expect(metrics["reward/correct"]).toBeCloseTo(1 / 3, 12);
    expect(metrics["reward/boxed"]).toBe(0.5);
    expect(metrics["groups/allRight"]).toBeCloseTo(1 / 3, 12);
    expect(metrics["groups/allWrong"]).toBeCloseTo(2 / 3, 12);
    expect(metrics["groups/mixed"]).toBeCloseTo(0, 12);
  });

  it("weighs entropy by steps and counts thoughts that hit the limit", () => {
    const long = sample(0, {
      rollout: { shadowIds: new Int32Array(6), entropies: new Float32Array(6), thoughtStop: "limit" },
    });
    const metrics = sampleMetrics([sample(0), long], 2);
    expect(metrics["thought/length"]).toBe(4);
    expect(metrics["thought/entropy"]).toBe(2 / 8);
    expect(metrics["thought/limitRate"]).toBe(0.5);
  });

  it("measures the gap of log pi over the samples that were passed", () => {
    const close = sample(0, {
      trainerLogProb: { thought: -2.5, answer: -1, thoughtSteps: Float32Array.of(-1, -1.5) },
    });
    const far = sample(0, {
      trainerLogProb: { thought: -1, answer: -0.5, thoughtSteps: Float32Array.of(0, -1) },
    });
    const metrics = sampleMetrics([close, far, sample(0), sample(0)], 4);
    expect(metrics["logprob/gap"]).toBe((0.5 + 1.5) / 2);
    expect(metrics["logprob/gapRelative"]).toBe(2 / 6);
    expect(metrics["logprob/gapPerThoughtStep"]).toBe((0.5 + 0 + 0.5 + 0.5) / 4);
  });

  it("leaves out what the step has no value of", () => {
    const metrics = sampleMetrics([sample(0), sample(0)], 2);
    expect(metrics).not.toHaveProperty("logprob/gap");
    expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
  });
});
