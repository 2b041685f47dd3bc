/** Relations whose unknowns are too small beside their numbers for doubles to see. */
import { checkForms } from "../fixtures/check-forms.ts";

checkForms(
  "relations with large numbers",
  [
    ["x > 10^{12}", "x - 10^{12} > 0"],
    ["x > 10^{12}", "10^{12} < x"],
    ["2x = 10^{20}", "x = 5 \\cdot 10^{19}"],
  ],
  [
    ["AB > 54!", "AB \\cdot 0 > 54"],
    ["x > 10^{12}", "x > 10^{12} + 1"],
    ["x > 54!", "x > 53!"],
    ["|0|/x \\le 3", "5|0|/x \\le 7"],
  ],
);
