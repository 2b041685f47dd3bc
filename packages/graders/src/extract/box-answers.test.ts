/** Which box of a response is its answer, and what is in it: instructions that are repeated, parts, values said twice. */
import { describe, expect, it } from "vitest";
import { gradeResponse } from "../reward/grade-response.ts";
import { gradeWithPreset, presets } from "../reward/presets.ts";

const isRight = (gold: string, response: string): boolean => gradeResponse(response, gold).correct;

describe("boxes of a response", () => {
  it.each([
    ["31", "\\boxed{31\\}", false],
    ["31", "so \\boxed{31\\} and", false],
    ["31", "$\\boxed{31\\}$", false],
    ["31", "\\boxed{\\{31\\}}", true],
    ["\\{1,2\\}", "\\boxed{\\left\\{1,2\\right\\}}", true],
    ["\\{1,2\\}", "\\boxed{\\{1,2\\}}", true],
    ["\\{1,2\\}", "\\boxed{\\lbrace 1,2 \\rbrace}", true],
    ["31", "\\boxed{31", false],
    ["31", "The answer is \\boxed{31", false],
    ["31", "The answer is \\boxed{31\\}.", false],
    ["31", "\\\\boxed{31\\\\}", false],
    ["31", "\\\\boxed{31}", true],
    ["5", "\\boxed{\\boxed{5}}", true],
    ["5", "\\fbox{5}", true],
    ["5", "\\framebox{5}", true],
    ["5", "```latex\n\\boxed{5}\n```", true],
    ["5", "`\\boxed{5}`", true],
    ["5", "**\\boxed{5}**", true],
    ["5", "$$\\boxed{5}$$", true],
    ["5", "\\(\\boxed{5}\\)", true],
    ["8", "Use \\boxed{}. 3+5=8. \\boxed{8}", true],
    ["8", "Use \\boxed{...}. So \\boxed{8}", true],
    ["8", "Use \\boxed{\\ldots}. So \\boxed{8}", true],
    ["8", "Use \\boxed{\\text{your answer}}. So \\boxed{8}", true],
    ["8", "Use \\boxed{[answer]}. So \\boxed{8}", true],
    ["8", "Use \\boxed{answer}: \\boxed{8}", true],
    ["8", "I use \\boxed for it. \\boxed{8}", true],
    ["8", "I put it in `\\boxed`. \\boxed{8}", true],
    ["8", "I use \\boxed and then \\boxed{8}", true],
    ["8", "\\boxed{8}, as asked in \\boxed{}.", true],
    ["8", "Put the answer in \\boxed{}. The answer is 8.", true],
    ["8", "Put the answer in \\boxed{}.", false],
    ["8", "Use \\boxed. The answer is 8.", true],
    ["8", "I use \\boxed{}. \\boxed{9}", false],
    ["8", "Use \\boxed{ }. 8 it is: \\boxed{8}.", true],
    ["8", "\\boxed{\\phantom{8}} then \\boxed{8}", true],
    ["7", "\\boxed{7 The final answer is: \\boxed{7}", false],
    ["7", "\\boxed{7 The final answer is: \\boxed{7}}", false],
    ["7", "\\boxed{x The final answer is: \\boxed{7}", false],
    ["7", "so \\boxed{7 or so The final answer is: \\boxed{7}", false],
    ["7", "I begin \\boxed{ and stop.\n\nNo: \\boxed{7}", true],
    ["31", "\\boxed 31", true],
    ["31", "\\boxed31", true],
    ["31", "\\boxed 32", false],
    ["57", "\\boxed{\n57\n}", true],
    ["1, 2", "\\boxed{1} \\boxed{2}", true],
    ["\\frac38", "It is $\\boxed{\\frac{3}{8}}$ or $\\boxed{0.375}$.", true],
    ["\\frac38", "$\\boxed{\\frac{3}{8}} = \\boxed{0.375}$", true],
    ["\\frac38", "$\\boxed{\\frac{3}{8}} = \\boxed{0.4}$", false],
    ["\\frac13", "$\\boxed{\\frac13} \\approx \\boxed{0.333}$", true],
    ["\\frac13", "$\\boxed{\\frac13} \\approx \\boxed{0.5}$", false],
    ["5", "\\boxed{4} \\approx \\boxed{5}", false],
    ["5", "$\\boxed{4}$ or $\\boxed{5}$", false],
    ["\\frac12", "\\boxed{\\frac12} or \\boxed{50\\%}", true],
    ["x^2+2x", "\\boxed{x(x+2)} or \\boxed{x^2+2x}", true],
    ["5", "\\boxed{x} = \\boxed{5}", true],
    ["5", "\\boxed{x}=\\boxed{6}", false],
  ])("whether %s is the answer of %j: %s", (gold, response, right) => {
    expect(isRight(gold, response)).toBe(right);
  });
});

