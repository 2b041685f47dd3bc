/** Matrices and vectors whose arithmetic has to be carried out. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "arithmetic of matrices",
  [
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}", "-\\frac12\\begin{pmatrix}4&-2\\\\-3&1\\end{pmatrix}"],
    [
      "\\begin{pmatrix}a&b\\\\c&d\\end{pmatrix}^{-1}",
      "\\frac{1}{ad-bc}\\begin{pmatrix}d&-b\\\\-c&a\\end{pmatrix}",
    ],
    [
      "\\begin{pmatrix}1&2&3\\\\0&1&4\\\\5&6&0\\end{pmatrix}^{-1}",
      "\\begin{pmatrix}-24&18&5\\\\20&-15&-4\\\\-5&4&1\\end{pmatrix}",
    ],
    ["\\begin{pmatrix}1&1\\\\0&1\\end{pmatrix}^{50}", "\\begin{pmatrix}1&50\\\\0&1\\end{pmatrix}"],
    ["\\begin{pmatrix}1&1\\\\0&1\\end{pmatrix}^{-3}", "\\begin{pmatrix}1&-3\\\\0&1\\end{pmatrix}"],
    ["\\begin{pmatrix}a&b\\\\0&a\\end{pmatrix}^2", "\\begin{pmatrix}a^2&2ab\\\\0&a^2\\end{pmatrix}"],
  ],
  [
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}", "\\begin{pmatrix}-2&3/2\\\\1&-1/2\\end{pmatrix}"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}", "\\begin{pmatrix}1&1/2\\\\1/3&1/4\\end{pmatrix}"],
    ["\\begin{pmatrix}1&2\\\\2&4\\end{pmatrix}^{-1}", "\\begin{pmatrix}4&-2\\\\-2&1\\end{pmatrix}"],
    ["\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^2", "\\begin{pmatrix}1&4\\\\9&16\\end{pmatrix}"],
    ["\\begin{pmatrix}1&1\\\\0&1\\end{pmatrix}^{1000000}", "\\begin{pmatrix}1&1\\\\0&1\\end{pmatrix}"],
  ],
);

checkForms(
  "arithmetic of vectors",
  [
    ["(x,y)=(1,2)+t(3,4)", "(x,y) = (1+3t, 2+4t)"],
    ["\\langle 1,2,3\\rangle + t\\langle 0,1,-1\\rangle", "\\langle 1, 2+t, 3-t\\rangle"],
    ["\\frac{1}{5}(3,4)", "(\\frac35,\\frac45)"],
    ["-(1,2)", "(-1,-2)"],
  ],
  [
    ["(1,2)+t(3,4)", "(1+4t,2+3t)"],
    ["2(3,4)", "(6,4)"],
    ["(1,2)(3,4)", "(3,8)"],
    ["(1,2)+(3,4)", "(1,2)\\cup(3,4)"],
    ["(1,2)+3", "(4,5)"],
  ],
);
