import { describe, expect, it } from "vitest";
import { compareAnswers } from "../compare/compare-answers.ts";
import { checkForms } from "../fixtures/check-forms.ts";
import { asciiDigits } from "./characters.ts";
import { unicodeToLatex } from "./unicode.ts";

/** The zero of some scripts; each has its digits in order after it. */
const zeros = {
  bengali: 0x9e6,
  thai: 0xe50,
  tamil: 0xbe6,
  devanagari: 0x966,
  gujarati: 0xae6,
  telugu: 0xc66,
  lao: 0xed0,
  tibetan: 0xf20,
  myanmar: 0x1040,
  khmer: 0x17e0,
  mongolian: 0x1810,
  fullWidth: 0xff10,
  arabic: 0x660,
  persian: 0x6f0,
  nko: 0x7c0,
  bold: 0x1d7ce,
  doubleStruck: 0x1d7d8,
  sansSerif: 0x1d7e2,
  monospace: 0x1d7f6,
  adlam: 0x1e950,
};

const inScript = (zero: number, numeral: string): string =>
  numeral.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));

describe.each(Object.entries(zeros))("digits: %s", (_, zero) => {
  it.each([
    ["25", "25"],
    ["2.5", "2.5"],
    ["-17", "-17"],
    ["\\frac{3}{4}", "3/4"],
    ["1234", "1,234"],
    ["\\frac{5}{12}", "\\frac{5}{12}"],
  ])("%s is read", (gold, numeral) => {
    expect(compareAnswers(gold, inScript(zero, numeral)).equal).toBe(true);
  });

  it.each([
    ["25", "52"],
    ["5", "6"],
    ["10", "01"],
  ])("%s is not %s", (gold, numeral) => {
    const isEqual = compareAnswers(gold, inScript(zero, numeral)).equal;
    expect(isEqual).toBe(compareAnswers(gold, numeral).equal);
    expect(isEqual).toBe(false);
  });
});

