/** Sets that are given by a condition, and functions that are given by cases. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "sets given by a condition",
  [
    ["\\{x\\mid x^2=4\\}", "\\{-2,2\\}"],
    ["\\{-2,2\\}", "\\{x : x^2=4\\}"],
    ["\\{x\\in\\mathbb{R}\\mid x^2=4\\}", "\\{2,-2\\}"],
    ["\\{x\\in\\mathbb{N}\\mid x^2=4\\}", "\\{2\\}"],
    ["\\{x\\mid x^2-5x+6=0\\}", "\\{2,3\\}"],
    ["\\{x\\mid (x-1)(x-2)(x+3)=0\\}", "\\{1,2,-3\\}"],
    ["\\{x\\mid x^2=2\\}", "\\{\\sqrt2,-\\sqrt2\\}"],
    ["\\{x\\mid 2x+1=7\\}", "\\{3\\}"],
    ["\\{x\\mid x^2=4\\}", "\\{y\\mid y^2=4\\}"],
    ["\\{x\\mid x^2=4\\}", "\\{x\\mid x^2-4=0\\}"],
    ["\\{x\\mid x^2=0\\}", "\\{0\\}"],
    ["\\{x\\in\\mathbb{R}\\mid x^2=-1\\}", "\\emptyset"],
    ["\\{n\\in\\mathbb{Z}\\mid 1\\le n\\le 5\\}", "\\{1,2,3,4,5\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid -2<n<3\\}", "\\{-1,0,1,2\\}"],
    ["\\{n\\mid -2<n<3, n\\in\\mathbb{Z}\\}", "\\{-1,0,1,2\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid |n|\\le 2\\}", "\\{-2,-1,0,1,2\\}"],
    ["\\{n\\in\\mathbb{N}^*\\mid n\\le 3\\}", "\\{1,2,3\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid n^2<5\\}", "\\{-2,-1,0,1,2\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid n\\ge 1\\}", "\\{m\\in\\mathbb{Z}\\mid m\\ge 1\\}"],
    ["\\{x\\mid x^2<4\\}", "(-2,2)"],
    ["[2,5)", "\\{x : 2\\le x<5\\}"],
    ["\\{x \\mid x>3\\}", "x>3"],
    ["\\{2k: k\\in\\mathbb{Z}\\}", "\\{2n \\mid n\\in\\mathbb{Z}\\}"],
  ],
  [
    ["\\{x\\mid x^2=4\\}", "\\{2\\}"],
    ["\\{x\\mid x^2=4\\}", "\\{-2,2,4\\}"],
    ["\\{x\\mid x^2=4\\}", "\\{x\\mid x^2=2\\}"],
    ["\\{x\\mid x^2=4\\}", "\\{x\\mid x=2\\}"],
    ["\\{x\\in\\mathbb{N}\\mid x^2=4\\}", "\\{2,-2\\}"],
    ["-2,2", "x^2=4"],
    ["\\{-2,2\\}", "x^2=4"],
    ["\\{n\\in\\mathbb{Z}\\mid 1\\le n\\le 5\\}", "[1,5]"],
    ["\\{n\\in\\mathbb{Z}\\mid 1\\le n\\le 5\\}", "\\{1,2,3,4\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid 1\\le n\\le 5\\}", "\\{1,5\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid 1< n\\le 5\\}", "\\{1,2,3,4,5\\}"],
    ["\\{n\\in\\mathbb{Z}\\mid n\\ge 1\\}", "[1,\\infty)"],
    ["\\{n\\in\\mathbb{Z}\\mid n\\ge 1\\}", "\\{n\\in\\mathbb{Z}\\mid n\\ge 2\\}"],
    ["\\{x\\mid x^3=8\\}", "\\{2,3\\}"],
    ["\\{x\\mid x^2=4\\}", "\\{y\\mid z^2=4\\}"],
  ],
);

checkForms(
  "piecewise functions",
  [
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}2,&n\\text{ even}\\\\3,&n\\text{ odd}\\end{cases}",
    ],
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}3&\\text{if }n\\text{ is odd}\\\\2&\\text{if }n\\text{ is even}\\end{cases}",
    ],
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}2 \\text{ if } n \\text{ is even}\\\\3 \\text{ if } n \\text{ is odd}\\end{cases}",
    ],
    [
      "\\begin{cases}x^2&\\text{if }x\\ge1\\\\2x-1&\\text{if }x<1\\end{cases}",
      "f(x)=\\begin{cases}2x-1,& x<1\\\\ x^2,& x\\ge 1\\end{cases}",
    ],
    [
      "\\begin{cases}1 & x>0\\\\ 0 & x=0\\\\ -1 & x<0\\end{cases}",
      "\\begin{cases}-1, & \\text{for } x<0\\\\ 0, & \\text{for } x=0\\\\ 1, & \\text{for } x>0\\end{cases}",
    ],
    [
      "\\begin{cases}n/2 & n\\text{ even}\\\\ 3n+1 & n\\text{ odd}\\end{cases}",
      "\\begin{cases}\\frac n2 & \\text{if }n\\text{ is even}\\\\ 1+3n & \\text{if }n\\text{ is odd}\\end{cases}",
    ],
    [
      "\\begin{cases}1&x>0\\\\0&\\text{otherwise}\\end{cases}",
      "\\begin{cases}1,&\\text{if }x>0,\\\\0,&\\text{otherwise}.\\end{cases}",
    ],
    ["\\begin{cases}x=1\\\\y=2\\end{cases}", "x=1,y=2"],
    ["\\begin{cases}x+y=3\\\\x-y=1\\end{cases}", "\\begin{cases}x-y&=1\\\\x+y&=3\\end{cases}"],
  ],
  [
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}3,&n\\text{ even}\\\\2,&n\\text{ odd}\\end{cases}",
    ],
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}2,&n\\text{ odd}\\\\3,&n\\text{ even}\\end{cases}",
    ],
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}2,&n\\text{ prime}\\\\3,&n\\text{ composite}\\end{cases}",
    ],
    [
      "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}",
      "\\begin{cases}2,&m\\text{ even}\\\\3,&m\\text{ odd}\\end{cases}",
    ],
    ["\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}", "2,3"],
    ["\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}", "2"],
    [
      "\\begin{cases}1&x>0\\\\0&\\text{otherwise}\\end{cases}",
      "\\begin{cases}1&x<0\\\\0&\\text{otherwise}\\end{cases}",
    ],
    [
      "\\begin{cases}1&x>0\\\\0&\\text{otherwise}\\end{cases}",
      "\\begin{cases}0&x>0\\\\1&\\text{otherwise}\\end{cases}",
    ],
    ["\\begin{cases}2&x>0\\\\3&x\\le0\\end{cases}", "\\begin{cases}2&x\\ge0\\\\3&x<0\\end{cases}"],
    ["2", "\\begin{cases}2&\\text{if } n \\text{ is even}\\\\3&\\text{if } n \\text{ is odd}\\end{cases}"],
  ],
);
