import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "\\over and \\choose without braces",
  [
    ["\\frac56", "5 \\over 6"],
    ["\\frac56", "{5 \\over 6}"],
    ["\\frac{x+1}{2}", "x+1 \\over 2"],
    ["10", "5 \\choose 2"],
    ["10", "{5 \\choose 2}"],
    ["-\\frac56", "-{5 \\over 6}"],
    ["-\\frac56", "-5 \\over 6"],
  ],
  [["\\frac65", "5 \\over 6"]],
);
