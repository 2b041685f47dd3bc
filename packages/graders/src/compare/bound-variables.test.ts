/** Names that are bound say nothing; bounds and bodies do. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "sums, integrals and limits by their form",
  [
    ["\\sum_{n=0}^{\\infty} x^n", "\\sum_{k=0}^\\infty x^k"],
    ["\\sum_{n=1}^{\\infty} x^{n-1}", "\\sum_{i=0}^\\infty x^i"],
    ["\\sum_{n=1}^{\\infty} \\frac{(-1)^{n+1}}{n} x^n", "\\sum_{k=1}^{\\infty} (-1)^{k+1}\\frac{x^k}{k}"],
    ["\\int_0^1 x^2\\,dx", "\\int_0^1 t^2\\,dt"],
    ["\\lim_{x\\to a} f(x)", "\\lim_{t\\to a} f(t)"],
    ["\\sum_{i=1}^{n}\\sum_{j=1}^{i} ij", "\\sum_{a=1}^{n}\\sum_{b=1}^{a} ab"],
  ],
  [
    ["\\sum_{n=0}^{\\infty} x^n", "\\sum_{n=1}^\\infty x^n"],
    ["\\sum_{n=0}^{\\infty} x^n", "\\sum_{n=0}^\\infty y^n"],
    ["\\int_0^1 x^2\\,dx", "\\int_0^1 t^3\\,dt"],
    ["\\int_0^1 x^2y\\,dx", "\\int_0^1 x^2y\\,dy"],
    ["\\lim_{x\\to a} f(x)", "\\lim_{x\\to b} f(x)"],
    ["\\sum_{i=1}^{n}\\sum_{j=1}^{i} ij", "\\sum_{a=1}^{n}\\sum_{b=1}^{a} a"],
    ["\\sum_{n=0}^{\\infty} x^n", "0"],
  ],
);

checkForms(
  "sums without an end by their value",
  [
    ["\\sum_{k=0}^{\\infty}\\frac{1}{2^k}", "2"],
    ["\\sum_{n=0}^\\infty \\frac{1}{n!}", "e"],
    ["\\sum_{n=1}^\\infty \\frac{n}{3^n}", "\\frac34"],
    ["\\sum_{n=0}^\\infty \\frac{(-1)^n}{(2n+1)!}", "\\sin 1"],
    ["\\sum_{n=1}^\\infty \\frac{1}{n 2^n}", "\\ln 2"],
    ["5\\sum_{k=1}^\\infty 10^{-k}", "\\frac59"],
  ],
  [
    ["\\sum_{k=0}^{\\infty}\\frac{1}{2^k}", "1"],
    ["\\sum_{k=0}^{\\infty}\\frac{1}{2^k}", "2+10^{-40}"],
    ["\\sum_{k=0}^{\\infty} 2^k", "-1"],
    ["\\sum_{k=0}^{\\infty} (-1)^k", "\\frac12"],
    ["\\sum_{n=1}^\\infty \\frac{1}{n}", "\\infty"],
    ["\\sum_{n=0}^\\infty \\frac{1}{n!}", "2.718"],
  ],
);
