/** Spellings of schools and of LaTeX for what has a usual one. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "combinations in the spellings of schools",
  [
    ["10", "C(5,2)"],
    ["\\binom{n}{k}", "C(n,k)"],
    ["120", "{}^{10}C_3"],
    ["120", "^{10}C_3"],
    ["120", "{}_{10}C_3"],
    ["20", "{}^5P_2"],
    ["120", "C_{10}^3"],
    ["(1,2)", "C(1,2)"],
  ],
  [
    ["20", "C(5,2)"],
    ["25", "C_5^2"],
    ["{}^5C_1", "{}^5C_2"],
    ["(2,1)", "C(1,2)"],
  ],
);

checkForms(
  "minutes of arc",
  [
    ["30.25^\\circ", "30^\\circ 15'"],
    ["30.25^\\circ", "30^{\\circ} 15^{\\prime}"],
    ["30.26^\\circ", "30^\\circ15'36''"],
  ],
  [
    ["30.15^\\circ", "30^\\circ 15'"],
    ["30^\\circ", "30^\\circ 15'"],
    ["450^\\circ", "30^\\circ 15'"],
  ],
);

checkForms(
  "cases and systems",
  [
    [
      "\\begin{cases} x, & x>0 \\\\ -x, & x\\leq 0\\end{cases}",
      "f(x)=\\begin{cases} x & \\text{if } x>0 \\\\ -x & \\text{if } x\\le 0\\end{cases}",
    ],
    [
      "\\begin{cases} x & x>0 \\\\ -x & x\\le 0\\end{cases}",
      "\\left\\{\\begin{array}{ll}x, & x>0\\\\-x, & x\\le 0\\end{array}\\right.",
    ],
    ["x=1,y=2", "\\left\\{\\begin{array}{l}x=1\\\\y=2\\end{array}\\right."],
    ["(1,2)", "\\left\\{\\begin{aligned}x&=1\\\\y&=2\\end{aligned}\\right."],
    ["(1,2)", "\\begin{cases}x&=1\\\\y&=2\\end{cases}"],
  ],
  [
    ["x=2,y=1", "\\left\\{\\begin{array}{l}x=1\\\\y=2\\end{array}\\right."],
    [
      "\\begin{cases} -x & x>0 \\\\ x & x\\le 0\\end{cases}",
      "\\begin{cases} x & \\text{if } x>0 \\\\ -x & \\text{if } x\\le 0\\end{cases}",
    ],
    ["x", "\\begin{cases} x & \\text{if } x>0 \\\\ -x & \\text{if } x\\le 0\\end{cases}"],
  ],
);

checkForms(
  "hyperbolic functions and their inverses",
  [
    ["\\frac{1}{\\cosh x}", "\\mathrm{sech}\\, x"],
    ["\\coth^2 x - 1", "\\operatorname{csch}^2 x"],
    ["\\ln(x+\\sqrt{x^2+1})", "\\sinh^{-1} x"],
    ["\\frac12\\ln\\frac{1+x}{1-x}", "\\operatorname{arctanh} x"],
    ["1+i\\sqrt3", "2\\operatorname{cis}(60^\\circ)"],
  ],
  [
    ["\\tanh x", "\\coth x"],
    ["\\frac{1}{\\sinh x}", "\\sinh^{-1} x"],
  ],
);

checkForms(
  "units with LaTeX in them",
  [
    ["9.8 \\text{ m/s}^2", "9.8\\, \\mathrm{m\\cdot s^{-2}}"],
    ["5 \\text{ kg m/s}", "5\\,\\mathrm{kg\\cdot m/s}"],
    ["5", "5\\,\\mathrm{J/(kg\\cdot K)}"],
  ],
  [["5 \\mathrm{kg \\cdot m/s^2}", "5\\,\\mathrm{kg\\cdot m/s}"]],
);

checkForms(
  "words with a meaning or a letter",
  [
    ["\\infty", "\\text{infinite}"],
    ["\\text{infinitely many}", "\\text{infinitely many solutions}"],
    ["\\text{July 4, 2020}", "July 4, 2020"],
    ["101_2", "101\\text{ (base 2)}"],
    ["\\text{Player A}", "player A"],
    ["ACD", "A, C, D"],
  ],
  [
    ["-\\infty", "\\text{infinitely many}"],
    ["\\text{July 4, 2021}", "July 4, 2020"],
    ["101", "101\\text{ (base 2)}"],
    ["\\text{Player A}", "player B"],
    ["\\text{Player A}", "player"],
    ["ACD", "A, C"],
    ["CD", "CD, 5"],
    ["xy", "x, y"],
  ],
);
