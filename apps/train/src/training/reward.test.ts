import type { Grading, SampleGrade } from "@soft-tokens/app-common";
import { describe, expect, it } from "vitest";
import { createRunReward, type TrainingProblem } from "./reward.ts";

const options = { grader: undefined, rewardCorrect: 100, rewardBoxed: 10 };
const problem: TrainingProblem = { id: "p1", question: "1 + 1?", prompt: "User: 1 + 1?", answer: "2" };

/** Gives the verdicts it was told to, in order. */
function scripted(grades: readonly Partial<SampleGrade>[]): Grading & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    async grade(sample) {
      const said = grades[asked.length % grades.length];
      asked.push(sample);
      const wrong = { correct: false, reward: 0, boxed: false, extracted: null, reason: "because" };
      return { status: "graded", ...wrong, ...said };
    },
    unreadable: async () => [],
    takeCounts: () => ({ timeout: 2, refused: 1, failed: 0 }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

type Sample = Parameters<ReturnType<typeof createRunReward>["reward"]>[0];
const sampleOf = (text: string) => ({ problem, text, answer: "\\boxed{2}" }) as unknown as Sample; // the rollout is not looked at

describe("the reward of a run", () => {
  it("is the run's own pay for right and boxed answers, or a grader's own number", async () => {
    const grades = [
      { correct: true, boxed: true, reward: 100 },
      { boxed: true, reward: 10 },
      { reward: 0.5 },
    ];
    const rewards = async (reward: ReturnType<typeof createRunReward>) =>
      Promise.all(grades.map(async () => (await reward.reward(sampleOf("text"))).reward));
    const paper = createRunReward(scripted(grades), { ...options, rewardCorrect: 1, rewardBoxed: 0.2 }, 9);
    expect(await rewards(paper)).toEqual([1, 0.2, 0]);
    expect(await rewards(createRunReward(scripted(grades), { ...options, grader: "own.ts" }, 9))).toEqual([
      100, 10, 0.5,
    ]);
  });

  it("gives the grader the question, not the prompt, and the answer apart from the text", async () => {
    const grading = scripted([{}]);
    await createRunReward(grading, options, 9).reward(sampleOf("text"));
    expect(grading.asked).toEqual([
      { id: "p1", question: "1 + 1?", gold: "2", text: "text", answer: "\\boxed{2}" },
    ]);
  });

  it("tells timeouts and failures apart, once", async () => {
    const run = createRunReward(scripted([{ status: "timeout" }, { status: "failed" }]), options, 9);
    for (let sample = 0; sample < 4; sample++) await run.reward(sampleOf("text"));
    expect(run.takeMetrics()).toEqual({ "grader/timeouts": 2, "grader/refused": 1, "grader/failures": 0 });
    expect(run.takeWarning()).toBe(
      "an answer ran out of the grader's time (problem p1: because); the grader failed (problem p1: because)",
    );
    expect(run.takeWarning()).toBeNull();
  });

  it.each([
    ["only fails", ["failed"], "failed for 3 samples in a row, the last time on problem p1: because"],
    [
      "only runs out of time",
      ["timeout"],
      "ran out of time for 3 samples in a row, the last time on problem p1",
    ],
    ["only refuses", ["refused"], "refused 3 samples in a row, the last time on problem p1: because"],
    [
      "does all of these in turn",
      ["timeout", "failed", "refused"],
      "gave no verdict for 3 samples in a row (1 timed out, 1 refused, 1 failed), the last time on problem p1",
    ],
  ] as const)("ends the run when a grader %s for a whole step's samples", async (_, statuses, message) => {
    const grades = statuses.map((status) => ({ status }));
    const broken = createRunReward(scripted(grades), { ...options, grader: "own.ts" }, 3);
    await broken.reward(sampleOf("a"));
    await broken.reward(sampleOf("b"));
    await expect(broken.reward(sampleOf("c"))).rejects.toThrow(`--grader own.ts ${message}`);
  });

  it("lets a run go on as long as a verdict comes now and then", async () => {
    for (const status of ["failed", "timeout", "refused"] as const) {
      const half = createRunReward(scripted([{ status }, {}]), options, 2);
      for (let sample = 0; sample < 10; sample++) await half.reward(sampleOf("text"));
    }
  });

  it("does not blame an own grader where there is none", async () => {
    const slow = createRunReward(scripted([{ status: "timeout" }]), options, 1);
    await expect(slow.reward(sampleOf("a"))).rejects.toThrow(
      "grading ran out of time for 1 samples in a row",
    );
  });
});