describe("boxes with labels", () => {
  it.each([
    ["12, 15", "(a) \\boxed{12} (b) \\boxed{15}", true],
    ["12, 15", "a) \\boxed{12}, b) \\boxed{15}", true],
    ["12, 15", "**(a)** $\\boxed{12}$\n\n**(b)** $\\boxed{15}$", true],
    ["12, 15", "Part (a): \\boxed{12}\nPart (b): \\boxed{15}", true],
    ["12, 15", "(i) \\boxed{12} (ii) \\boxed{15}", true],
    ["12, 15", "(1) \\boxed{12}; (2) \\boxed{15}", true],
    ["12, 15", "\\text{(a)}\\ \\boxed{12}\\quad\\text{(b)}\\ \\boxed{15}", true],
    ["12, 15", "(a) \\boxed{15} (b) \\boxed{12}", false],
    ["12, 15", "(a) \\boxed{12} (b) \\boxed{16}", false],
    ["12, 15", "x = \\boxed{12}, y = \\boxed{15}", true],
    ["x=12, y=15", "x = \\boxed{12}, y = \\boxed{15}", true],
    ["x=12, y=15", "y = \\boxed{15}, x = \\boxed{12}", true],
    ["x=12, y=15", "x = \\boxed{15}, y = \\boxed{12}", false],
    ["(a) 12, (b) 15", "(a) \\boxed{12} (b) \\boxed{15}", true],
    ["(a) 12, (b) 15", "\\boxed{12, 15}", true],
    ["(a) 12, (b) 15", "\\boxed{15, 12}", false],
    ["12, 15", "\\boxed{(a) 12, (b) 15}", true],
    ["12, 15", "\\boxed{\\text{(a) } 12, \\text{(b) } 15}", true],
    ["12, 15", "\\boxed{(a) 12 \\quad (b) 15}", true],
    ["12, 15", "\\boxed{(a)\\ 12;\\ (b)\\ 15}", true],
    ["12, 15", "\\boxed{(a) 15, (b) 12}", false],
    ["15", "(a) \\boxed{12} (b) \\boxed{15}", false],
    ["1, 2, 3", "(a) \\boxed{1} (b) \\boxed{2} (c) \\boxed{3}", true],
    ["1, 2, 3", "a = \\boxed{1}, b = \\boxed{2}, c = \\boxed{3}", true],
    ["1, 2, 3", "a = \\boxed{1}, b = \\boxed{2} and c = \\boxed{3}", true],
    ["4", "First x = \\boxed{3}. Then we add one and get y = \\boxed{4}", false],
    ["\\frac12, \\frac13", "(a) \\boxed{0.5} (b) \\boxed{1/3}", true],
    ["12, 15", "1) \\boxed{12}\n2) \\boxed{15}", true],
    ["12, 15", "\\boxed{12}\\\\ \\boxed{15}", true],
  ])("whether %s is the answer of %j: %s", (gold, response, right) => {
    expect(isRight(gold, response)).toBe(right);
  });
});

