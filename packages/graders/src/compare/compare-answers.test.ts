/** Equality by topic. Every pair is checked in both directions; each table holds what is equal and what is not. */
import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare-answers.ts";
import type { CompareOptions } from "./context.ts";

type Pair = readonly [gold: string, answer: string];

function checkTopic(
  topic: string,
  equal: readonly Pair[],
  unequal: readonly Pair[],
  options: CompareOptions = {},
): void {
  describe(topic, () => {
    it.each(equal)("%s equals %s", (gold, answer) => {
      expect(compareAnswers(gold, answer, options)).toMatchObject({ equal: true, status: "equal" });
      expect(compareAnswers(answer, gold, options).equal).toBe(true);
    });
    it.each(unequal)("%s differs from %s", (gold, answer) => {
      expect(compareAnswers(gold, answer, options).equal).toBe(false);
      expect(compareAnswers(answer, gold, options).equal).toBe(false);
    });
  });
}

checkTopic(
  "numbers",
  [
    ["1000", "1,000.0"],
    ["12,\\!345", "12345"],
    ["1000.99", "1000,99"],
    ["1,234", "1, 234"],
    ["0.4", ".4"],
    ["\\frac{10}{9}", "10/9"],
    ["-\\frac{5}{3}.", "-5/3"],
    ["1\\frac{1}{2}", "3/2"],
    ["2 3/4", "2.75"],
    ["2\\frac{3}{2}", "3"],
    ["3.5\\times10^{4}", "35000"],
    ["0.\\overline{3}", "\\frac13"],
    ["2^{1000000}", "4^{500000}"],
    ["10^{10^{10}}", "10^{10^{10}}"],
    ["\\frac{1}{29,\\!322,\\!216}", "1/29322216"],
  ],
  [
    ["32349", "32, 349"],
    ["1,2", "1.2"],
    ["(0,1)", "0.1"],
    ["2\\frac{3}{2}", "7/2"],
    ["0.5", "0.50000001"],
    ["1e999999999", "1"],
    ["2^{1000000}", "2^{1000001}"],
    ["10^{10^{10}}", "10^{10^{10}}+1"],
    ["9^{9^{9^9}}", "5"],
    ["10^{100}", "10^{100}+1"],
    ["0", "10^{-200}"],
    ["５", "5"],
  ],
);

checkTopic(
  "irrational numbers",
  [
    ["3\\sqrt{13}", "\\sqrt{117}"],
    ["\\sqrt{2}+\\sqrt{3}", "\\sqrt{5+2\\sqrt{6}}"],
    ["0", "\\sqrt{2}+\\sqrt{3}-\\sqrt{5+2\\sqrt{6}}"],
    ["1/\\sqrt{2}", "\\frac{\\sqrt2}{2}"],
    ["\\cos 75^\\circ", "\\frac{\\sqrt6-\\sqrt2}{4}"],
    ["\\log_{10} 2", "\\log 2"],
    ["\\ln 2", "\\log 2"],
    ["\\frac{\\ln 8}{\\ln 2}", "3"],
    ["\\sqrt{17}", "sqrt(17)"],
    ["\\arctan 1", "\\frac{\\pi}{4}"],
    ["\\sqrt[3]{-8}", "-2"],
  ],
  [
    // Equal to 30 digits: Ramanujan's constant.
    ["e^{\\pi\\sqrt{163}}", "262537412640768744"],
    ["\\sqrt{10^{20}+1}", "10^{10}"],
    ["\\frac{22}{7}", "\\pi"],
    ["e^{-100}", "0"],
    ["\\cos 75^\\circ", "\\frac{\\sqrt6+\\sqrt2}{4}"],
  ],
);

checkTopic(
  "decimals for numbers without a finite decimal form",
  [
    ["\\frac13", "0.333333"],
    ["\\pi", "3.14159"],
    ["\\sqrt{17}", "4.123105625617661"],
    ["4.123106", "4.123105625617661"],
  ],
  [
    ["\\frac13", "0.333"],
    ["\\pi", "3.14"],
    ["\\pi", "3.14158"],
    ["\\frac18", "0.1250001"],
    ["123456.5", "123456.54"],
  ],
);

checkTopic(
  "a tolerance asked for",
  [
    ["\\frac13", "0.33"],
    ["(\\frac13, 2)", "(0.33, 2)"],
  ],
  [["\\frac13", "0.34"]],
  {
    decimals: 2,
  },
);

checkTopic(
  "complex numbers",
  [
    ["3+4i", "4i+3"],
    ["\\sqrt{-4}", "2i"],
    ["(1+i)^2", "2i"],
    ["e^{i\\pi}", "-1"],
    ["\\frac34i", "\\frac{3}{4}i"],
  ],
  [["1-i", "1+i"]],
);

