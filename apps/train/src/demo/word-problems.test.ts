import { createTokenizer } from "@soft-tokens/model";
import { RandomKey } from "@soft-tokens/tensor";
import { describe, expect, test } from "vitest";
import { demoTokenizer } from "./tokenizer.ts";
import { goodWorking, guessing, LARGEST_NUMBER, selectProblems } from "./word-problems.ts";

const key = RandomKey.fromSeed(5);

describe("word problems", () => {
  test("are a function of the key, and a longer selection begins with the shorter one", () => {
    expect(selectProblems(key, 20, "train").slice(0, 5)).toEqual(selectProblems(key, 5, "train"));
    expect(selectProblems(key, 5, "train")).not.toEqual(selectProblems(key.fold("other"), 5, "train"));
  });

  test("are worked out rightly, in numbers that have a token", () => {
    for (const { answer, steps } of selectProblems(key, 200, "train")) {
      const [first, second] = steps;
      expect(second.left).toBe(first.result);
      expect(second.result).toBe(answer);
      for (const { left, operation, right, result } of steps) {
        const expected = { "+": left + right, "-": left - right, "*": left * right }[operation];
        expect(result).toBe(expected);
        expect(result).toBeLessThanOrEqual(LARGEST_NUMBER);
      }
    }
  });

  test("for tests are never trained on", () => {
    const train = new Set(selectProblems(key, 300, "train").map(({ question }) => question));
    const held = selectProblems(key, 100, "test");
    expect(held.some(({ question }) => train.has(question))).toBe(false);
    // By their text alone, so that no other key can bring a test problem into training.
    const others = selectProblems(key.fold("other"), 2000, "train").map(({ question }) => question);
    expect(held.some(({ question }) => others.includes(question))).toBe(false);
  });

  test("and their workings survive the tokenizer without an unknown word", () => {
    const { tokenizer, settings } = demoTokenizer();
    const tokens = createTokenizer({
      definition: tokenizer as Record<string, unknown>,
      settings: settings as Record<string, unknown>,
      file: "tokenizer.json",
      eosTokenIds: [1],
    });
    const unknown = tokens.encode("xyzzy")[0];
    for (const problem of selectProblems(key, 100, "test")) {
      for (const text of [
        `User: ${problem.question} Assistant:`,
        goodWorking(problem),
        guessing(problem, key),
      ]) {
        const ids = tokens.encode(text);
        expect(tokens.decode(ids)).toBe(text);
        expect(ids).not.toContain(unknown);
      }
    }
  });
});
