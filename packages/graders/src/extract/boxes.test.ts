import { describe, expect, it } from "vitest";
import { lastBoxRun } from "./box-runs.ts";
import { findBoxes } from "./boxes.ts";

const contents = (text: string): string[] => findBoxes(text).map((box) => box.content);

describe("boxes", () => {
  it.each([
    ["\\boxed{42}", ["42"]],
    ["\\boxed{\\frac{1}{\\sqrt{2}}}", ["\\frac{1}{\\sqrt{2}}"]],
    ["\\boxed{\\{1, 2\\}}", ["\\{1, 2\\}"]],
    ["\\boxed{ \\left\\{ x \\right. }", [" \\left\\{ x \\right. "]],
    ["\\fbox{7} and \\boxed {8}", ["7", "8"]],
    ["\\boxed{\\boxed{5}}", ["\\boxed{5}"]],
    ["\\boxed{1} \\boxed{2", ["1"]],
    ["\\boxed{2 \\boxed{1}", []],
    ["\\boxed{2\n\n \\boxed{1}", ["1"]],
    ["\\boxed{}", [""]],
    ["{\\boxed{3}}}}", ["3"]],
    ["\\\\boxed{840}.", ["840"]],
    ["a \\\\\\boxed{6}", ["6"]],
    ["\\boxed 7 is it", ["7"]],
    ["\\boxed7.", ["7"]],
    ["boxed{5}", []],
    ["\\boxed", []],
    ["\\boxed{\\}", []],
  ])("of %s are %j", (text, expected) => {
    expect(contents(text)).toEqual(expected);
  });

  it("know whether a brace closes them", () => {
    expect(findBoxes("\\boxed{7} \\boxed 8").map((box) => box.isClosed)).toEqual([true, false]);
  });
});

describe("several boxes", () => {
  const run = (text: string): [string, number] => {
    const found = lastBoxRun(text, findBoxes(text));
    return [found?.content ?? "", found?.earlier.length ?? -1];
  };

  it.each([
    ["\\boxed{1}\\boxed{2}", "1, 2"],
    ["$\\boxed{1}$, $\\boxed{2}$ and $\\boxed{3}$", "1, 2, 3"],
    ["\\boxed{1} \\quad \\text{or} \\quad \\boxed{2}", "1, 2"],
    ["\\boxed{1} papers and \\boxed{2} bins", "1, 2"],
    ["\\boxed{5} \\boxed{5}", "5"],
  ])("side by side are one answer: %s", (text, content) => {
    expect(run(text)).toEqual([content, 0]);
  });

  it.each([
    "\\boxed{1} then \\boxed{2}",
    "\\boxed{1} no no no \\boxed{2}",
    "\\boxed{1} and so on. Now \\boxed{2}",
  ])("apart are separate answers: %s", (text) => {
    expect(run(text)).toEqual(["2", 1]);
  });
});

describe("hostile runs of boxes", () => {
  it.each(["\\approx", "=", ",", "(a)", "x ="])(
    "joined by %s are compared a bounded number of times",
    (joiner) => {
      const text = Array.from({ length: 2_000 }, (_, index) => `\\boxed{${index}}`).join(` ${joiner} `);
      let comparisons = 0;
      const count = (): boolean => {
        comparisons++;
        return true;
      };
      lastBoxRun(text, findBoxes(text), count);
      expect(comparisons).toBeLessThan(200);
    },
  );
});