checkTopic(
  "expressions",
  [
    ["x^2-1", "(x-1)(x+1)"],
    ["\\frac{x^2-1}{x-1}", "x+1"],
    ["(x+1)^{1000}", "(1+x)^{1000}"],
    ["2^{n+1}", "2\\cdot 2^n"],
    ["\\sin 2x", "2\\sin x\\cos x"],
    ["\\tan^2(y)+1", "\\sec^2(y)"],
    ["\\ln(x^2)", "2\\ln x"],
    ["\\sqrt{x^2}", "|x|"],
    ["x^{2/3}", "\\sqrt[3]{x^2}"],
    ["\\binom{n}{2}", "\\frac{n(n-1)}{2}"],
    ["\\sum_{k=1}^{n} k", "\\frac{n(n+1)}{2}"],
    ["\\sum_{k=0}^{n-1} F_k F_{n-k-1}", "\\sum_{k=0}^{n-1} F_{n-k-1} F_k"],
    ["\\sum_{k=0}^{n} (F_k + G_k)", "\\sum_{k=0}^{n} (G_k + F_k)"],
    ["\\frac{1}{2x}", "1/2x"],
    ["\\frac{x}{2}", "1/2x"],
    ["x**2", "x^2"],
    ["AB", "BA"],
  ],
  [
    ["x^2+2x+1", "y^2+2y+1"],
    ["(x+1)^{1000}", "(1+x)^{999}"],
    ["\\sqrt{x^2}", "x"],
    ["\\sqrt{x+10^{-13}}", "\\sqrt{x}"],
    ["x", "x+10^{-15}"],
    ["\\sum_{k=0}^{n-1} F_k", "\\sum_{k=0}^{n-2} F_k"],
    ["(a+5)(b+2)", "(+5)(b+2)"],
    ["e^{-100x}", "0"],
    ["f(x)", "f(y)"],
  ],
);

checkTopic(
  "percent, degrees, money, units",
  [
    ["28\\%", "28 percent"],
    ["50\\%", "\\frac12"],
    ["20", "20\\%"],
    ["72 degrees", "72"],
    ["90^\\circ", "\\frac{\\pi}{2}"],
    ["\\$50", "50 dollars"],
    ["50\\text{ cents}", "\\$0.50"],
    ["15\\mbox{ cm}^2", "15"],
    ["5\\text{ m}", "500\\text{ cm}"],
    ["60\\text{ mph}", "60 miles per hour"],
    ["20\\text{ square units}", "20\\text{ cm}^2"],
    ["64 square feet", "64"],
    ["2500000", "2.5\\text{ million dollars}"],
    ["36", "3 dozen eggs"],
    ["5", "5^{\\text{th}}"],
    ["5th", "5^{th}"],
    ["18", "\\mathbf{18}"],
    ["18", "\\textcolor{red}{18}"],
    ["\\mathbf{v}+\\mathbf{w}", "\\vec{w}+\\vec{v}"],
    ["\\frac{990}{7}^\\circ", "990/7^\\circ"],
    ["5 m", "5"],
    ["8\\!:\\!34 \\text{ p.m.}", "8:34 PM"],
  ],
  [
    ["0.2", "0.2%"],
    ["5 cm", "5 m"],
    ["2", "2 million"],
    ["5\\text{ feet}", "5 square feet"],
    ["45\\text{ units}^2", "45\\text{ units}^3"],
    ["18 degrees", "18\\text{ hours}"],
    ["8:34 p.m.", "8:34 a.m."],
  ],
);

checkTopic(
  "names and equations",
  [
    ["x=5", "5"],
    ["5", "k = 5"],
    ["x = 11", "x = 5+5+1 = 11"],
    ["x = \\frac13", "x = \\frac13 \\approx 0.33"],
    ["(p,q)=(3,2)", "(3,2)"],
    ["|AB|=1", "1"],
    ["\\frac{NO}{BO}=\\frac{1}{\\sqrt6}", "\\frac{1}{\\sqrt6}"],
    ["f(n)=n^2", "f(x)=x^2"],
    ["y=2x+1", "2x+1"],
    ["y=2x+1", "2x-y+1=0"],
    ["2x+4y-3=0", "y=-\\frac12x+\\frac34"],
    ["x^2/4+y^2/3=1", "x^2/16+y^2/12=1/4"],
    ["(x-1)^2+(y+2)^2=9", "x^2+y^2-2x+4y-4=0"],
    ["0.56 = 56\\%", "0.56"],
    ["\\text{Area}=12", "12"],
    ["x\\equiv 3\\pmod 7", "10 \\pmod{7}"],
  ],
  [
    ["x=5", "y=5"],
    ["7 = 11a+c", "11a+c"],
    ["2x+z=1", "1"],
    ["x^2+y^2=4", "x^2+y^2=5"],
    ["0.56=56\\%", "1.56=56\\%"],
    ["AB=12", "AB=12+0.0000001"],
  ],
);

