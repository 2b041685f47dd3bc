import { describe, expect, it } from "vitest";
import { gradeResponse, rewardMath } from "./grade-response.ts";
import { gradeWithPreset, presets } from "./presets.ts";
import { referenceOf } from "./reference.ts";

describe("rewardMath", () => {
  it.each([
    ["so \\boxed{0.5}", 100, "right, in a box"],
    ["so \\boxed{0.6}", 10, "wrong, in a closed box"],
    ["so \\boxed{\\text{no idea}}", 10, "words in a closed box"],
    ["so \\boxed{((}", 10, "unreadable, in a closed box"],
    ["so 0.5", 0, "right, without a box"],
    ["so \\boxed{0.6", 0, "a box that is not closed"],
    ["so \\boxed{}", 0, "an empty box"],
    ["so \\boxed{ $\\,$ }", 0, "a box of layout"],
    ["so \\boxed 7", 0, "a box without braces, wrong"],
    ["", 0, "nothing"],
  ])("%s earns %i: %s", (text, reward) => {
    expect(rewardMath(text, "\\frac{1}{2}")).toBe(reward);
  });

  it("rewards a reference that cannot be read for the same text alone", () => {
    expect(rewardMath("\\boxed{5}", "")).toBe(10);
    expect(rewardMath("\\boxed{5}", "((")).toBe(10);
    expect(rewardMath("\\boxed{\\frac{1}{}", "\\frac{1}{")).toBeLessThan(100);
    const reference = "T(n) \\leadsto 3 ^ ^ n";
    expect(rewardMath(`\\boxed{${reference}}`, reference)).toBe(100);
    expect(rewardMath("\\boxed{ T(n)\\leadsto 3^ ^n }", reference)).toBe(100);
    expect(rewardMath("\\boxed{T(n) \\leadsto 4 ^ ^ n}", reference)).toBe(10);
    expect(rewardMath("\\boxed{3}", reference)).toBe(10);
  });

  it.each(["((", "^ ^", "? ^ ^ 5", "3 ^ ^ maybe 4", "5 ^ ^ or 6", ")"])(
    "rewards nothing where an unreadable reference says nothing: %s",
    (reference) => {
      expect(rewardMath(`\\boxed{${reference}}`, reference)).toBeLessThan(100);
    },
  );
});

describe("games score 0", () => {
  it.each([
    ["several boxes with different answers", "\\boxed{3} or maybe not. Then \\boxed{5}", "5"],
    ["several boxes, the right one first", "\\boxed{5} or maybe not. Then \\boxed{3}", "5"],
    ["boxes side by side around the answer", "\\boxed{4} or \\boxed{5}", "5"],
    ["a dozen boxes", Array.from({ length: 40 }, (_, n) => `\\boxed{${n}}. Hm,`).join(" "), "39"],
    ["A or B or C", "\\boxed{A \\text{ or } B \\text{ or } C}", "B"],
    ["numbers or numbers", "\\boxed{3, 4, 5}", "5"],
    ["a set around the answer", "\\boxed{\\{3, 5\\}}", "5"],
    ["an inequality that contains the answer", "\\boxed{x > 2}", "5"],
    ["an interval that contains the answer", "\\boxed{[0, 100]}", "5"],
    ["a set that contains everything", "\\boxed{\\mathbb{R}}", "5"],
    ["plus-minus", "\\boxed{\\pm 5}", "5"],
    ["an empty box", "\\boxed{}", "5"],
    ["100 kB of braces", `\\boxed{${"{".repeat(50_000)}5${"}".repeat(50_000)}}`, "5"],
    ["open braces", `\\boxed{${"{".repeat(100_000)}`, "5"],
    ["the question behind the reasoning", "<think>\\boxed{5}</think>", "5"],
  ])("%s", (_name, text, gold) => {
    expect(gradeResponse(text, gold, { mode: "boxed" })).toMatchObject({ correct: false, reward: 0 });
  });

  it.each([
    ["deep nesting", `\\boxed{${"(".repeat(1500)}5${")".repeat(1500)}}`],
    ["a power tower", "\\boxed{9^{9^{9^{9}}}}"],
    ["a look-alike of another alphabet", "\\boxed{б}"],
    ["right in the text, wrong in the box", "5 5 5 the answer is 5 \\boxed{6}"],
  ])("%s is not correct", (_name, text) => {
    expect(gradeResponse(text, "5")).toMatchObject({ correct: false });
  });

  it("the question's text echoed", () => {
    const question = "Simplify $\\frac{6}{4}$ and add $2^{10}$.";
    expect(gradeResponse("\\boxed{\\frac{6}{4}}", "\\frac32", { question })).toMatchObject({
      correct: false,
    });
    expect(gradeResponse("\\boxed{\\frac{3}{2}}", "\\frac32", { question })).toMatchObject({ correct: true });
    expect(gradeResponse(question, "10", { question })).toMatchObject({ correct: false });
  });
});

describe("gradeResponse", () => {
  it("accepts the same answer in several boxes, and a list in boxes side by side", () => {
    expect(gradeResponse("\\boxed{\\frac12}, that is \\boxed{0.5}", "1/2").correct).toBe(true);
    expect(gradeResponse("$\\boxed{2}$ and $\\boxed{-3}$", "-3, 2")).toMatchObject({
      correct: true,
      extracted: "2, -3",
    });
  });

  it("reads prose behind a mark and in the whole text, never inside a box", () => {
    expect(gradeResponse("The answer is 18 dollars per day.", "18").correct).toBe(true);
    expect(gradeResponse("There are 18 eggs.", "18").correct).toBe(true);
    expect(gradeResponse("\\boxed{\\text{There are 18 eggs}}", "18").correct).toBe(false);
  });

  it("says why, and what it found", () => {
    const grade = gradeResponse("hence \\boxed{\\frac{2}{4}}", "0.5");
    expect(grade).toMatchObject({ extracted: "\\frac{2}{4}", reason: "equal as exact numbers" });
    expect(grade.verdict?.method).toBe("exact");
    expect(gradeResponse("  ", "5")).toMatchObject({ extracted: null, reason: "empty text", verdict: null });
  });
});

describe("references", () => {
  it.each([
    ["Natalia sold 48/2 = 24 clips.\n#### 72", "72"],
    ["We get $\\boxed{28\\%}$.", "28\\%"],
    ["$\\boxed{1}\\boxed{2}$", "1, 2"],
    ["\\frac{1}{2}", "\\frac{1}{2}"],
    ["The final answer is 7.", "7"],
  ])("%j refers to %s", (gold, reference) => {
    expect(referenceOf(gold)).toBe(reference);
  });

  it("are read as the preset says", () => {
    expect(gradeWithPreset(presets.gsm8k, "#### 72", "so 70+2 #### 72").correct).toBe(true);
    expect(gradeWithPreset(presets.math, "\\boxed{3}", "thus $\\boxed{3}$").correct).toBe(true);
    expect(gradeWithPreset(presets.auto, "3", "thus $\\boxed{3}$").correct).toBe(true);
  });
});
