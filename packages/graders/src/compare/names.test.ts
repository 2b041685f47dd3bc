/** What the names beside the values say about their order, and what they leave to the reader. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "coordinates in another order",
  [
    ["(x,y)=(1,2)", "(y,x)=(2,1)"],
    ["(1,2)", "y=2, x=1"],
    ["1,2", "y=2, x=1"],
    ["(1,2,3)", "c=3, a=1, b=2"],
    ["(x,y)=(1,2)", "(a,b)=(1,2)"],
    ["(2,1)", "k=2, h=1"],
  ],
  [
    ["(x,y)=(1,2)", "(y,x)=(1,2)"],
    ["(2,1)", "y=2, x=1"],
    ["2,1", "y=2, x=1"],
    ["(a,b)=(1,2)", "(b,a)=(1,2)"],
  ],
);

checkForms(
  "a sum that is asked for",
  [
    ["7", "m+n=7"],
    ["7", "m + n = 3 + 4 = 7"],
    ["a+b+c = 12", "12"],
    ["p+q=10", "p + q = 10"],
  ],
  [
    ["7", "m+n=8"],
    ["m=7", "m+n=7"],
    ["m-n=7", "m+n=7"],
    ["a+b=7", "m+n=7"],
    ["5", "x+y=5"],
    ["7", "2m+n=7"],
    ["p", "m+n=p"],
  ],
);

checkForms(
  "one value in two spellings",
  [["2.5", "\\frac{5}{2} \\text{ or } 2.5"]],
  [
    ["5", "5 \\text{ or } 5.1"],
    ["5", "5 \\text{ or } x"],
    ["2.5", "\\frac52, 2.5"],
  ],
);