checkTopic(
  "inequalities and sets of reals",
  [
    ["x>3", "3<x"],
    ["x<1", "-x>-1"],
    ["2x+1>7", "(3,\\infty)"],
    ["x\\ge 3", "[3,\\infty)"],
    ["-2 \\le x \\le 7", "x \\in [-2,7]"],
    ["(-\\infty,1)\\cup(2,\\infty)", "(2,\\infty)\\cup(-\\infty,1)"],
    ["[1,3]\\cup[2,5]", "[1,5]"],
    ["\\mathbb{R}\\setminus\\{0\\}", "(-\\infty,0)\\cup(0,\\infty)"],
    ["x\\neq0", "(-\\infty,0)\\cup(0,\\infty)"],
    ["x<1 \\text{ or } x>2", "(-\\infty,1)\\cup(2,\\infty)"],
    ["1\\le|z|\\le\\frac32", "[-\\frac32,-1]\\cup[1,\\frac32]"],
    ["0<f(x)<1", "(0,1)"],
    ["(-\\infty,-1),(1,\\infty)", "(-\\infty,-1)\\cup(1,\\infty)"],
    ["\\mathbb{R}", "all real numbers"],
    ["\\emptyset", "no solution"],
    ["f(2)<f(1)<f(4)", "f(4)>f(1)>f(2)"],
  ],
  [
    ["x\\ge3", "x>3"],
    ["x<1", "x>-1"],
    ["[0,1)", "(0,1)"],
    ["[0,9)", "[0,1)"],
    ["[0,\\infty)", "[0,\\infty]"],
    ["(-\\infty,1)\\cup(2,\\infty)", "(-\\infty,1)\\cap(2,\\infty)"],
    ["x\\in[-2,7]", "y\\in[-2,7]"],
    ["1", "-[0,1)"],
  ],
);

checkTopic(
  "lists, sets, tuples, matrices",
  [
    ["1, 2, 3", "3, 1 \\text{ and } 2"],
    ["\\{1,2,3\\}", "3,2,1"],
    ["(0;0),(0;-2)", "(0,-2),(0,0)"],
    ["p=5,q=2;p=7,q=2", "(5,2),(7,2)"],
    ["x=2,y=3", "y=3,x=2"],
    ["x=2,y=3", "(2,3)"],
    ["AB=4,CD=5", "4,5"],
    ["\\pm 3", "3,-3"],
    ["x=\\pm3", "x=3 \\text{ or } x=-3"],
    ["\\{1\\pm\\sqrt5,-2\\}", "-2,1+\\sqrt5,1-\\sqrt5"],
    ["(1,\\frac92)", "(1,4.5)"],
    ["\\langle 1,2\\rangle", "(1,2)"],
    ["\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\left[\\begin{array}{cc}1&2\\\\3&4\\end{array}\\right]"],
    [
      "\\begin{pmatrix}6&8\\end{pmatrix}",
      "\\begin{pmatrix}1&2\\end{pmatrix}+5\\begin{pmatrix}1&\\frac65\\end{pmatrix}",
    ],
    ["\\{5\\}", "5"],
    ["2:3", "4:6"],
    ["2:3", "\\frac23"],
  ],
  [
    ["(1,2,3)", "(3,2,1)"],
    ["\\{1,2\\}", "(1,2)"],
    ["(3,1)", "1,3"],
    ["(1,2)", "[1,2]"],
    ["(1,2,3)", "(1,2,3]"],
    ["x=2,y=3", "3,2"],
    ["1,1,2", "1,2"],
    ["5", "\\{5,6\\}"],
    ["\\pm 3", "3"],
    ["\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}2\\\\1\\end{pmatrix}"],
    ["12:00", "1:00"],
    ["\\frac13", "\\text{1:03 PM}"],
  ],
);

checkTopic(
  "words and numerals with a base",
  [
    ["\\text{Evelyn}", "evelyn"],
    ["\\text{odd}", "odd"],
    ["\\text{(C)}", "C"],
    ["\\text{A, B}", "B, A"],
    ["\\text{A and C}", "C, A"],
    ["\\text{2, 4, and 6}", "2,4,6"],
    ["\\text{64 dollars}", "64"],
    ["\\text{June 20}", "June 20"],
    ["four", "4"],
    ["twenty-one", "21"],
    ["204_5", "54"],
    ["\\text{DNE}", "does not exist"],
  ],
  [
    ["C", "D"],
    ["\\text{CBAD}", "\\text{ABCD}"],
    ["dog", "god"],
    ["\\text{June 20}", "20 June"],
    ["\\text{June 20}", "20"],
    ["204_5", "204"],
    ["204_5", "204_6"],
    ["\\infty", "-\\infty"],
    ["\\infty", "10^{100}"],
  ],
);

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
