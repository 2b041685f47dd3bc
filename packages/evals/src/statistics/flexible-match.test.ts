import { expect, test } from "vitest";
import { flexibleMatch } from "./flexible-match.ts";

test.each([
  ["He has 3, then 72", "72", true],
  ["It costs $1,234.", "1234", true],
  ["The final answer is: \\boxed{72", "72", true], // an open box, which the strict reading refuses
  ["72 at first, but 5 in the end", "72", false],
  ["72.0", "72", false], // compared as text
  ["-4", "-4", true],
  ["none", "72", false],
])("the last number of %j is %s: %s", (text, reference, matches) => {
  expect(flexibleMatch(text, reference)).toBe(matches);
});
