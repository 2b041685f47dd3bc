import { describe, expect, it } from "vitest";
import { compileStopPattern, StopMatcher } from "./stop-matcher.ts";

const encoder = new TextEncoder();

/** Feeds the tokens; [index of the token that completes the string, overhang] or null. */
function find(stop: string, tokens: readonly (string | Uint8Array)[]): [number, number] | null {
  const matcher = new StopMatcher(compileStopPattern(stop));
  for (const [index, token] of tokens.entries()) {
    const overhang = matcher.push(typeof token === "string" ? encoder.encode(token) : token);
    if (overhang >= 0) return [index, overhang];
  }
  return null;
}

/** A small linear congruential generator: the same cuts on every machine. */
function cuts(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe("StopMatcher", () => {
  it("finds a string that a single token holds, at step 0", () => {
    expect(find("is: ", ["is: "])).toEqual([0, 0]);
    expect(find("is: ", ["answer is: 42"])).toEqual([0, 2]);
  });

  it("finds a string that straddles token borders", () => {
    expect(find("The final answer is: ", ["x The", " fin", "al", " answer", " is", ":", " "])).toEqual([
      6, 0,
    ]);
  });

  it("counts the overhang of a token that goes on behind the string", () => {
    expect(find("is: ", ["is", ":", " \\", "boxed"])).toEqual([2, 1]);
  });

  it("goes back to the right place after a false start", () => {
    expect(find("aab", ["aa", "a", "b"])).toEqual([2, 0]);
    expect(find("abab!", ["aba", "bab", "!"])).toEqual([2, 0]);
    expect(find("The The end", ["The The The", " end"])).toEqual([1, 0]);
  });

  it("does not find what is missing one byte", () => {
    expect(find("is: ", ["is", ":"])).toBeNull();
    expect(find("is: ", ["Is: "])).toBeNull();
    expect(find("is: ", [])).toBeNull();
  });

  it("passes over tokens without text", () => {
    expect(find("ab", ["a", "", "b"])).toEqual([2, 0]);
  });

  it("finds characters whose bytes are split over tokens", () => {
    const bytes = encoder.encode("答え😀");
    const tokens = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(find("え😀", tokens)).toEqual([bytes.length - 1, 0]);
  });

  it("refuses the empty string", () => {
    expect(() => compileStopPattern("")).toThrow(RangeError);
  });

  it("agrees with a plain search for any cuts of a text with multi-byte characters", () => {
    const text = "ééé The final answer ís: é The final The final answer is😀: The final answer is: é😀 {答}";
    const bytes = encoder.encode(text);
    const next = cuts(7);
    for (let round = 0; round < 2000; round++) {
      const begin = next(bytes.length);
      const pattern = Buffer.from(
        bytes.subarray(begin, begin + 1 + next(Math.min(24, bytes.length - begin))),
      );
      const stop = pattern.toString("utf8");
      if (stop.includes("\ufffd")) continue; // the pattern cut a character, and a stop string is text
      const tokens: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = next(7); // 0: a token without text
        tokens.push(bytes.subarray(at, at + length));
        at += length;
      }
      const end = Buffer.from(bytes).indexOf(pattern) + pattern.length;
      let seen = 0;
      const index = tokens.findIndex((token) => {
        seen += token.length;
        return seen >= end;
      });
      expect(find(stop, tokens), `stop ${JSON.stringify(stop)}, round ${round}`).toEqual([index, seen - end]);
    }
  });
});
