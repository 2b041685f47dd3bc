/** Ways of writing an answer, by kind: what is the same, and what only looks alike. Each pair in both directions. */
import { describe, expect, it } from "vitest";
import { checkForms } from "../fixtures/check-forms.ts";
import { compareAnswers } from "./compare-answers.ts";

checkForms(
  "numerals",
  [
    ["1000000", "1.000.000"],
    ["1000000", "1'000'000"],
    ["(1000, 2)", "(1,000, 2)"],
    ["-7", "—7"],
    ["\\frac13", "0.333..."],
    ["\\frac13", "0.33\\ldots"],
    ["\\frac{41}{333}", "0.123123\\dots"],
    ["\\frac16", "0.1\\bar6"],
    ["1", "0.999..."],
    ["33\\frac13\\%", "33 1/3 %"],
    ["0.5", "5 x 10^{-1}"],
    ["42", "2A_{16}"],
    ["1101_2", "1101_{\\text{two}}"],
    ["4210_5", "4210 base 5"],
    ["2501", "\\text{two thousand five hundred and one}"],
    ["5", "about 5"],
    ["5", "\\text{The answer is } 5"],
  ],
  [
    ["12", "1 2"],
    ["\\pi", "3.1415..."],
    ["1, 0", "1,000"],
    ["0,1", "0.1"],
    ["25", "\\text{two five}"],
    ["30", "\\text{twenty ten}"],
    ["4210_5", "4210 base 6"],
    ["0", "\\frac{0}{0}"],
    ["0", "0 \\cdot \\infty"],
    ["5", "5 \\text{ is not the answer}"],
    ["5", "5 \\text{ not}"],
    ["5", "\\text{not } 5"],
    ["5", "5 \\text{ if } x > 0, 6 \\text{ otherwise}"],
    ["3 \\pmod 7", "3 \\pmod 8"],
  ],
);

checkForms(
  "units",
  [
    ["18", "USD 18"],
    ["18", "Rs. 18"],
    ["60^\\circ", "\\pi/3 \\text{ radians}"],
    ["5", "5 \\frac{\\text{m}}{\\text{s}}"],
    ["18^\\circ\\text{C}", "18\\text{ degrees Celsius}"],
    ["18^\\circ F", "18"],
    ["\\text{3:30 p.m.}", "15:30"],
    ["\\text{June 20}", "June 20th"],
    ["2:3", "2 \\text{ to } 3"],
    ["2.5 \\text{ hours}", "2 \\text{ hours } 30 \\text{ minutes}"],
    ["66 \\text{ inches}", "5 \\text{ ft } 6 \\text{ in}"],
    ["30^\\circ", "\\arcsin\\frac12"],
    ["\\frac{600}{7}\\text{ km/h}", "\\frac{600}{7}\\text{ km per hour}"],
    ["36 \\text{ km/h}", "10 \\text{ m/s}"],
  ],
  [
    ["\\frac{600}{7}\\text{ km/h}", "\\frac{600}{7}\\text{ kg}"],
    ["18^\\circ\\text{C}", "18^\\circ\\text{F}"],
    ["90^\\circ", "90\\text{ radians}"],
    ["40\\text{ feet}", "40\\text{ points}"],
    ["2.3 \\text{ hours}", "2 \\text{ hours and } 30 \\text{ minutes}"],
    ["11", "5 \\text{ apples and } 6 \\text{ pears}"],
    ["3:30 p.m.", "15:31"],
    ["12:30 a.m.", "12:30 p.m."],
  ],
);

