import { describe, expect, it } from "vitest";
import { presets } from "../reward/presets.ts";
import { BadLine, gradeLine } from "./grade-line.ts";

const grade = (line: string): string => gradeLine(line, presets.auto, {});

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
});
