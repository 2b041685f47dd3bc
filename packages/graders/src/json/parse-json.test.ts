import { describe, expect, it } from "vitest";
import { MAX_JSON_DEPTH, parseJson } from "./parse-json.ts";

const nested = (depth: number, open = "[", close = "]") => open.repeat(depth) + close.repeat(depth);

describe("parseJson", () => {
  it("reads what JSON.parse reads", () => {
    for (const text of [
      '{"a":[1,{"b":null}],"c":"x"}',
      "  3 ",
      '"\\\\"',
      '["\\"[[[", "{{{\\\\", ""]',
      nested(MAX_JSON_DEPTH),
      `[${"[],".repeat(10_000)}[]]`,
    ]) {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }
  });

  it("counts no brackets inside strings", () => {
    const text = "[".repeat(MAX_JSON_DEPTH + 1);
    expect(parseJson(JSON.stringify([text, `\\"${text}`, `${text}\\`]))).toEqual([
      text,
      `\\"${text}`,
      `${text}\\`,
    ]);
  });

  it.each([
    ["lists", nested(MAX_JSON_DEPTH + 1)],
    ["objects", nested(100_000, '{"a":', "}").replace(":}", ":1}")],
    ["a list that never ends", "[".repeat(1_000_000)],
    ["lists after a string", `["\\\\",${nested(MAX_JSON_DEPTH)}]`],
  ])("refuses %s nested too deep as a SyntaxError with the place", (_, text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
    expect(() => parseJson(text)).toThrow(/nested more than 256 levels deep at position \d+/);
  });

  it("throws a SyntaxError for what is not JSON", () => {
    for (const text of ["", "{", '"', '"\\"', "[1,]", "NaN", "]]]"]) {
      expect(() => parseJson(text), text).toThrow(SyntaxError);
    }
  });
});
