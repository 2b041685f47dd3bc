/** Answers in prose: which number or mathematics of a sentence is the answer. */
import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare-answers.ts";

describe("prose", () => {
  const inProse = (gold: string, answer: string): boolean =>
    compareAnswers(gold, answer, { prose: true }).equal;

  it.each([
    ["9", "Answer \\[ 9 \\]"],
    ["1000.99", "the number is not 10 which is 1,000.99€"],
    ["2.74", "Soucis : 2,74 $ a.."],
    [
      "12",
      "Therefore, there are 12 arithmetic sequences that meet the three conditions. I hope it is correct.",
    ],
    ["(7,6)", "The ordered pair $(x, y)$ is $(7, 6)$."],
    ["x \\ge 5", "Therefore $x \\geq 5$ is the solution."],
    ["100\\%", "The error increases by 100%."],
    ["1, 2", "The roots are 1 and 2."],
    ["1000.99", "$so the number is 10 which is 1,000.99m²$"],
  ])("%s is read in: %s", (gold, answer) => {
    expect(inProse(gold, answer)).toBe(true);
  });

  it.each([
    ["5", "It is 3 or 4 or 5"],
    ["5", "What is 2 + 5?"],
    ["2", "AZYUK2A"],
    ["5", "I do not know."],
    ["12", "The answer is not 12."],
    ["5", "It is at least 5."],
  ])("%s is not read in: %s", (gold, answer) => {
    expect(inProse(gold, answer)).toBe(false);
  });

  it("is not read unless asked for", () => {
    expect(compareAnswers("9", "Answer $9$ of them").equal).toBe(false);
  });
});
