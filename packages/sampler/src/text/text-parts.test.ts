import { describe, expect, it } from "vitest";
import { textParts } from "./text-parts.ts";

const answerPrefix = "\\boxed{";

describe("textParts", () => {
  it.each([
    ["after the stop string", "so The final answer is: ", "\\boxed{", "so The final answer is: ", ""],
    ["where the last token began it", "The final answer is: \\", "boxed{", "The final answer is: ", ""],
    [
      "where the last token wrote all of it",
      "The final answer is: \\boxed{",
      "",
      "The final answer is: ",
      "",
    ],
    ["after a token that goes elsewhere", "The final answer is: $", "\\boxed{", "The final answer is: $", ""],
    ["after a limit", "so 7", " The final answer is: \\boxed{", "so 7", " The final answer is: "],
  ])("begin the answer where the prefix begins: %s", (_, thoughtText, forcedText, thought, forced) => {
    const rollout = { thoughtText, forcedText, answerPrefix, answerText: "42}" };
    const parts = textParts(rollout);
    expect(parts).toEqual({ thought, forced, answer: "\\boxed{42}" });
    expect(parts.thought + parts.forced + parts.answer).toBe(`${thoughtText}${forcedText}42}`);
  });

  it("never cut the answer where it repeats what ends a thought", () => {
    for (const answerText of [
      "7 The final answer is: \\boxed{7}",
      "7} or so The final answer is: \\boxed{8}",
    ]) {
      const rollout = {
        thoughtText: "The final answer is: ",
        forcedText: "\\boxed{",
        answerPrefix,
        answerText,
      };
      expect(textParts(rollout).answer).toBe(`\\boxed{${answerText}`);
    }
  });

  it("keep an empty prefix, and take the forced text for one that is not known", () => {
    const rollout = { thoughtText: "hm", forcedText: " Answer:", answerText: " 4" };
    expect(textParts({ ...rollout, answerPrefix: "" })).toEqual({
      thought: "hm",
      forced: " Answer:",
      answer: " 4",
    });
    expect(textParts(rollout)).toEqual({ thought: "hm", forced: "", answer: " Answer: 4" });
  });
});
