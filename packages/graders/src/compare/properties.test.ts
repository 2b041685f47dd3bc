/** Properties that hold for every answer: generated, with fixed seeds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareAnswers } from "./compare-answers.ts";

const runs = { seed: 20250919, numRuns: 300 };
const equal = (gold: string, answer: string): boolean => compareAnswers(gold, answer).equal;

const integers = fc.integer({ min: -9999, max: 9999 });
const positive = fc.integer({ min: 2, max: 99 });

/** Expressions in x and y as the grammar writes them, with their value at x = 2, y = 5 to check against. */
const polynomials: fc.Arbitrary<{ text: string; value: number }> = fc.letrec<{
  node: { text: string; value: number };
}>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.integer({ min: 1, max: 9 }).map((n) => ({ text: String(n), value: n })),
    fc.constant({ text: "x", value: 2 }),
    fc.constant({ text: "y", value: 5 }),
    fc
      .tuple(tie("node"), tie("node"))
      .map(([a, b]) => ({ text: `(${a.text} + ${b.text})`, value: a.value + b.value })),
    fc
      .tuple(tie("node"), tie("node"))
      .map(([a, b]) => ({ text: `(${a.text} - ${b.text})`, value: a.value - b.value })),
    fc
      .tuple(tie("node"), tie("node"))
      .map(([a, b]) => ({ text: `${a.text} \\cdot ${b.text}`, value: a.value * b.value })),
  ),
})).node;

type Valued = readonly [tokens: readonly string[], value: number];

/** Closed expressions as tokens, with their value in doubles: an independent opinion. */
const expressions: fc.Arbitrary<Valued> = fc.letrec<{ node: Valued }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.integer({ min: 1, max: 12 }).map((n): Valued => [[String(n)], n]),
    fc.constant<Valued>([["\\pi"], Math.PI]),
    fc.integer({ min: 2, max: 9 }).map((n): Valued => [["\\sqrt", "{", String(n), "}"], Math.sqrt(n)]),
    fc
      .tuple(tie("node"), tie("node"))
      .map(([[a, x], [b, y]]): Valued => [["(", ...a, "+", ...b, ")"], x + y]),
    fc
      .tuple(tie("node"), tie("node"))
      .map(([[a, x], [b, y]]): Valued => [["(", ...a, ")", "\\cdot", "(", ...b, ")"], x * y]),
    fc
      .tuple(tie("node"), fc.integer({ min: 2, max: 9 }))
      .map(([[a, x], n]): Valued => [["\\frac", "{", ...a, "}", "{", String(n), "}"], x / n]),
    fc.tuple(tie("node")).map(([[a, x]]): Valued => [["\\sqrt", "{", ...a, "}"], Math.sqrt(x)]),
    fc.tuple(tie("node")).map(([[a, x]]): Valued => [["(", ...a, ")", "^", "{", "2", "}"], x ** 2]),
  ),
})).node;

