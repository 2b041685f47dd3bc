/** What a verdict says besides equal and unequal. */
import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare-answers.ts";

describe("compareAnswers", () => {
  it("takes a text for equal to itself, readable or not", () => {
    expect(compareAnswers("\\frac{1}{", "\\frac{1}{")).toMatchObject({ equal: true, method: "text" });
  });

  it("never rewards a reference that cannot be read against anything else", () => {
    expect(compareAnswers("\\frac{1}{", "1")).toMatchObject({ equal: false, status: "unparseable" });
    expect(compareAnswers("", "")).toMatchObject({ equal: false, status: "unparseable" });
    expect(compareAnswers("  $ $ ", "")).toMatchObject({ equal: false, status: "unparseable" });
  });

  it("keeps what cannot be read apart from what is unequal", () => {
    expect(compareAnswers("5", "6").status).toBe("unequal");
    expect(compareAnswers("5", "((").status).toBe("unparseable");
  });

  it("shows what it understood", () => {
    expect(compareAnswers("\\frac{2}{4}", "x+1")).toMatchObject({
      gold: { kind: "product", canonical: "1/2" },
      answer: { kind: "sum", canonical: "(x + 1)" },
    });
  });

  it("accepts a choice letter in front of its text", () => {
    expect(compareAnswers("C", "(C) 12")).toMatchObject({ equal: true, method: "choice" });
    expect(compareAnswers("\\text{(C)}", "\\text{(D)}\\ 12").equal).toBe(false);
  });

  it("takes a fraction in lowest terms that the question offers for an answer, and no other fraction", () => {
    const offer = { question: "Which is larger, 1/2 or 2/3?" };
    expect(compareAnswers("\\frac{2}{3}", "2/3", offer).equal).toBe(true);
    expect(compareAnswers("\\frac{2}{3}", "1/2", offer).equal).toBe(false);
    expect(compareAnswers("\\frac{1}{2}", "2/4", { question: "Simplify 2/4." }).equal).toBe(false);
  });

  it("reads an expression that only repeats the question as no answer", () => {
    const question = "What is $\\frac{1}{2} + \\frac{1}{3}$?";
    expect(compareAnswers("\\frac56", "\\frac12+\\frac13").equal).toBe(true);
    expect(compareAnswers("\\frac56", "\\frac{1}{2} + \\frac{1}{3}", { question }).equal).toBe(false);
    expect(compareAnswers("\\frac12", "\\frac12", { question }).equal).toBe(true);
  });
});