describe("asciiDigits", () => {
  it("knows every decimal digit of Unicode", () => {
    const wrong: string[] = [];
    let count = 0;
    for (let code = 128; code < 0x20000; code++) {
      const digit = String.fromCodePoint(code);
      if (!/^\p{Nd}$/u.test(digit)) continue;
      // Ten in a row, from a zero on: what stands ten places on is the same digit of a neighbour or none at all.
      if (asciiDigits(digit) !== String(count % 10)) wrong.push(digit);
      count++;
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(600);
  });

  it("leaves everything else as it is", () => {
    expect(asciiDigits("½²①Ⅳ五x")).toBe("½²①Ⅳ五x");
  });
});

it("ASCII comes back unchanged, and no text is touched twice", () => {
  expect(unicodeToLatex("\\frac{1}{2} & x'")).toBe("\\frac{1}{2} & x'");
  for (const text of ["－３", "5米", "①②", "e²ˣ", "2½", "１２，３４５"]) {
    const once = unicodeToLatex(text);
    expect(unicodeToLatex(once)).toBe(once);
  }
});

checkForms(
  "separators and signs of Arabic and India",
  [
    ["1234567", "१२,३४,५६७"],
    ["123456", "১,২৩,৪৫৬"],
    ["2.5", "٢٫٥"],
    ["1234.5", "١٬٢٣٤٫٥"],
    ["2, 3", "٢، ٣"],
    ["2, 3", "٢؛ ٣"],
    ["25\\%", "٢٥٪"],
    ["-5", "-٥"],
    ["-5", "−٥"],
    ["25", "\u200f\u0662\u0665"],
    ["3", "۳"],
    ["1.25", "۱٫۲۵"],
  ],
  [
    ["2.5", "٢٫٦"],
    ["12", "٢١"],
    ["7", "۷ متر"],
  ],
);

checkForms(
  "full-width forms",
  [
    ["x=5", "x＝５"],
    ["(1,2)", "（1，2）"],
    ["[1,2)", "［1，2）"],
    ["x+1", "ｘ＋１"],
    ["\\frac12", "１／２"],
    ["3.14", "３．１４"],
    ["1234", "１，２３４"],
    ["25\\%", "２５％"],
    ["-3", "－３"],
    ["\\{1,2\\}", "｛1，2｝"],
    ["x<5", "x＜５"],
    ["x>5", "ｘ＞５"],
    ["2:3", "２：３"],
    ["|x|", "｜x｜"],
    ["B", "Ｂ"],
    ["5", "５。"],
    ["2^3", "２＾３"],
    ["5!", "５！"],
    ["\\$5", "＄５"],
    ["y=2x+1", "ｙ＝２ｘ＋１"],
    ["(-1,2)", "（－1，2）"],
  ],
  [
    ["x=5", "x＝６"],
    ["(1,2)", "（2，1）"],
    ["[1,2)", "（1，2）"],
    ["-3", "＋３"],
    ["x<5", "x＞５"],
  ],
);

checkForms(
  "mathematics in Unicode",
  [
    ["-\\frac12", "-½"],
    ["-\\frac12", "−½"],
    ["2\\frac12", "2½"],
    ["\\frac52", "2½"],
    ["\\frac56", "⁵⁄₆"],
    ["\\frac56", "5⁄6"],
    ["\\frac{17}{6}", "2⁵⁄₆"],
    ["\\frac17", "⅐"],
    ["\\frac19", "⅑"],
    ["\\frac1{10}", "⅒"],
    ["\\frac13", "⅟₃"],
    ["\\frac58", "⅝"],
    ["x^2", "x²"],
    ["x^{-1}", "x⁻¹"],
    ["x^{n+1}", "xⁿ⁺¹"],
    ["x_1", "x₁"],
    ["x_n", "xₙ"],
    ["e^{2x}", "e²ˣ"],
    ["2^{x}", "2ˣ"],
    ["a^b", "aᵇ"],
    ["x_i", "xᵢ"],
    ["10^{-3}", "10⁻³"],
    ["\\sqrt{2}", "√2"],
    ["\\sqrt{2}", "√(2)"],
    ["2\\sqrt{3}", "2√3"],
    ["\\pi/2", "π/2"],
    ["\\pi/2", "𝜋/2"],
    ["x+y", "𝐱+𝐲"],
    ["x+y", "𝓍+𝓎"],
    ["x+y", "𝚡+𝚢"],
    ["\\sin x", "𝑠𝑖𝑛 𝑥"],
    ["\\alpha", "α"],
    ["\\zeta", "ζ"],
    ["\\eta", "η"],
    ["\\psi", "ψ"],
    ["\\Gamma", "Γ"],
    ["\\Omega", "Ω"],
    ["\\mu", "µ"],
    ["\\Delta", "∆"],
    ["-6", "‒6"],
    ["-6", "―6"],
    ["-6", "➖6"],
    ["-6", "﹣6"],
    ["3\\times 4", "3✖4"],
    ["12/5", "12➗5"],
    ["x\\le 5", "x≦5"],
    ["x\\ge 5", "x≧5"],
    ["x\\ne 5", "x≠5"],
    ["f'(x)", "f′(x)"],
    ["90^\\circ", "90°"],
    ["25^\\circ\\text{C}", "25℃"],
    ["5\\text{ cm}^2", "5㎠"],
    ["5\\text{ kg}", "5㎏"],
    ["5\\text{ km}", "5㎞"],
    ["\\ln 2", "㏑2"],
    ["\\{1,2\\}", "｛1,2｝"],
    ["\\emptyset", "∅"],
    ["x\\in\\mathbb{R}", "x∈ℝ"],
    ["[0,\\infty)", "[0,∞)"],
    ["5", "5\u200b"],
    ["5", "\u20075"],
    ["5", "5\ufe0f"],
    ["i", "ⅈ"],
    ["e", "ℯ"],
    ["h", "ℎ"],
    ["A", "𝐀"],
    ["A", "Ⓐ"],
    ["\\sqrt[3]{2}", "∛2"],
    ["5", "“5”"],
    ["5", "‘5’"],
    ["5", "«5»"],
    ["5", "「5」"],
  ],
  [
    ["4", "Ⅳ"],
    ["\\frac12", "⅓"],
    ["-\\frac12", "½"],
    ["\\frac52", "3½"],
    ["\\frac56", "⁶⁄₅"],
    ["x^2", "x³"],
    ["x^2", "x₂"],
    ["e^{2x}", "e²ʸ"],
    ["x", "х"],
    ["A", "Α"],
    ["25", "\u202e25"],
    ["5", "5₅"],
    ["x+y", "𝑥−𝑦"],
    ["x\\le 5", "x≧5"],
  ],
);

checkForms(
  "numbered statements",
  [
    ["①②④", "①, ②, ④"],
    ["①②④", "②①④"],
    ["①②④", "①、②、④"],
    ["①③", "\\text{①③}"],
  ],
  [
    ["①②④", "①②"],
    ["①②④", "①②③"],
    ["①", "②"],
  ],
);

checkForms(
  "more mathematics in Unicode",
  [
    ["\\mathbb{R}^+", "ℝ⁺"],
    ["f^{-1}(x)", "f⁻¹(x)"],
    ["2^{10}", "2¹⁰"],
    ["x^{12}", "x¹²"],
    ["3.2\\times10^{-5}", "3.2×10⁻⁵"],
    ["H_2O", "H₂O"],
    ["x^2+y^2=1", "x²+y²=1"],
    ["\\frac{1}{2}", "½"],
    ["1\\frac{1}{2}", "1 ½"],
    ["\\frac{x}{2}", "½x"],
    ["-2\\frac12", "-2½"],
    ["50\\%", "50﹪"],
    ["a\\ne b", "a≠b"],
    ["45^\\circ", "45˚"],
    ["\\theta=\\frac{\\pi}{4}", "θ=π/4"],
    ["x\\in(-\\infty,2]", "x∈(−∞,2]"],
    ["\\{x\\mid x>2\\}", "{x | x>2}"],
    ["A\\cup B", "A∪B"],
    ["3\\cdot 5", "3·5"],
    ["10-x", "10\u2013x"],
    ["10-x", "10\u2014x"],
    ["f'(x)=2x", "f′(x)=2x"],
    ["y''=0", "y″=0"],
    ["\\sqrt[4]{16}", "∜16"],
    ["\\lfloor x\\rfloor", "⌊x⌋"],
    ["\\vec{a}", "\\vec{𝑎}"],
    ["\\sum_{k=1}^{n} k", "∑_{k=1}^{n} k"],
    ["x\\to\\infty", "x→∞"],
    ["2n\\pi", "2𝑛𝜋"],
    ["\\ln 2", "ln 2"],
    ["\\ln 2", "𝗅𝗇 2"],
    ["10", "１０"],
    ["\\emptyset", "⌀"],
    ["x≥3", "x⩾3"],
    ["\\pm 3", "±3"],
    ["7", "7 "],
    ["7", "\u200e7\u200e"],
    ["7", "\u20667\u2069"],
  ],
  [
    ["\\frac12", "1²"],
    ["x^{12}", "x¹²³"],
    ["2^{10}", "2₁₀"],
    ["-2\\frac12", "2½"],
    ["7", "7⁻¹"],
    ["x^2", "x²²"],
    ["12", "1²"],
    ["3\\cdot5", "3.5"],
    ["35", "3·5"],
    ["1\\frac12", "1⅓"],
    ["7", "-７"],
    ["7", "７７"],
    ["16", "∜16"],
  ],
);