describe("equality", () => {
  it("is reflexive and stable under white space for any text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const hasContent = compareAnswers(text, text).reason !== "the reference is empty";
        expect(equal(text, text)).toBe(hasContent);
        expect(equal(text, `  ${text}\n`)).toBe(hasContent);
      }),
      runs,
    );
  });

  it("is symmetric for any two texts of the grammar's alphabet", () => {
    const piece = fc.constantFrom(
      ..."0123456789xyn+-*/^(){}[],.=<>|%! ",
      "\\frac",
      "\\sqrt",
      "\\pi",
      "\\cup",
      "\\infty",
      "\\pm",
    );
    const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(equal(a, b)).toBe(equal(b, a));
      }),
      runs,
    );
  });

  it("is reflexive through the trees, and stable under white space between tokens, for expressions", () => {
    fc.assert(
      fc.property(expressions, ([tokens]) => {
        const text = tokens.join("");
        expect(equal(text, `{${text}}`)).toBe(true);
        expect(equal(text, tokens.join(" "))).toBe(true);
        expect(equal(text, tokens.join("\n"))).toBe(true);
        expect(equal(text, tokens.join("\\,"))).toBe(true);
      }),
      runs,
    );
  });

  it("is symmetric, and agrees with the values of two expressions", () => {
    fc.assert(
      fc.property(expressions, expressions, ([a, x], [b, y]) => {
        const isEqual = equal(a.join(""), b.join(""));
        expect(equal(b.join(""), a.join(""))).toBe(isEqual);
        const isNear = Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y));
        if (isEqual) expect(isNear).toBe(true);
        if (!isNear) expect(isEqual).toBe(false);
      }),
      runs,
    );
  });

  it("tells an expression from itself with one more", () => {
    fc.assert(
      fc.property(expressions, ([tokens]) => {
        const text = tokens.join("");
        expect(equal(text, `${text}+1`)).toBe(false);
        expect(equal(text, `${text}+10^{-12}`)).toBe(false);
        expect(equal(text, `(${text})+0`)).toBe(true);
      }),
      runs,
    );
  });

  it("goes through lists, tuples, sets and intervals item by item", () => {
    fc.assert(
      fc.property(expressions, expressions, ([a, x], [b, y]) => {
        const [first, second] = [a.join(""), b.join("")];
        const same = Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x));
        expect(equal(`(${first}, ${second})`, `(${second}, ${first})`)).toBe(same);
        expect(equal(`${first}, ${second}`, `${second}, ${first}`)).toBe(true);
        expect(equal(`\\{${first}, ${second}\\}`, `\\{${second}, ${first}\\}`)).toBe(true);
        if (x < y) expect(equal(`[${first}, ${second})`, `${first} \\le x < ${second}`)).toBe(true);
        expect(equal(`[${first}, ${second})`, `[${first}, ${second}]`)).toBe(false);
      }),
      { ...runs, numRuns: 150 },
    );
  });

  it("does not depend on how a fraction is written", () => {
    fc.assert(
      fc.property(integers, positive, positive, (a, b, c) => {
        const forms = [
          `\\frac{${a}}{${b}}`,
          `\\dfrac{${a}}{${b}}`,
          `${a}/${b}`,
          `\\frac{${a * c}}{${b * c}}`,
          `$\\tfrac{${a}}{${b}}$`,
        ];
        for (const form of forms) expect(equal(forms[0] as string, form)).toBe(true);
        expect(equal(`\\frac{${a}}{${b}}`, `\\frac{${a + 1}}{${b}}`)).toBe(false);
      }),
      runs,
    );
  });

  it("does not depend on the grouping of digits", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 10 ** 12 }), (n) => {
        const grouped = n.toLocaleString("en-US");
        for (const separator of [",", "{,}", ",\\!", " ", "\\,"]) {
          expect(equal(String(n), grouped.replaceAll(",", separator))).toBe(true);
        }
        expect(equal(String(n), grouped.replaceAll(",", ", "))).toBe(false);
      }),
      runs,
    );
  });

  it("takes out squares from roots", () => {
    fc.assert(
      fc.property(positive, positive, (a, b) => {
        expect(equal(`${a}\\sqrt{${b}}`, `\\sqrt{${a * a * b}}`)).toBe(true);
        expect(equal(`${a}\\sqrt{${b}}`, `\\sqrt{${a * a * b + 1}}`)).toBe(false);
      }),
      runs,
    );
  });

  it("ignores the order of sets and keeps that of tuples", () => {
    fc.assert(
      fc.property(fc.uniqueArray(integers, { minLength: 2, maxLength: 6 }), (items) => {
        const reversed = items.toReversed();
        expect(equal(`\\{${items.join(", ")}\\}`, `\\{${reversed.join(", ")}\\}`)).toBe(true);
        expect(equal(items.join(", "), reversed.join(", "))).toBe(true);
        expect(equal(`(${items.join(", ")})`, `(${reversed.join(", ")})`)).toBe(
          items.join() === reversed.join(),
        );
      }),
      runs,
    );
  });

  it("of expressions with names agrees with their values, sums against products", () => {
    fc.assert(
      fc.property(polynomials, polynomials, (a, b) => {
        const product = `(${a.text})(${b.text})`;
        expect(equal(product, `(${b.text}) \\cdot (${a.text})`)).toBe(true);
        expect(equal(`${product} - (${b.text})(${a.text})`, "0")).toBe(true);
        if (a.value !== b.value) expect(equal(a.text, b.text)).toBe(false);
        expect(equal(a.text, `(${a.text}) + 1`)).toBe(false);
      }),
      { ...runs, numRuns: 150 },
    );
  });

  it("solves linear inequalities like the interval of their solutions", () => {
    fc.assert(
      fc.property(positive, integers, fc.boolean(), (a, b, isNegative) => {
        const slope = isNegative ? -a : a;
        const bound = `\\frac{${-b}}{${slope}}`;
        const interval = isNegative ? `(${bound}, \\infty)` : `(-\\infty, ${bound})`;
        expect(equal(interval, `${slope}x + ${b} < 0`)).toBe(true);
        expect(equal(interval, `${slope}x + ${b} \\le 0`)).toBe(false);
      }),
      runs,
    );
  });
});
