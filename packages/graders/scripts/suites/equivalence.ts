/** The equivalence cases: is the answer in `pred` equal to `gold`? Each case runs with its own settings. */
import { type GradeOptions, gradeResponse } from "../../src/index.ts";
import { type Finding, fingerprint, oneLine, params, type Row, readRows, text } from "./data.ts";

/** Findings for every case with a yes or no expectation; `hasSettings` false ignores the cases' own settings. */
export function checkEquivalence(hasSettings: boolean): readonly Finding[] {
  return readRows("graders/equivalence_cases.jsonl").flatMap((row) => {
    const expected = row.fields.expected_bool;
    const gold = text(row, "gold");
    if (typeof expected !== "boolean" || gold === null) return [];
    const answer = text(row, "pred") ?? "";
    const grade = gradeResponse(answer, gold, hasSettings ? settingsOf(row) : {});
    const outcome = grade.correct ? "false positive" : "false negative";
    return [
      {
        key: `equivalence ${row.index} ${fingerprint(row)}`,
        isAgreement: grade.correct === expected,
        detail: `${outcome}: ${oneLine(gold)} | ${oneLine(answer)} | ${grade.reason}`,
      },
    ];
  });
}

function settingsOf(row: Row): GradeOptions {
  const { precision, reasoning_delimiters: marks } = params(row);
  return {
    ...(typeof precision === "number" ? { decimals: precision } : {}),
    ...(Array.isArray(marks) ? { reasoningEnds: marks as string[] } : {}),
  };
}
