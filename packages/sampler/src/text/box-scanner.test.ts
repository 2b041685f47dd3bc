import { describe, expect, it } from "vitest";
import { BoxScanner } from "./box-scanner.ts";

/** Index of the token that closes the box, or -1. */
function closedAt(prefix: string, ...tokens: string[]): number {
  const encoder = new TextEncoder();
  const scanner = new BoxScanner(encoder.encode(prefix));
  return tokens.findIndex((token) => scanner.push(encoder.encode(token)));
}

describe("BoxScanner", () => {
  it("closes at the brace that matches the prefix", () => {
    expect(closedAt("\\boxed{", "4", "2", "}", " ok")).toBe(2);
    expect(closedAt("\\boxed{", "42}. So")).toBe(0);
  });

  it("counts nested braces", () => {
    expect(closedAt("\\boxed{", "\\frac{1", "}{2", "}", "}")).toBe(3);
    expect(closedAt("\\boxed{", "{{", "}}", "}")).toBe(2);
  });

  it("does not count escaped braces, also where backslash and brace are two tokens", () => {
    expect(closedAt("\\boxed{", "\\{1, 2\\}", "}")).toBe(1);
    expect(closedAt("\\boxed{", "\\", "}", "}")).toBe(2);
    expect(closedAt("\\boxed{", "\\{", "}")).toBe(1);
  });

  it("counts a brace behind a double backslash", () => {
    expect(closedAt("\\boxed{", "a\\\\", "}")).toBe(1);
    expect(closedAt("\\boxed{", "a\\\\\\", "}", "}")).toBe(2);
  });

  it("waits for a box in the answer where the prefix opens none", () => {
    expect(closedAt("Answer:", "}", "42}", "}")).toBe(-1);
    expect(closedAt("Answer:", "}", "\\boxed{", "42}")).toBe(2);
  });

  it("takes further braces of the prefix into account", () => {
    expect(closedAt("{\\boxed{", "1}", "}")).toBe(1);
    expect(closedAt("{} \\boxed{", "1", "}")).toBe(1);
  });
});
