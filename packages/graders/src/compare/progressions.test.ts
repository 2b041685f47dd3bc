/** Sets of numbers that a parameter or a modulus runs through: which two are the same. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "progressions",
  [
    ["x=\\frac{\\pi}{4}+k\\pi, k\\in\\mathbb{Z}", "x = -\\frac{3\\pi}{4}+n\\pi, n \\in \\mathbb{Z}"],
    ["x=2k\\pi, k\\in\\mathbb Z", "2n\\pi"],
    ["\\frac{\\pi}{4}+k\\pi", "\\frac{\\pi}{4}+n\\pi"],
    ["x = 45^\\circ + 180^\\circ k", "\\frac{\\pi}{4}+k\\pi"],
    ["n\\pi, n\\in\\mathbb{Z}", "\\pi k \\text{ for integer } k"],
    ["x=k\\pi \\ (k\\in\\mathbb{Z})", "x = n\\pi, n \\in \\mathbb{Z}"],
    ["x = n\\pi, \\text{ where } n \\in \\mathbb{Z}", "k\\pi, k\\in\\mathbb{Z}"],
    ["x = 5k+2 \\text{ where } k \\text{ is an integer}", "x = 5n+2 \\text{ for some integer } n"],
    ["2k+1, k \\in \\mathbb{Z}", "2k-1, k\\in\\mathbb{Z}"],
    ["\\{2k+1 : k\\in\\mathbb{Z}\\}", "\\{2n-1 \\mid n\\in\\mathbb{Z}\\}"],
    ["\\{n^2 : n\\in\\mathbb{N}\\}", "\\{k^2 \\mid k\\in\\mathbb{N}\\}"],
    [
      "x=\\frac{\\pi}{6}+2k\\pi \\text{ or } x=\\frac{5\\pi}{6}+2k\\pi, k\\in\\mathbb{Z}",
      "-\\frac{7\\pi}{6}+2n\\pi, \\frac{\\pi}{6}+2n\\pi, n\\in\\mathbb{Z}",
    ],
    ["2^n", "2^n \\text{ for all integers } n"],
  ],
  [
    ["\\frac{\\pi}{4}+k\\pi,k\\in\\mathbb{Z}", "\\frac{3\\pi}{4}+k\\pi,k\\in\\mathbb{Z}"],
    ["2k\\pi, k\\in\\mathbb{Z}", "k\\pi,k\\in\\mathbb{Z}"],
    ["(n-2)\\pi", "n\\pi"],
    ["(n-2)180^\\circ", "(n-1)180^\\circ"],
    ["2n+1", "2k+1"],
    ["5k+2", "5k-3"],
    ["2k+1, k \\in \\mathbb{N}", "2k-1, k\\in\\mathbb{N}"],
    ["2k+1, k\\in\\mathbb{Z}", "3"],
    ["\\{2k : k\\in\\mathbb{Z}\\}", "\\{2k+1 : k\\in\\mathbb{Z}\\}"],
    ["\\{k^2 : k\\in\\mathbb{Z}\\}", "\\{k^3 : k\\in\\mathbb{Z}\\}"],
    ["k+10^{-12}k^2, k\\in\\mathbb{Z}", "k, k\\in\\mathbb{Z}"],
    ["x=k\\pi \\text{ or } x=\\frac{\\pi}{2}+2k\\pi", "x = k\\pi"],
  ],
);

checkForms(
  "congruences",
  [
    ["x \\equiv 2 \\pmod 5", "x = 5k+2"],
    ["x \\equiv 2 \\pmod 5", "x = 2 - 5t, t \\in \\mathbb{Z}"],
    ["x \\equiv 2 \\pmod 5", "\\{5k+2 : k\\in\\mathbb{Z}\\}"],
    ["x \\equiv 2 \\pmod 5", "x \\equiv -3 \\pmod 5"],
    ["x \\equiv 2\\ (\\text{mod } 5)", "x ≡ 2 (mod 5)"],
    ["x \\equiv 2 \\text{ (mod 5)}", "x\\equiv 2 \\text{ mod } 5"],
    ["x\\equiv 1,4 \\pmod 5", "x\\equiv \\pm 1 \\pmod 5"],
    ["x\\equiv 1 \\text{ or } 4 \\pmod 5", "x\\equiv 1 \\pmod 5 \\text{ or } x\\equiv 4\\pmod 5"],
    ["17 mod 5", "2"],
  ],
  [
    ["x \\equiv 2 \\pmod 5", "x = 2"],
    ["x \\equiv 2 \\pmod 5", "x = 5k+3"],
    ["x \\equiv 2 \\pmod 5", "x = 10k+2"],
    ["x \\equiv 2 \\pmod 5", "x = 5k^2+2"],
    ["x \\equiv 2 \\pmod 5", "y = 5k+2"],
    ["x \\equiv 2 \\text{ (mod 5)}", "x\\equiv 2 \\text{ (mod 6)}"],
    ["x\\equiv 1,4 \\pmod 5", "x\\equiv 1 \\pmod 5"],
    ["x\\equiv 1,4 \\pmod 5", "x\\equiv 1,4 \\pmod 6"],
  ],
);
