/** The grammar, seen through the canonical print of what it reads. */
import { describe, expect, it } from "vitest";
import { printExpression } from "../algebra/print.ts";
import { createWork } from "../work.ts";
import { readAnswer } from "./readings.ts";

const read = (text: string): string[] =>
  readAnswer(text, createWork()).expressions.map((x) => `${x.kind} ${printExpression(x, createWork())}`);

describe("the grammar", () => {
  it.each([
    ["\\frac12", "product 1/2"],
    ["\\frac1{72}", "product 1/72"],
    ["\\dfrac{10}9", "product 10/9"],
    ["\\sqrt3x", "product (3)^(1/2)*x"],
    ["\\sqrt[3]{x}", "power (x)^(1/3)"],
    ["2x^10", "product 2*(x)^(10)"],
    ["-x^2", "product -1*(x)^(2)"],
    ["2\\cdot-3", "product -6"],
    ["1\\frac{1}{2}", "sum 3/2"],
    ["3 1/4", "sum 13/4"],
    ["2\\frac{x}{3}", "product 2/3*x"],
    ["\\sin^2 x", "power (sin(x))^(2)"],
    ["\\tan^{-1} 2", "call arctan(2)"],
    ["\\sin 2x\\cos y", "product cos(y)*sin(2*x)"],
    ["\\log_{10} 2", "call logBase(10, 2)"],
    ["n!", "call factorial(n)"],
    ["{n \\choose 2}", "call binomial(n, 2)"],
    ["\\left|x-1\\right|", "call abs((x + -1))"],
    ["2|x|", "product 2*abs(x)"],
    ["f(x)", "apply f(x)"],
    ["a(x+1)", "product (x + 1)*a"],
    ["x_{12}", "symbol x_{12}"],
    ["\\alpha", "symbol alpha"],
    ["3x = 6", "relation 3*x = 6"],
    ["1 < x \\le 3", "relation 1 < x <= 3"],
    ["(1,2]", "bracketed (1, 2]"],
    ["\\{1, 2\\}", "set {1, 2}"],
    ["\\{x \\mid x > 2\\}", "relation x > 2"],
    ["1, 2 \\text{ and } 3", "list 1 and 2 and 3"],
    ["x=1;\\ y=2", "list x = 1 semicolon y = 2"],
    ["(1,2)\\cup(3,4)", "setOperation union((1, 2), (3, 4))"],
    ["(1,2)U(3,4)", "setOperation union((1, 2), (3, 4))"],
    ["1\\pm\\sqrt2", "sum (±((2)^(1/2)) + 1)"],
    ["7:32", "ratio 7:32"],
    ["204_5", "baseNumeral 204_5"],
    ["\\text{A5}_{11}", "baseNumeral A5_11"],
    ["15\\mbox{ cm}^2", "quantity 15 cm^2"],
    ["5 miles per hour", "quantity 5 miles per hour"],
    ["\\$50", "quantity 50 dollar"],
    ["90^\\circ", "quantity 90 degree"],
    ["\\text{(C)}", 'text "(C)"'],
    ["\\begin{pmatrix}1&2\\\\3&4\\\\\\end{pmatrix}", "matrix [1, 2; 3, 4]"],
    ["\\sum_{k=1}^{n} k", "repeated sum[k, 1, n](k)"],
    ["\\\\frac{1}{2}", "product 1/2"],
    ["√2·π", "product (2)^(1/2)*pi"],
    ["x² − 1", "sum ((x)^(2) + -1)"],
    ["\\boxed{5}", "number 5"],
    ["$5$", "number 5"],
    ["5}", "number 5"],
  ])("reads %s as %s", (text, expected) => {
    expect(read(text)[0]).toBe(expected);
  });

  it.each([
    ["1,234", ["number 1234", "list 1, 234"]],
    ["0,25", ["list 0, 25", "list 0, 25", "number 1/4"]],
    ["1/2x", ["product 1/2*x", "product (2*x)^(-1)"]],
    ["\\sqrt17", ["product 7*(1)^(1/2)", "power (17)^(1/2)"]],
    ["5 m", ["product 5*m", "quantity 5 m"]],
  ])("has several readings of %s", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    "",
    "(",
    "1 2",
    "\\frac{1}",
    "(1,2",
    "x^",
    "[5)",
    "\\sqrt[",
    "х",
    "5以上",
    "\u0000",
    "\\text{a} 5",
  ])("has no reading of %j", (text) => {
    expect(read(text)).toEqual([]);
  });

  it("says why there is none", () => {
    expect(readAnswer("(1, 2", createWork()).reason).toContain("unexpected end");
    expect(readAnswer("9".repeat(4001), createWork()).reason).toContain("longer than");
    expect(readAnswer(`${"(".repeat(200)}1${")".repeat(200)}`, createWork()).reason).toContain("nested");
  });
});
