/** The four fields must agree wherever two of them have a value: each is the oracle of the others. */
import { describe, expect, it } from "vitest";
import type { Expression } from "../parse/expression.ts";
import { readAnswer } from "../parse/readings.ts";
import { createWork } from "../work.ts";
import { ballToNumber } from "./ball.ts";
import { complexField } from "./complex-field.ts";
import { evaluate, noNames, type Point } from "./evaluate.ts";
import { exactField } from "./exact-field.ts";
import { modularField } from "./modular-field.ts";
import { preciseField } from "./precise-field.ts";
import { integer, printRational, rationalToNumber } from "./rational.ts";

const work = createWork();
const parse = (text: string): Expression => readAnswer(text, createWork()).expressions[0] as Expression;
const exact = (text: string, point: Point = noNames): string | null => {
  const value = evaluate(parse(text), exactField(work), point, work);
  return value && printRational(value);
};

describe("exact evaluation", () => {
  it.each([
    ["\\frac{3}{\\frac{1}{2}}", "6"],
    ["2^{10}-1", "1023"],
    ["\\sqrt{\\frac{9}{16}}", "3/4"],
    ["8^{2/3}", "4"],
    ["\\binom{10}{3}", "120"],
    ["\\frac{10!}{8!}", "90"],
    ["7!!", "105"],
    ["\\lfloor -\\frac72 \\rfloor", "-4"],
    ["\\lceil \\frac72 \\rceil", "4"],
    ["|{-3}|", "3"],
    ["\\gcd(12, 18)", "6"],
    ["\\operatorname{lcm}(4, 6)", "12"],
    ["\\log_2 32", "5"],
    ["\\log_8 4", "2/3"],
    ["\\log 1000", "3"],
    ["\\sum_{k=1}^{10} k^2", "385"],
    ["\\prod_{k=1}^{4} k", "24"],
    ["50\\%", "1/2"],
    ["0.\\overline{142857}", "1/7"],
    ["1101_2", "13"],
  ])("%s is %s", (text, value) => {
    expect(exact(text)).toBe(value);
  });

  it.each(["\\sqrt{2}", "\\pi", "0^{-1}", "\\log_2 3", "10^{10^{10}}", "x", "(-4)^{1/2}"])(
    "%s has none",
    (text) => {
      expect(exact(text)).toBeNull();
    },
  );
});

describe("the fields", () => {
  const point: Point = (name) => ({ x: integer(3), y: integer(-2), n: integer(5) })[name] ?? null;

  it.each(["\\frac{x^2-1}{y}+x^3", "(x+y)^5(x-y)^{-2}", "\\binom{n}{2}", "|y|^3", "\\sum_{k=1}^{n} k^2 x"])(
    "agree on %s",
    (text) => {
      const value = evaluate(parse(text), exactField(work), point, work);
      const double = evaluate(parse(text), complexField("e"), point, work);
      expect(double?.re).toBeCloseTo(rationalToNumber(value as NonNullable<typeof value>), 9);
      const residue = evaluate(parse(text), modularField, point, work);
      if (residue !== null)
        expect(residue).toBe(modularField.fromRational(value as NonNullable<typeof value>));
    },
  );

  it.each([
    "\\sqrt{2}+\\sqrt[3]{-7}",
    "e^{\\sqrt{2}}-\\pi^2",
    "\\ln 7 - \\log_3 5",
    "\\sin 1 + \\cos 2 \\tan 3",
    "\\sec 1 - \\csc 2 + \\cot 3",
    "\\arcsin\\frac13 + \\arccos\\frac14 - \\arctan 5",
    "2^{\\sqrt{3}}",
    "\\cos 72^\\circ",
    "(-8)^{2/3}",
  ])("agree on %s to 12 digits", (text) => {
    const double = evaluate(parse(text), complexField("e"), noNames, work);
    const precise = evaluate(
      parse(text),
      preciseField({ bits: 320, logBase: "e", isRealOnly: false }, work),
      noNames,
      work,
    );
    expect(precise && ballToNumber(precise.re)).toBeCloseTo(double?.re as number, 12);
    expect(double?.im).toBeCloseTo(0, 12);
  });

  it("have a root of minus one modulo the prime", () => {
    const value = evaluate(parse("i^2+1"), modularField, noNames, work);
    expect(value).toBe(0n);
  });
});
