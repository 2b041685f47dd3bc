import { expect, test } from "vitest";
import { makeResults } from "../fixtures/make-results.ts";
import { formatGrid, formatPassAt } from "./format-grid.ts";

const zeros = [0, 0, 0, 0, 0, 0, 0, 0];
const fours = [4, 4, 4, 4, 4, 4, 4, 4];
const ones = [1, 1, 1, 1, 1, 1, 1, 1];

test("the grid shows accuracy, difference and interval of every training and mode", () => {
  const grid = formatGrid([
    {
      training: "base",
      results: makeResults({ "hard-sample": [0, 1, 2, 3, 0, 1, 2, 3], "soft-greedy": ones }),
    },
    { training: "soft", results: makeResults({ "hard-sample": [1, 2, 3, 4, 1, 2, 3, 4] }) },
  ]);
  expect(grid).toMatchInlineSnapshot(`
    "sums: accuracy in %, 8 questions, 4 samples each when sampled, 95 % intervals

    training         hard-sample   soft-greedy
    ------------------------------------------
    base             37.5         100.0
                    18.8 to 56.3 67.6 to 100.0
    soft             62.5 +25.0*
                    43.8 to 81.3
    ------------------------------------------
    second figure: difference to base, * where its interval leaves out zero"
  `);
});

test("six modes and long names fit 100 columns", () => {
  const all = {
    "hard-greedy": zeros,
    "hard-sample": fours,
    "soft-greedy": ones,
    "soft-sample": zeros,
    "fuzzy-greedy": ones,
    "fuzzy-sample": fours,
  };
  const flipped = { ...all, "hard-sample": zeros, "soft-sample": fours };
  const grid = formatGrid([
    { training: "a name that is far too long for its column", results: makeResults(all) },
    { training: "other", results: makeResults(flipped) },
  ]);
  expect(Math.max(...grid.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(grid).toContain("-100.0*");
  expect(grid).toContain("+100.0*");
});

test("a narrow terminal has modes below each other", () => {
  const results = makeResults({
    "hard-greedy": zeros,
    "hard-sample": fours,
    "soft-greedy": ones,
    "soft-sample": zeros,
    "fuzzy-greedy": ones,
    "fuzzy-sample": fours,
  });
  const lines = formatGrid([{ training: "base", results }], { columns: 80 }).split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(80);
  expect(lines.filter((line) => line.startsWith("training"))).toEqual([
    "training         hard-greedy   hard-sample   soft-greedy",
    "training         soft-sample  fuzzy-greedy  fuzzy-sample",
  ]);
});

test("pass@k and the majority vote are those of the sampled modes, with intervals", () => {
  const results = makeResults({ "hard-greedy": ones, "soft-sample": [0, 1, 2, 3, 4, 4, 2, 2] });
  expect(formatPassAt(results)).toMatchInlineSnapshot(`
    "inference             pass@2        pass@4      majority
    --------------------------------------------------------
    soft-sample      75.0          87.5          56.3
                    50.0 to 93.8 62.5 to 100.0  31.3 to 81.3
    --------------------------------------------------------"
  `);
  expect(formatPassAt(makeResults({ "hard-greedy": ones }))).toBe("");
});

test("what is missing, failed or of other questions is said and not compared", () => {
  const base = makeResults({ "hard-sample": ones });
  const other = makeResults({ "hard-sample": fours }, { checksum: "another file", complete: false });
  const result = other.results[0];
  if (result) result.outcomes.errors = 2;
  const grid = formatGrid([
    { training: "base", results: base },
    { training: "other", results: other },
  ]);
  expect(grid).toContain("other: 2 samples failed with an error and count as not correct");
  expect(grid).toContain("other: not complete");
  expect(grid).not.toContain("+75.0");
  expect(formatGrid([])).toBe("");
});
