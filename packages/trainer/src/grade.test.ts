import type { Rollout } from "@soft-tokens/sampler";
import { describe, expect, it } from "vitest";
import type { RewardFunction } from "./contract.ts";
import { gradeAll } from "./grade.ts";

const problem = { id: "p", prompt: "1 + 6?", answer: "7" };

function rollout(thoughtText: string, forcedText: string, answerText: string): Rollout {
  return {
    ...{ promptIndex: 0, sampleIndex: 0, promptIds: [1], shadowIds: Int32Array.of(2), thoughts: null },
    ...{ forcedIds: [3], answerIds: Int32Array.of(4), thoughtStop: "stop-string", answerStop: "limit" },
    ...{ thoughtText, forcedText, answerText, answerPrefix: "\\boxed{" },
    ...{ thoughtLogProb: null, answerLogProb: null, thoughtLogProbs: null, entropies: Float32Array.of(0) },
  };
}

const nothing = { reward: 0, correct: false, boxed: false, extracted: null };

describe("gradeAll", () => {
  it("gives a reward the answer as it was generated, whatever the answer repeats", async () => {
    const asked: unknown[] = [];
    const reward: RewardFunction = ({ text, answer }) => {
      asked.push({ text, answer });
      return nothing;
    };
    const again = "7 The final answer is: \\boxed{7}";
    await gradeAll(
      [
        rollout("so The final answer is: ", "\\boxed{", again),
        rollout("The final answer is: \\", "boxed{", "7}"),
        rollout("long", " The final answer is: \\boxed{", "or so The final answer is: \\boxed{7}"),
      ],
      () => problem,
      reward,
    );
    expect(asked).toEqual([
      { text: `so The final answer is: \\boxed{${again}`, answer: `\\boxed{${again}` },
      { text: "The final answer is: \\boxed{7}", answer: "\\boxed{7}" },
      {
        text: "long The final answer is: \\boxed{or so The final answer is: \\boxed{7}",
        answer: "\\boxed{or so The final answer is: \\boxed{7}",
      },
    ]);
  });

  it("refuses a reward that is no finite number", async () => {
    const reward: RewardFunction = () => ({ ...nothing, reward: Number.NaN });
    await expect(gradeAll([rollout("", "", "7}")], () => problem, reward)).rejects.toMatchObject({
      code: "INVALID_REWARD",
    });
  });
});
