import { describe, expect, it } from "vitest";
import { forcedTextAfterLimit, forcedTextAfterStop } from "./forced-text.ts";

const rules = { stopString: "The final answer is: ", answerPrefix: "\\boxed{" };
const bytes = (text: string) => new TextEncoder().encode(text);

describe("forcedTextAfterStop", () => {
  it("is the whole prefix when the thought ends with the stop string", () => {
    expect(forcedTextAfterStop(rules, bytes(""))).toBe("\\boxed{");
  });

  it("is the remainder when the last token began the prefix", () => {
    expect(forcedTextAfterStop(rules, bytes("\\"))).toBe("boxed{");
    expect(forcedTextAfterStop(rules, bytes("\\boxed"))).toBe("{");
    expect(forcedTextAfterStop(rules, bytes("\\boxed{"))).toBe("");
  });

  it("is the whole prefix when the last token went elsewhere or further", () => {
    expect(forcedTextAfterStop(rules, bytes("$"))).toBe("\\boxed{");
    expect(forcedTextAfterStop(rules, bytes("\\b {"))).toBe("\\boxed{");
    expect(forcedTextAfterStop(rules, bytes("\\boxed{4"))).toBe("\\boxed{");
  });

  it("never forces half a character", () => {
    const prefix = { ...rules, answerPrefix: "答{" };
    expect(forcedTextAfterStop(prefix, bytes("答").subarray(0, 1))).toBe("答{");
    expect(forcedTextAfterStop(prefix, bytes("答"))).toBe("{");
  });
});

describe("forcedTextAfterLimit", () => {
  it("separates the sentence from a text that does not end in white space", () => {
    expect(forcedTextAfterLimit(rules, 0x2e)).toBe(" The final answer is: \\boxed{");
    expect(forcedTextAfterLimit(rules, undefined)).toBe(" The final answer is: \\boxed{");
  });

  it("adds no space where there is one", () => {
    expect(forcedTextAfterLimit(rules, 0x20)).toBe("The final answer is: \\boxed{");
    expect(forcedTextAfterLimit(rules, 0x0a)).toBe("The final answer is: \\boxed{");
    expect(forcedTextAfterLimit({ ...rules, stopString: "\n\nSo: " }, 0x2e)).toBe("\n\nSo: \\boxed{");
  });
});
