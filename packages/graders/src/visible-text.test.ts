import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { visibleLine, visibleText } from "./visible-text.ts";

describe("text for a terminal", () => {
  it.each([
    ["a title", "\x1b]0;PWNED\x07", "\\u001b]0;PWNED\\u0007"],
    ["a colour", "\x1b[31;1m7", "\\u001b[31;1m7"],
    ["8-bit escapes", "\x9b2J\x90q\x9c", "\\u009b2J\\u0090q\\u009c"],
    ["a line written over", "wrong\rright", "wrong\\u000dright"],
    ["backspaces and DEL", "no\b\byes\x7f", "no\\u0008\\u0008yes\\u007f"],
    ["a form feed", "\f\v\0", "\\u000c\\u000b\\u0000"],
    ["text in another order", "\u202e12\u202c \u2066x\u2069", "\\u202e12\\u202c \\u2066x\\u2069"],
  ])("shows %s", (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it.each([
    "two\nlines\tand a tab",
    "Ärger, 漢字, العربية, עברית",
    "👩‍👩‍👧 é ½ \u00a0\u200f",
    "C:\\u001b \\x1b",
  ])("leaves %j as it is", (text) => {
    expect(visibleText(text)).toBe(text);
  });

  it("keeps the value of JSON", () => {
    const units = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(units, (text) => {
        const shown = visibleText(JSON.stringify({ text }));
        expect(JSON.parse(shown)).toEqual({ text });
        expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it("keeps one line one line", () => {
    expect(visibleLine("a\r\nb")).toBe("a\\u000d\\nb");
  });
});
