import { expect, test } from "vitest";
import { sourceNotes } from "./source-notes.ts";

const source = { file: "sums.jsonl", sha256: "abc", format: "jsonl", rows: 10, duplicates: 0, skipped: 0 };

test("rows left out, repeated questions and trained ones are told, and nothing where there is nothing", () => {
  expect(sourceNotes({ source, questions: 10 })).toEqual([]);
  const contamination = { file: "train.jsonl", sha256: "def", rows: 3, ids: ["1"] };
  expect(
    sourceNotes({ source: { ...source, skipped: 1, duplicates: 2 }, questions: 4, contamination }),
  ).toEqual([
    "1 row of sums.jsonl could not be read and was left out",
    "2 of the 10 questions of sums.jsonl repeat earlier ones; all count",
    "1 of 4 questions also stands in train.jsonl",
  ]);
});
