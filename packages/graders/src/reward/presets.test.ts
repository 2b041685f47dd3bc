import { describe, expect, it } from "vitest";
import { gradeWithPreset, presets, type Reference } from "./presets.ts";

const olympiad = (text: string, reference: Reference) =>
  gradeWithPreset(presets.olympiad, `so \\boxed{${text}}`, reference);

describe("OlympiadBench", () => {
  it.each([
    ["84, 69", { gold: ["$69$,$84$"], isSeveral: true }],
    ["(4,5,7), (2,7,13), (1,8,19)", { gold: ["$(1,8,19), (2,7,13), (4,5,7)$"], isSeveral: true }],
    ["45", { gold: ["45"], unit: "minute" }],
    ["45\\text{ minutes}", { gold: ["45"], unit: "minute" }],
    ["\\frac34\\text{ h}", { gold: ["45"], unit: "minute" }],
    ["166\\text{ cm}^2", { gold: ["$166$"], unit: "$cm^2$" }],
    ["90^\\circ, 30^\\circ", { gold: ["$90$,$30$"], unit: "^{\\circ}", isSeveral: true }],
    ["4.3", { gold: ["4.2"], unit: "%", error: "1e-1" }],
    ["4.15\\%", { gold: ["4.2"], unit: "%", error: "1e-1" }],
    ["1.24, 4.5", { gold: ["1.23", "4.56"], error: "1e-2,1e-1" }],
    ["f(x)=x+1", { gold: "$f(x)=x+1$" }],
  ] satisfies [string, Reference][])("%s is right", (text, reference) => {
    expect(olympiad(text, reference)).toMatchObject({ correct: true, reward: 100 });
  });

  it.each([
    ["69", { gold: ["$69$,$84$"], isSeveral: true }],
    ["45\\text{ hours}", { gold: ["45"], unit: "minute" }],
    ["166\\text{ m}^2", { gold: ["$166$"], unit: "$cm^2$" }],
    ["4.31", { gold: ["4.2"], unit: "%", error: "1e-1" }],
    ["0.09", { gold: ["4.2"], unit: "%", error: "1e-1" }],
    ["1.3, 4.56", { gold: ["1.23", "4.56"], error: "1e-2,1e-1" }],
    ["4.3", { gold: ["4.2"], error: "none" }],
  ] satisfies [string, Reference][])("%s is wrong", (text, reference) => {
    expect(olympiad(text, reference)).toMatchObject({ correct: false, reward: 10 });
  });
});

const choices = ["a red fox", "two cats", "\\frac{1}{2}", "none of them"];
const choice = (text: string, gold = "B") => gradeWithPreset(presets.choice, text, { gold, choices });

describe("a multiple choice", () => {
  it.each([
    "B",
    "b",
    "(B)",
    "B.",
    "B) two cats",
    "(b)",
    "**B**",
    "\\boxed{B}",
    "\\boxed{\\text{(B)}}",
    "\\boxed{\\textbf{(B) } two cats}",
    "The answer is B",
    "The answer is (B).",
    "I would say A at first. But the answer is: B. two cats",
    "So the final answer is **(B) Two cats**.",
    "two cats",
    "The answer is two cats.",
    "Option B",
    "B is right",
    "<think>A? C?</think>B",
  ])("%j takes B", (text) => {
    expect(choice(text)).toMatchObject({ correct: true, reward: 100, extracted: "B" });
  });

  it.each([
    "A",
    "A or B",
    "B or A",
    "B, C",
    "B/C",
    "(A) (B)",
    "\\boxed{A, B, C, D}",
    "B) a red fox",
    "",
    "two",
    "BB",
    "Bob",
    "I do not know",
    "(F)",
  ])("%j does not", (text) => {
    expect(choice(text).correct).toBe(false);
  });

  it("may be named by its text or its value", () => {
    expect(choice("The answer is 0.5", "C")).toMatchObject({ correct: true, extracted: "C" });
    expect(choice("C", "\\frac{1}{2}")).toMatchObject({ correct: true });
    expect(choice("a red fox", "A")).toMatchObject({ correct: true, extracted: "A" });
  });

  it("pays 10 for a wrong letter in a box, and nothing against a reference that is no choice", () => {
    expect(choice("\\boxed{C}")).toMatchObject({ reward: 10, extracted: "C" });
    expect(choice("C")).toMatchObject({ reward: 0 });
    expect(choice("\\boxed{C}", "Q")).toMatchObject({ reward: 0, reason: 'the reference "Q" is no choice' });
  });

  it("has as many letters as choices, and five where none are given", () => {
    expect(gradeWithPreset(presets.choice, "E", "E").correct).toBe(true);
    expect(gradeWithPreset(presets.choice, "F", "F").correct).toBe(false);
    expect(choice("E", "E").correct).toBe(false);
  });
});
