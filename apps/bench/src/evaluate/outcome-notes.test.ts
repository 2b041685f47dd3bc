import type { EvaluationResults } from "@soft-tokens/evals";
import { describe, expect, test } from "vitest";
import { outcomeNotes } from "./outcome-notes.ts";

const none = {
  samples: 20,
  correct: 0,
  wrong: 20,
  noAnswer: 0,
  graderTimeout: 0,
  errors: 0,
  limitReached: 0,
};
const notes = (...outcomes: readonly object[]) =>
  outcomeNotes({
    results: outcomes.map((given) => ({ mode: "soft-greedy", outcomes: { ...none, ...given } })),
  } as unknown as EvaluationResults);

describe("notes on samples without a verdict", () => {
  test("are there for each mode that has some, so that a silent grader is no 0 %", () => {
    expect(notes({ graderTimeout: 20 }, {}, { graderTimeout: 1, errors: 2 })).toEqual([
      "soft-greedy: of 20 samples the grader gave up on 20; they count as not correct",
      "soft-greedy: of 20 samples the grader gave up on 1 and 2 failed; they count as not correct",
    ]);
  });

  test("are not there where every sample was graded", () => {
    expect(notes({}, { correct: 20, wrong: 0 })).toEqual([]);
  });
});
