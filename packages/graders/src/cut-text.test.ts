import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare/compare-answers.ts";
import { cutText } from "./cut-text.ts";
import { checkGraderResult } from "./reward/grader.ts";

describe("cutText", () => {
  it.each([
    ["abc", 5, "abc"],
    ["abc", 2, "ab"],
    ["a𝟒b", 2, "a"],
    ["a𝟒b", 3, "a𝟒"],
    ["𝟒", 1, ""],
    ["", 0, ""],
  ])("%j at %i is %j", (text, length, cut) => {
    expect(cutText(text, length)).toBe(cut);
  });
});

describe("a reason", () => {
  it("never holds half of a character", () => {
    for (let padding = 0; padding < 6; padding++) {
      const odd = "x".repeat(padding) + "🎉".repeat(3_000);
      const short = "x".repeat(padding) + "🎉".repeat(100);
      const texts = [
        compareAnswers("7", odd).reason,
        compareAnswers(odd, "7").reason,
        compareAnswers("7", `The value is ${odd} $${odd}$`, { prose: true }).reason,
        compareAnswers("7", short).reason,
        compareAnswers("7", odd).answer.canonical,
        checkGraderResult({ correct: true, reward: 1, reason: odd }).reason,
        checkGraderResult({ correct: true, reward: 1, extracted: odd }).extracted ?? "",
      ];
      // What no encoder takes comes back as U+FFFD.
      for (const text of texts) expect(Buffer.from(text, "utf8").toString("utf8")).toBe(text);
    }
  });

  it("names a sign outside of the basic plane whole", () => {
    expect(compareAnswers("7", "🎉7").reason).toContain("unknown sign 🎉");
  });
});
