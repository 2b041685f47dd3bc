import { describe, expect, it } from "vitest";
import { limits } from "../work.ts";
import { type ExtractMode, extractAnswer } from "./extract-answer.ts";

const extract = (text: string, mode: ExtractMode = "auto"): string | null =>
  extractAnswer(text, { mode }).answer;

describe("auto", () => {
  it("takes the last box before anything else", () => {
    expect(extractAnswer("#### 5\nThe answer is 6. \\boxed{7} \\boxed{8}")).toEqual({
      answer: "8",
      method: "box",
      reason: "the last of 2 boxes",
    });
  });

  it("takes a final answer behind the last box, and no other sentence there", () => {
    expect(extract("\\boxed{200} + \\boxed{255}. The final answer is $455$.")).toBe("$455$");
    expect(extract("\\boxed{200}. The answer is large.")).toBe("200");
    expect(extract("The final answer is $9$, \\boxed{1}")).toBe("1");
    expect(extract("\\boxed{200}. The final answer is $455$.", "boxed")).toBe("200");
  });

  it("takes what stands behind #### before the sentence", () => {
    expect(extractAnswer("The answer is 6.\n#### 5")).toMatchObject({ answer: "5", method: "gsm8k" });
  });

  it.each([
    ["So the answer is 18.", "18"],
    ["The final answer is: $\\frac{1}{2}$. I hope it is correct.", "$\\frac{1}{2}$"],
    ["**Final Answer:** 12 apples", "12 apples"],
    ["The answer is 3.5 km.\nDone.", "3.5 km"],
    ["Answer: 4. No wait, the answer is 5", "5"],
    ["The answers are 1 and 2.", "1 and 2"],
    ["The answer is\n\\[ 5 \\]", "\\[ 5 \\]"],
    ["the answer is 4:30 p.m. today", "4:30 p.m. today"],
    ["The answer is 7<|im_end|>", "7"],
    ["<think>3</think> so <answer> 5 </answer>", "5"],
    ["**Final Answer**\n\n5", "5"],
    ["The answer would be 5.", "5"],
    ["The answer is 4. The answer is not 5.", "4"],
  ])("reads the sentence in %j", (text, answer) => {
    expect(extractAnswer(text)).toMatchObject({ answer, method: "answer-is" });
  });

  it("gives the whole text where there is no mark", () => {
    expect(extractAnswer("  x^2 + 1 \n")).toMatchObject({ answer: "x^2 + 1", method: "whole-text" });
    expect(extractAnswer("my answer").answer).toBe("my answer");
    expect(extractAnswer(" \n ")).toMatchObject({ answer: null, method: "none" });
  });

  it("gives an empty box as an empty answer, and no unclosed one", () => {
    expect(extract("\\boxed{ }")).toBe("");
    expect(extract("so \\boxed{5", "boxed")).toBeNull();
  });

  it("looks behind the end of the reasoning, where a mark shows it", () => {
    expect(extract("<think>\\boxed{42}</think> I give up.", "boxed")).toBeNull();
    expect(extract("<think>\\boxed{42}</think> \\boxed{43}")).toBe("43");
    const marks = { reasoningEnds: ["[END]"] };
    expect(extractAnswer("\\boxed{1} [END] \\boxed{2}", marks).answer).toBe("2");
  });
});

describe("the other modes", () => {
  it("gsm8k is strict: behind the last #### of the text, commas dropped", () => {
    expect(extract("Calculation.\n#### 1,234", "gsm8k")).toBe("1234");
    expect(extract("#### 10\nMore.\n#### 20", "gsm8k")).toBe("20");
    expect(extract("####: 55", "gsm8k")).toBe("55");
    expect(extract("#### 99 dollars.", "gsm8k")).toBe("99 dollars.");
    expect(extract("The answer is 5. \\boxed{5}", "gsm8k")).toBeNull();
    expect(extract("####", "gsm8k")).toBeNull();
  });

  it("last-number is flexible", () => {
    expect(extract("64 + 67 = **131**", "last-number")).toBe("131");
    expect(extract("costs $1,234.50.", "last-number")).toBe("1,234.50");
    expect(extract("it fell to -7 degrees", "last-number")).toBe("-7");
    expect(extract("3-2", "last-number")).toBe("2");
    expect(extract("so −5", "last-number")).toBe("-5");
    expect(extract("none", "last-number")).toBeNull();
  });

  it("choice finds a letter that stands alone", () => {
    expect(extract("The answer is (B).", "choice")).toBe("B");
    expect(extract("A. Because B is not valid", "choice")).toBe("A");
    expect(extract("Both are bad", "choice")).toBeNull();
    expect(extract("A cat. So C", "choice")).toBe("C");
    expect(extract("A because B is not valid", "choice")).toBe("A");
    expect(extract("I think A or B", "choice")).toBeNull();
    expect(extract("The answer is (A), (B)", "choice")).toBeNull();
    expect(extractAnswer("The answer is U.", { mode: "choice", choices: ["U"] }).answer).toBe("U");
  });

  it("text takes everything", () => {
    expect(extract("so \\boxed{5} ", "text")).toBe("so \\boxed{5}");
  });

  it("a response above the length limit is refused", () => {
    const { answer, reason } = extractAnswer("\\boxed{5}".padStart(limits.responseLength + 1));
    expect(answer).toBeNull();
    expect(reason).toContain("refused");
  });
});
