/** Which option a response takes where its letters are not alone: formulas, options ruled out, other scripts. */
import { expect, it } from "vitest";
import { gradeWithPreset, presets } from "./presets.ts";

it.each([
  ["E", "so \\boxed{\\Delta E \\approx 3kT} holds.\n\n**Answer: D**", false],
  ["D", "so \\boxed{\\Delta E \\approx 3kT} holds.\n\n**Answer: D**", true],
  ["E", "\\boxed{E = mc^2}", false],
  ["C", "\\boxed{C_6H_{12}}", false],
  ["A", "\\boxed{P(A) = 0.3}", false],
  ["B", "\\boxed{A \\cap B}", false],
  ["D", "\\boxed{\\frac{D}{2}}", false],
  ["B", "\\boxed{x = B + 1}. The answer is C.", false],
  ["C", "\\boxed{x = B + 1}. The answer is C.", true],
  ["C", "A is wrong, B is wrong, so C.", true],
  ["C", "A and B are incorrect, so C.", true],
  ["C", "Options A, B and D are wrong. So the answer is C.", true],
  ["C", "Not A, not B: C", true],
  ["C", "It is C, not D.", true],
  ["D", "It is C, not D.", false],
  ["C", "Eliminate A and B. C", true],
  ["C", "C or D", false],
  ["B", "\\boxed{\\mathrm{B}}", true],
  ["B", "\\boxed{\\text{Option B}}", true],
  ["B", "（B）", true],
  ["B", "答案：B", true],
  ["B", "选B", true],
  ["B", "Ｂ", true],
  ["B", "\\boxed{𝐁}", true],
  ["B", "\\boxed{\\textbf{(B)}\\ 9}", true],
  ["B", "\\boxed{\\textbf{(B)}\\ 16}", false],
  ["B", "\\boxed{9}", true],
  ["B", "A is not wrong", false],
  ["A", "A is not wrong", true],
  ["B", "B.", true],
  ["B", "The answer is B) 9", true],
  ["B", "B is wrong", false],
  ["C", "f(A) = 3, so C", true],
  ["A", "f(A) = 3, so C", false],
  ["B", "\\boxed{B}\n\nNote: A is wrong.", true],
])("whether %s is the choice of %j: %s", (gold, response, right) => {
  const reference = { gold, choices: ["4", "9", "16", "25"] };
  expect(gradeWithPreset(presets.choice, response, reference).correct).toBe(right);
});
