/** What models type around and instead of mathematics: what it leaves as it is, and what it does not. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "layout that says nothing",
  [
    ["5", "\\begin{aligned} x &= 5 \\end{aligned}"],
    ["(5, 3)", "\\begin{aligned} x &= 5 \\\\ y &= 3 \\end{aligned}"],
    ["5", "\\therefore 5"],
    ["5", "5 \\hfill \\checkmark"],
    ["5", ": 5"],
    ["5", "\\\\5"],
    ["x\\neq 3", "x \\not= 3"],
    ["x > 3", "x \\nleq 3"],
    ["43_b", "43_{b}"],
    ["(1,2)", "\\text{(1,2)}"],
    ["2\\pi", "2\\uppi"],
  ],
  [
    ["(5, 3)", "\\begin{aligned} x &= 3 \\\\ y &= 5 \\end{aligned}"],
    ["x = 3", "x \\not= 3"],
    ["43_b", "43_{c}"],
    ["(1,2)", "\\text{(2,1)}"],
  ],
);

checkForms(
  "numerals and angles as they are typed",
  [
    ["1000", "1\\;000"],
    ["1000", "1\\thinspace 000"],
    ["\\frac17", "0.\\dot{1}4285\\dot{7}"],
    ["90^\\circ", "90^o"],
    ["90^\\circ", "90^{\\text{o}}"],
  ],
  [
    ["1", "1\\;000"],
    ["0.142857", "0.\\dot{1}4285\\dot{8}"],
    ["x^o", "x"],
    ["90", "9^o"],
  ],
);

checkForms(
  "open ends",
  [
    ["-\\infty<x<3", "(-\\infty,3)"],
    ["0<x<+\\infty", "x>0"],
    ["-\\infty < y < \\infty", "\\text{all real numbers}"],
  ],
  [
    ["x < \\infty", "x<3"],
    ["-\\infty<x<3", "x<4"],
    ["0<x<\\infty", "x \\ge 0"],
    ["\\text{all real numbers}", "x > 0"],
  ],
);

checkForms(
  "letters of a choice",
  [
    ["A", "\\textbf{(A)}\\ 5"],
    ["A", "\\mathbf{A}"],
    ["C", "\\textbf{(C)}\\ \\frac{1}{2}"],
    ["C", "C. because A is wrong"],
    ["A", "choice (A)"],
  ],
  [
    ["A", "(A) or (B)"],
    ["A", "A. B."],
    ["A", "A. 5 B. 6"],
    ["A", "A) B)"],
    ["A", "\\textbf{(A)}\\ \\textbf{(B)}"],
    ["A", "-A"],
    ["A", "A'"],
    ["\\mathbb{R}", "R."],
  ],
);