describe("values that are struck out", () => {
  it.each([
    ["7", "~~7~~", false],
    ["7", "~~6~~ 7", true],
    ["7", "The answer is ~~6~~ 7.", true],
    ["7", "The answer is ~~7~~ 6.", false],
    ["7", "\\boxed{7} ~~\\boxed{8}~~", true],
    ["8", "~~\\boxed{8}~~ \\boxed{7}", false],
    ["7", "<del>7</del>", false],
    ["5, 7", "\\boxed{5~~\\text{or}~~7}", true],
    ["7", "<s>\\boxed{8}</s> \\boxed{7}", true],
  ])("whether %s is the answer of %j: %s", (gold, response, right) => {
    expect(isRight(gold, response)).toBe(right);
  });
});

describe("what is in a box that nothing closes", () => {
  it.each(["auto", "boxed", "first-box", "answer-is"] as const)("answers nothing in mode %s", (mode) => {
    for (const text of [
      "\\boxed{31\\}",
      "\\boxed{31 The answer is \\boxed{31}",
      "\\boxed{31 The answer is 31",
    ]) {
      expect(gradeResponse(text, "31", { mode })).toMatchObject({ correct: false, reward: 0 });
    }
  });
});

describe("questions and answers by their initials", () => {
  it.each([
    ["#### 3", "A: 3\n\nQ: Tom has 5 pens. How many are 5 and 5?", true],
    ["#### 5", "A: 3\n\nQ: Tom has 5 pens. How many are 5 and 5?", false],
    ["#### 3", "A: 3", true],
    ["#### 3", "Q: 1+2?\nA: 3", true],
    ["#### 3", "Q: 1+2?\nA: 4", false],
    ["#### 3", "**A:** 3", true],
    ["#### 12", "A: She has 12 pens.", true],
  ])("whether %s is the answer of %j: %s", (gold, response, right) => {
    expect(gradeWithPreset(presets.gsm8k, response, gold).correct).toBe(right);
  });
});

describe("more boxes", () => {
  it.each([
    ["x=1", "\\boxed{x} = \\boxed{1}", true],
    ["1, 2", "x_1=\\boxed{1}, x_2=\\boxed{2}", true],
    ["x_1=1, x_2=2", "$x_1=\\boxed{1}$, $x_2=\\boxed{2}$", true],
    ["5, 5", "(a) \\boxed{5} (b) \\boxed{5}", true],
    ["5", "(a) \\boxed{5} (b) \\boxed{5}", true],
    ["3, 4", "Length = \\boxed{3}, width = \\boxed{4}", true],
    ["12", "\\boxed{3} \\times \\boxed{4} = \\boxed{12}", false],
    ["7", "Step (a): \\boxed{3}. Step (b): \\boxed{7}", false],
    ["7", "\\boxed{7}\n\n(b) next part", true],
    ["8", "You said \\boxed{ANSWER}. \\boxed{8}", true],
    ["8", "Fill \\boxed{\\phantom{xx}} in: \\boxed{8}", true],
    ["8", "\\boxed{\\square}, namely \\boxed{8}", true],
    ["8", "\\boxed{\\_\\_}: \\boxed{8}", true],
    ["8", "\\boxed{x}. \\boxed{8}", false],
    ["8", "\\boxed{?} No, \\boxed{8}", true],
    ["\\frac12", "```\n\\boxed{1/2}\n```", true],
    ["5", "\\boxed{$5$}", true],
    ["5", "\\boxed{\\text{5}}", true],
    ["5", "\\boxed{{5}}", true],
    ["5", "\\boxed{\\left(5\\right)}", true],
    ["\\{5\\}", "\\boxed{\\left\\{5\\right\\}}", true],
    ["5", "\\boxed {5}", true],
    ["5", "\\boxed\n{5}", true],
    ["5", "\\boxed{5\\\\}", true],
    ["5", "\\boxed{5\\}}", false],
    ["\\}", "\\boxed{5\\}}", false],
    ["5", "\\boxed{\\}5}", false],
    ["5", "\\boxed{\\{5}", false],
  ])("whether %s is the answer of %j: %s", (gold, response, right) => {
    expect(isRight(gold, response)).toBe(right);
  });
});
