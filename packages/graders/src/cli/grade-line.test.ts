import { describe, expect, it } from "vitest";
import { gradeWithPreset, type PresetName, presets } from "../reward/presets.ts";
import { BadLine, readLine } from "./grade-line.ts";

function grade(line: string, preset: PresetName = "auto"): string {
  const { item, withGrade } = readLine(line, preset);
  const { extraction: _, ...rest } = gradeWithPreset(presets[preset], item.text, item.gold, item.options);
  return withGrade({ status: "graded", boxed: false, ...rest });
}

describe("a line", () => {
  it("keeps its fields as they are written and gets its grade", () => {
    expect(grade('{"id": 12345678901234567890, "gold": "1/2", "answer": "0.5"}')).toBe(
      '{"id": 12345678901234567890, "gold": "1/2", "answer": "0.5","correct":true,"reward":100,"extracted":"0.5","reason":"equal as exact numbers"}',
    );
  });

  it("has its old grade replaced", () => {
    expect(JSON.parse(grade('{"gold":"1","answer":"2","correct":true}'))).toMatchObject({
      correct: false,
      reward: 0,
    });
  });

  it("may have numbers for texts, exact ones too", () => {
    expect(JSON.parse(grade('{"gold":72,"answer":72.0}'))).toMatchObject({ correct: true });
    expect(JSON.parse(grade('{"gold":12345678901234567890,"answer":"12345678901234567891"}'))).toMatchObject({
      correct: false,
    });
  });

  it("may have null for an answer that was not given", () => {
    expect(JSON.parse(grade('{"gold":"1","answer":null}'))).toMatchObject({
      correct: false,
      extracted: null,
    });
  });

  it("exposes an answer that only repeats its question", () => {
    const line =
      '{"gold":"5/6","answer":"\\\\frac12+\\\\frac13","question":"What is $\\\\frac12+\\\\frac13$?"}';
    expect(JSON.parse(grade(line))).toMatchObject({ correct: false });
  });

  it.each([
    ["nonsense", "not JSON"],
    ["[1]", "not a JSON object"],
    ['{"answer":"1"}', '"gold" is missing'],
    ['{"gold":"1"}', '"answer" is missing'],
    ['{"gold":null,"answer":"1"}', '"gold" is neither'],
    ['{"gold":["1"],"answer":"1"}', '"gold" is neither'],
  ])("that cannot be graded says why: %s", (line, message) => {
    expect(() => grade(line)).toThrow(BadLine);
    expect(() => grade(line)).toThrow(message);
  });

  it.each([
    [
      '{"final_answer":["4.2"],"unit":"%","error":"1e-1","is_multiple_answer":false,"answer":"4.3"}',
      "olympiad",
    ],
    [
      '{"final_answer":["$69$,$84$"],"unit":null,"error":null,"is_multiple_answer":true,"answer":"84, 69"}',
      "olympiad",
    ],
    ['{"gold":"B","choices":["one","two"],"answer":"The answer is two."}', "choice"],
    ['{"gold":"two","endings":["one","two"],"answer":"(B)"}', "choice"],
  ] satisfies [string, PresetName][])("takes the fields of its preset: %s", (line, preset) => {
    expect(JSON.parse(grade(line, preset))).toMatchObject({ correct: true });
  });

  it.each([
    ['{"gold":"1","unit":5,"answer":"1"}', "olympiad", '"unit"'],
    ['{"gold":"1","error":"small","answer":"1"}', "olympiad", '"error"'],
    ['{"gold":"1","is_multiple_answer":"no","answer":"1"}', "olympiad", '"is_multiple_answer"'],
    ['{"final_answer":[1],"answer":"1"}', "olympiad", '"final_answer"'],
    ['{"gold":"A","choices":"one","answer":"1"}', "choice", '"choices"'],
  ] satisfies [string, PresetName, string][])("names a field that is wrong: %s", (line, preset, field) => {
    expect(() => grade(line, preset)).toThrow(field);
  });

  it("says what kept it from a verdict", () => {
    const { withGrade } = readLine('{"gold":"1","answer":"2","status":"graded"}', "auto");
    const verdict = {
      correct: false,
      reward: 0,
      boxed: false,
      extracted: null,
      reason: "slow",
      verdict: null,
    };
    expect(JSON.parse(withGrade({ status: "timeout", ...verdict }))).toMatchObject({ status: "timeout" });
    expect(JSON.parse(withGrade({ status: "graded", ...verdict }))).not.toHaveProperty("status");
  });
});
