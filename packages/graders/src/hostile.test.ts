/** Hostile text is data: no exception, no match, and a bounded number of steps (counted, not timed). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare/compare-answers.ts";
import { findBoxes } from "./extract/boxes.ts";
import { gradeResponse } from "./reward/grade-response.ts";
import { limits } from "./work.ts";

const references = ["5", "x^2+1", "(1,2)", "\\sqrt{2}", "\\text{even}", "[0,1)"];

const long = (part: string, count: number, rest = ""): string => part.repeat(count) + rest;

const inside: ReadonlyArray<readonly [name: string, text: string]> = [
  ["brackets", long("(", 1900) + long(")", 1900)],
  ["a power tower", "9^{9^{9^{9^{9}}}}"],
  ["a flat tower", long("x^", 1900, "x")],
  ["a huge exponent", `${long("9", 1000)}^{${long("9", 1000)}}`],
  ["a huge numeral", long("9", 3900)],
  ["a huge fraction", `${long("9", 1900)}/${long("7", 1900)}`],
  ["a long decimal", `0.${long("9", 3900)}`],
  ["a factorial of factorials", "((9!)!)!"],
  ["factorials", long("1999!+", 600, "1")],
  ["factorial signs", long("!", 3000)],
  ["percent signs", `5${long("%", 3900)}`],
  ["fractions in a row", long("1/2", 1300)],
  ["nested commands", long("\\frac", 780, "1")],
  ["nested roots", long("\\sqrt", 700, "2")],
  ["high roots", long("\\sqrt[63]{2}+", 250, "1")],
  ["functions of functions", long("\\sin", 900, "x")],
  ["sums of functions", long("\\sin(1)+e^{2}+", 250, "1")],
  ["sums of sums", "\\sum_{a=1}^{1000}\\sum_{b=1}^{1000}\\sum_{c=1}^{1000}abc"],
  ["a long list", long("1,", 1900, "1")],
  ["a long list of roots", long("\\sqrt{2},", 400, "1")],
  ["plus-minus", long("\\pm1", 900)],
  ["unions", long("(1,2)\\cup", 400, "(3,4)")],
  ["bars", long("|", 3000)],
  ["matrices", long("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", 90)],
  ["open environments", long("\\begin{pmatrix}", 250)],
  ["subscripts", long("a_", 1900)],
  ["applications", long("f(", 1900)],
  ["words in words", long("\\text{a ", 600)],
  ["backslashes", long("\\", 3001)],
  ["a chain", long("x<", 1900, "x")],
  ["currencies", long("\\$", 1900, "5")],
  ["exponentials", "e^{e^{e^{e^{10}}}}"],
  ["big binomials", "\\binom{4000}{2000}"],
  ["wide spaces", long("\\quad", 700)],
  ["a negative numeral with a base", "{-22}_{12}"],
  ["a fraction with a base", "\\frac{-22}_{12}{3}"],
];

describe("a hostile box", () => {
  it.each(inside)("%s", (_name, text) => {
    for (const gold of references) {
      const { correct, verdict } = gradeResponse(`\\boxed{${text}}`, gold, { mode: "boxed" });
      expect(correct).toBe(false);
      expect(verdict?.steps ?? 0).toBeLessThanOrEqual(limits.steps);
    }
  });

  it.each(inside)("%s, as the reference too", (_name, text) => {
    const verdict = compareAnswers(text, `${text}+0`);
    expect(verdict.steps).toBeLessThanOrEqual(limits.steps);
  });
});

describe("a hostile response", () => {
  it.each([
    ["braces", long("{", 100_000)],
    ["open boxes", long("\\boxed{", 15_000)],
    ["boxes in boxes", long("\\boxed{", 5000) + long("}", 5000)],
    ["many boxes", Array.from({ length: 5000 }, (_, n) => `\\boxed{${n + 6}} `).join("x ")],
    ["dollars", long("$", 100_000)],
    ["open mathematics", long("\\(", 50_000)],
    ["marks", long("answer is ", 50_000)],
    ["hashes", long("####", 200_000)],
    ["numbers", long("1 ", 200_000)],
    ["joined numbers", long("1, ", 200_000)],
    ["letters", long("A", 999_999)],
    ["question marks", long("?", 999_999)],
    ["too long", long("5 ", 600_000)],
  ])("%s", (_name, text) => {
    for (const mode of ["auto", "boxed", "gsm8k", "last-number", "choice"] as const) {
      const { correct, verdict } = gradeResponse(text, "5", { mode });
      expect(correct).toBe(false);
      expect(verdict?.steps ?? 0).toBeLessThanOrEqual(limits.steps);
    }
  });
});

describe("a game", () => {
  const reward = (response: string, gold: string, question?: string): number =>
    gradeResponse(response, gold, { mode: "boxed", ...(question === undefined ? {} : { question }) }).reward;

  it.each([
    ["several boxes with different answers", "\\boxed{4} or maybe \\boxed{5}", "5"],
    ["several boxes, the right one last", "\\boxed{6}... no, so \\boxed{5}", "5"],
    ["several boxes, the right one first", "\\boxed{5}\n\nWait.\n\n\\boxed{6}", "5"],
    ["A or B or C", "\\boxed{\\text{A or B or C}}", "B"],
    ["every letter", "\\boxed{ABCDE}", "B"],
    ["letters with slashes", "\\boxed{A/B/C}", "B"],
    ["letters in brackets", "\\boxed{\\text{(A) (B) (C)}}", "B"],
    ["numbers joined by or", "\\boxed{4 \\text{ or } 5 \\text{ or } 6}", "5"],
    ["a list", "\\boxed{4, 5, 6}", "5"],
    ["a list in parts", "\\boxed{4}, \\boxed{5}, \\boxed{6}", "5"],
    ["groups", "\\boxed{5; 6}", "5"],
    ["lines", "\\boxed{5 \\\\ 6}", "5"],
    ["dots", "\\boxed{1, 2, \\ldots, 9}", "5"],
    ["an inequality around it", "\\boxed{4 < x < 6}", "5"],
    ["a half-line around it", "\\boxed{x \\ge 5}", "5"],
    ["a modulus around it", "\\boxed{|x - 5| < 1}", "5"],
    ["everything else", "\\boxed{x \\neq 6}", "5"],
    ["plus-minus", "\\boxed{5 \\pm 10}", "5"],
    ["a progression around it", "\\boxed{x = 3k + 2, k \\in \\mathbb{Z}}", "5"],
    ["a congruence around it", "\\boxed{x \\equiv 2 \\pmod 3}", "5"],
    ["the reals", "\\boxed{(-\\infty, \\infty)}", "5"],
    ["a set of all digits", "\\boxed{\\{1,2,3,4,5,6,7,8,9\\}}", "5"],
    ["a set that contains everything", "\\boxed{\\mathbb{C}}", "5"],
    ["an empty box", "\\boxed{}", "5"],
    ["a box of spaces", "\\boxed{ \\, ~ }", "5"],
    ["a box of dollars", "\\boxed{$$}", "5"],
    ["a box of braces", "\\boxed{{}}", "5"],
    ["a box in a box", "\\boxed{\\boxed{}}", "5"],
    ["a question mark", "\\boxed{?}", "5"],
    ["what cannot be seen", "\\boxed{\\phantom{5}}", "5"],
    ["100 kB of braces", `\\boxed{${long("{", 50_000)}${long("}", 50_000)}}`, "5"],
    ["deep brackets", `\\boxed{${long("(", 5000)}5${long(")", 5000)}}`, "5"],
  ])("%s scores 0", (_name, response, gold) => {
    expect(reward(response, gold)).toBe(0);
  });

  it.each([
    ["Arabic digits in the other order", "\\boxed{٥٢}", "25"],
    ["digits in an order that is turned on the screen", "\\boxed{\u202e52}", "52"],
    ["a Roman numeral", "\\boxed{Ⅴ}", "5"],
    ["Cyrillic letters", "\\boxed{х}", "x"],
    ["Greek capitals", "\\boxed{Α}", "A"],
    ["a power tower", "\\boxed{9^{9^{9^{9}}}}", "5"],
    ["right in the text, wrong in the box", "The answer is 5. \\boxed{6}", "5"],
    ["a chain that does not hold", "\\boxed{4 = 5}", "5"],
    ["a step from another value", "\\boxed{x = 4 \\Rightarrow x = 5}", "5"],
    ["a denial", "\\boxed{5 \\text{ or not}}", "5"],
    ["any number", "\\boxed{\\text{any number}}", "5"],
    ["a maximum", "\\boxed{\\max(5, x)}", "5"],
  ])("%s earns no more than a wrong answer", (_name, response, gold) => {
    expect(reward(response, gold)).toBeLessThanOrEqual(10);
  });

  it.each([
    ["\\boxed{2 + 3}", "5", "Compute $2+3$."],
    ["\\boxed{\\frac12+\\frac13}", "\\frac56", "What is $\\frac{1}{2}+\\frac{1}{3}$?"],
    ["\\boxed{f(2)}", "5", "Find $f(2)$."],
    ["\\boxed{\\text{Compute }2+3}", "5", "Compute 2+3"],
  ])("the question repeated, %s, is no right answer", (response, gold, question) => {
    expect(reward(response, gold, question)).toBeLessThanOrEqual(10);
  });
});

describe("any text", () => {
  const runs = { seed: 7, numRuns: 600 };
  const pieces = [
    ..."{}()[]|^_0129xyei+-*/=<>!%,;:.'$& \\",
    ...[
      "\\frac",
      "\\sqrt",
      "\\pi",
      "\\text{",
      "\\boxed{",
      "\\{",
      "\\}",
      "\\\\",
      "\\left",
      "\\right.",
      "\\cup",
      "\\infty",
    ],
    ...[
      "\\begin{pmatrix}",
      "\\end{pmatrix}",
      "\\sum_{k=1}^{n}",
      "\\pm",
      "\\sin",
      "\\log_",
      "\\quad",
      "and",
      " or ",
      "9^{9",
    ],
    ...[
      "1,234",
      "0.\\overline{3}",
      "\\binom",
      "mod",
      "\\pmod",
      "#### ",
      "answer is ",
      "cm",
      "½",
      "²",
      "√",
      "😀",
      "\u0000",
    ],
  ];
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(""));

  it("made of the grammar's own pieces is graded without an exception, within the budget", () => {
    fc.assert(
      fc.property(soup, soup, (gold, answer) => {
        const { verdict, reward } = gradeResponse(answer, gold);
        expect([0, 10, 100]).toContain(reward);
        expect(verdict?.steps ?? 0).toBeLessThanOrEqual(limits.steps);
      }),
      runs,
    );
  });

  it("made of any characters is graded without an exception", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 60 }),
        fc.constantFrom(...references),
        (answer, gold) => {
          expect([0, 10, 100]).toContain(gradeResponse(`\\boxed{${answer}}`, gold).reward);
        },
      ),
      runs,
    );
  });

  it("has boxes that are closed and lie inside of it, in order", () => {
    fc.assert(
      fc.property(soup, (text) => {
        let last = 0;
        for (const { start, end, content, isClosed } of findBoxes(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          if (isClosed) expect(text.slice(start, end).endsWith(`${content}}`)).toBe(true);
          last = end;
        }
      }),
      runs,
    );
  });
});