checkForms(
  "functions",
  [
    ["\\sqrt{x}\\sqrt{y}", "\\sqrt{xy}"],
    ["\\ln\\frac{x}{y}", "\\ln x-\\ln y"],
    ["\\ln(e^x)", "x"],
    ["\\gcd(m,n)", "\\gcd(n,m)"],
    ["\\min\\{a,b\\}", "\\min(b,a)"],
    ["\\max(a,b)", "\\frac{a+b+|a-b|}{2}"],
    ["\\lceil n/2\\rceil", "\\lfloor (n+1)/2\\rfloor"],
    ["\\operatorname{cis}\\theta", "\\cos\\theta+i\\sin\\theta"],
    ["4x\\sqrt{y}", "4xsqrt(y)"],
    ["\\sqrt{(x-50)^2}", "|x-50|"],
    ["\\frac{e^x-1}{e^x+1}", "\\tanh(x/2)"],
    ["\\begin{vmatrix}a&b\\\\c&d\\end{vmatrix}", "ad-bc"],
    ["\\frac{\\pi}{6}+k\\pi, k\\in\\mathbb{Z}", "\\frac{\\pi}{6}+n\\pi, n\\in\\mathbb{Z}"],
  ],
  [
    ["\\ln|x|", "\\ln x"],
    ["\\lfloor x\\rfloor", "x"],
    ["\\lceil x\\rceil", "\\lfloor x\\rfloor+1"],
    ["\\max(5,x)", "5"],
    ["\\max(10^6,x)", "10^6"],
    ["|x-5|", "5-x"],
    ["\\sqrt{(x-50)^2}", "50-x"],
    ["\\arctan(\\tan x)", "x"],
    ["f(x)=1, g(x)=2", "g(x)=1, f(x)=2"],
    ["f(x)=x+1", "g(x)=x+1"],
    ["\\frac{\\pi}{6}+k\\pi, k\\in\\mathbb{Z}", "\\frac{\\pi}{6}+2k\\pi, k\\in\\mathbb{Z}"],
    ["\\begin{vmatrix}a&b\\\\c&d\\end{vmatrix}", "ad+bc"],
  ],
);

checkForms(
  "sets and intervals",
  [
    ["(0,1)", "]0,1["],
    ["[2,5)", "[2, 5["],
    ["(-\\infty,3]", "{x | x <= 3}"],
    ["(-\\infty,0)\\cup(0,\\infty)", "\\text{all real numbers except } 0"],
    ["\\mathbb{R}^+", "(0,\\infty)"],
    ["\\mathbb{R}_{\\ge 0}", "[0,\\infty)"],
    ["\\mathbb{Z}^+", "\\text{all positive integers}"],
    ["|x-50|<3", "(47,53)"],
    ["|2x-4|\\ge6", "(-\\infty,-1]\\cup[5,\\infty)"],
    ["1,2,\\ldots,9", "1,2,3,4,5,6,7,8,9"],
    ["1,3,\\ldots,11", "1,3,5,7,9,11"],
    ["5", "\\{5,5\\}"],
    ["(1,2)", "\\{(1,2)\\}"],
  ],
  [
    ["|x-50|<3", "x>47"],
    ["|2x-4|>6", "x\\le-1\\text{ or }x\\ge5"],
    ["1,2,...,10", "1,2,10"],
    ["2,4,6,\\ldots", "2,4,6,8,\\ldots"],
    ["\\mathbb{R}^+", "\\mathbb{R}"],
    ["\\mathbb{Z}^+", "\\mathbb{N}"],
    ["x=2 \\text{ and } y=3", "x=2 \\text{ or } y=3"],
    ["x=\\pm3, y=2", "y=\\pm3, x=2"],
  ],
);

checkForms(
  "vectors, points and letters",
  [
    ["(1,2)", "\\begin{cases}x=1\\\\y=2\\end{cases}"],
    [
      "\\begin{cases}x & x\\ge 0\\\\-x & x<0\\end{cases}",
      "\\begin{cases} x, & x\\geq 0 \\\\ -x, & x<0 \\end{cases}",
    ],
    ["(1,2)", "A(1,2)"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "[[1,2],[3,4]]"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\\\[4pt] 3 & 4 \\end{pmatrix}"],
    ["\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\mathbf{i}+2\\mathbf{j}"],
    ["(2,0,-3)", "2\\hat{i}-3\\hat{k}"],
    ["-2", "\\det\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"],
    ["\\frac34", "**3/4**"],
    ["\\pm2", "+/-2"],
  ],
  [
    ["(2,-3)", "2\\hat{i}-3\\hat{k}"],
    ["x", "\\begin{cases}x & \\text{if } x\\ge 0\\\\-x & x<0\\end{cases}"],
    ["CBAD", "ABCD"],
    ["5", "x=4 \\Rightarrow x=5"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "[[1,3],[2,4]]"],
  ],
);

describe("an answer that names its choice", () => {
  it.each(["Option A", "choice A", "(A)", "A."])("%s is A", (answer) => {
    expect(compareAnswers("A", answer).equal).toBe(true);
    expect(compareAnswers("B", answer).equal).toBe(false);
  });
});
