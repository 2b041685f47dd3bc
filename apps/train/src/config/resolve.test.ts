import { describe, expect, test } from "vitest";
import { resolveTraining } from "./resolve.ts";
import { TrainOptions } from "./train-options.ts";

const options = (values: Partial<TrainOptions>): TrainOptions =>
  TrainOptions.parse({ model: "models/Tiny.v2", data: "data/train.jsonl", thought: "soft", ...values });

describe("resolveTraining", () => {
  test("has the paper's settings by default", () => {
    const { settings } = resolveTraining(options({}));
    expect(settings).toMatchObject({
      estimator: "rloo",
      promptsPerStep: 2,
      samplesPerPrompt: 32,
      steps: 4000,
      warmupSteps: 20,
      schedule: "cosine",
      beta1: 0.9,
      beta2: 0.999,
      weightDecay: 0,
      gradientClip: 1,
      maxThoughtSteps: 128,
      maxAnswerTokens: 32,
      answerTemperature: 1,
      embeddingGradient: true,
      memoryBudgetBytes: 768 * 2 ** 20,
    });
  });

  test("names the run folder after model, data, thought and seed", () => {
    expect(resolveTraining(options({ seed: 3 })).folder).toBe("runs/tiny.v2-train-soft-seed3");
    expect(resolveTraining(options({ out: "elsewhere" })).folder).toBe("elsewhere");
  });

  test.each([
    [{ thought: "hard", noiseScale: 0.33 } as const, /--noise-scale with --thought hard.*drop --noise-scale/],
    [{ warmupSteps: 20, steps: 10 }, /would end inside its warm-up/],
    [{ validationData: "held.jsonl", validateEvery: 0 }, /validation is off/],
    [{ rewardCorrect: 10, rewardBoxed: 10 }, /must pay more/],
    [{ promptTemplate: "no placeholder" }, /lacks the word QUESTION/],
  ])("refuses %j and says what to write instead", (values, message) => {
    expect(() => resolveTraining(options(values))).toThrow(message);
  });
});
