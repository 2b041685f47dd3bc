import type { Tokenizer } from "@soft-tokens/model";
import { describe, expect, it } from "vitest";
import { defaultGenerationSettings } from "../settings.ts";
import { SampleText, sampleRules } from "./sample-text.ts";
import { TokenText } from "./token-text.ts";

/** Tokens as an ordinary byte-pair vocabulary would have them; "" stands for special tokens. */
const END = 0;
const TOKENS = [
  "",
  "The",
  " final",
  " answer",
  " is",
  ":",
  " ",
  " \\",
  "boxed",
  "{",
  "4",
  "}",
  "\\",
  " $",
  ".\n",
  "The final answer is: ",
  "so The final answer is: \\boxed{",
  "\\{",
  " The",
  "x",
];

/** Greedy longest match; what the real tokenizer does is tested in its own package. */
const tokenizer: Tokenizer = {
  vocabularySize: TOKENS.length,
  bosTokenId: null,
  eosTokenIds: [END],
  encode(text) {
    const ids: number[] = [];
    for (let rest = text; rest !== ""; ) {
      const fits = TOKENS.map((token, id) => ({ token, id })).filter(
        ({ token, id }) => token !== "" && id !== 15 && id !== 16 && rest.startsWith(token),
      );
      const best = fits.reduce((a, b) => (b.token.length > a.token.length ? b : a));
      ids.push(best.id);
      rest = rest.slice(best.token.length);
    }
    return ids;
  },
  decode: (ids) => ids.map((id) => TOKENS[id]).join(""),
  tokenBytes: (id) => new TextEncoder().encode(TOKENS[id]),
};

const text = new TokenText(tokenizer);

function start(overrides: Partial<typeof defaultGenerationSettings> = {}): SampleText {
  const settings = { ...defaultGenerationSettings, ...overrides };
  return new SampleText(sampleRules(settings, text, new Set([END])));
}

/** Thinks the tokens (by text) and returns the sample. */
function think(sample: SampleText, ...tokens: string[]): SampleText {
  for (const token of tokens) {
    expect(sample.phase).toBe("thinking");
    sample.acceptThought(TOKENS.indexOf(token));
  }
  return sample;
}

function feedForced(sample: SampleText): SampleText {
  while (sample.phase === "forced") sample.takeForced();
  return sample;
}

describe("SampleText", () => {
  it("goes from the stop string to the forced prefix and the answer", () => {
    const sample = think(start(), "x", " The", " final", " answer", " is", ":", " ");
    expect(sample).toMatchObject({ phase: "forced", thoughtStop: "stop-string" });
    expect(text.decode(sample.forcedIds)).toBe("\\boxed{");
    feedForced(sample);
    sample.acceptAnswer(TOKENS.indexOf("4"));
    sample.acceptAnswer(TOKENS.indexOf("}"));
    expect(sample).toMatchObject({ phase: "done", answerStop: "closed-box" });
  });

  it("forces the remainder when a token reaches over the stop string", () => {
    const sample = think(start(), "The", " final", " answer", " is", ":", " \\");
    expect(sample.thoughtStop).toBe("stop-string");
    expect(text.decode(sample.forcedIds)).toBe("boxed{");
  });

  it("forces the whole prefix when the token reaches elsewhere", () => {
    const sample = think(start(), "The", " final", " answer", " is", ":", " $");
    expect(text.decode(sample.forcedIds)).toBe("\\boxed{");
  });

  it("stops at step 0 and needs no forced token where all is written", () => {
    expect(think(start(), "The final answer is: ").thoughtStop).toBe("stop-string");
    const whole = think(start(), "so The final answer is: \\boxed{");
    expect(whole).toMatchObject({ phase: "answering", forcedIds: [] });
  });

  it("appends the whole sentence at the limit, also behind its own beginning", () => {
    const sample = think(start({ maxThoughtSteps: 3 }), "The", " final", " answer");
    expect(sample).toMatchObject({ phase: "forced", thoughtStop: "limit" });
    expect(text.decode(sample.forcedIds)).toBe(" The final answer is: \\boxed{");
  });

  it("adds no second space at the limit", () => {
    const sample = think(start({ maxThoughtSteps: 1 }), ".\n");
    expect(text.decode(sample.forcedIds)).toBe("The final answer is: \\boxed{");
  });

  it("prefers the stop string to the limit when both come at one step", () => {
    expect(think(start({ maxThoughtSteps: 1 }), "The final answer is: ").thoughtStop).toBe("stop-string");
  });

  it("takes an end-of-sequence token as the end of the thought", () => {
    const sample = think(start({ maxThoughtSteps: 2 }), ".\n", "");
    expect(sample).toMatchObject({ thoughtStop: "end-of-sequence", shadowIds: [TOKENS.indexOf(".\n"), END] });
    expect(text.decode(sample.forcedIds)).toBe("The final answer is: \\boxed{");
  });

  it("begins with the forced text when no thought is allowed", () => {
    const sample = start({ maxThoughtSteps: 0 });
    expect(sample).toMatchObject({ phase: "forced", thoughtStop: "limit", shadowIds: [] });
    expect(text.decode(sample.forcedIds)).toBe(" The final answer is: \\boxed{");
  });

  it("is done without an answer when none is allowed", () => {
    const sample = think(start({ maxAnswerTokens: 0 }), "The final answer is: ");
    expect(sample).toMatchObject({ phase: "done", answerStop: "limit", answerIds: [] });
    expect(start({ maxAnswerTokens: 0, maxThoughtSteps: 0 }).phase).toBe("done");
  });

  it("ends the answer at its limit and at an end-of-sequence token, which is part of its ids", () => {
    const limited = feedForced(start({ maxThoughtSteps: 0, maxAnswerTokens: 2 }));
    limited.acceptAnswer(TOKENS.indexOf("4"));
    expect(limited.hasRoomAfterNextAnswerToken).toBe(false);
    limited.acceptAnswer(TOKENS.indexOf("4"));
    expect(limited).toMatchObject({ phase: "done", answerStop: "limit" });
    const ended = feedForced(start({ maxThoughtSteps: 0, maxAnswerTokens: 2 }));
    ended.acceptAnswer(END);
    expect(ended).toMatchObject({ phase: "done", answerStop: "end-of-sequence", answerIds: [END] });
  });

  it("keeps escaped braces apart from the box's own", () => {
    const sample = feedForced(start({ maxThoughtSteps: 0 }));
    for (const token of ["\\", "}", "\\{", "4"]) sample.acceptAnswer(TOKENS.indexOf(token));
    expect(sample.phase).toBe("answering");
    sample.acceptAnswer(TOKENS.indexOf("}"));
    expect(sample.answerStop).toBe("closed-box");
  });

  it("gives no text to ids beyond the tokenizer's vocabulary", () => {
    const sample = think(start(), "The", " final", " answer", " is", ":");
    sample.acceptThought(TOKENS.length + 5);
    sample.acceptThought(TOKENS.indexOf(" "));
    expect(sample.thoughtStop).toBe("stop-string");
    expect(text.decode([TOKENS.length + 5, 1])).toBe("The");
  });
});

describe("TokenText", () => {
  it("encodes forced text as the inside of a text, once", () => {
    const calls: unknown[] = [];
    const encode = (...call: unknown[]) => {
      calls.push(call);
      return [1, 2];
    };
    const forced = new TokenText({ ...tokenizer, encode });
    expect([forced.idsOf("{"), forced.idsOf("{"), forced.idsOf("")]).toEqual([[1, 2], [1, 2], []]);
    expect(calls).toEqual([["{", { addSpecialTokens: false, part: "inside" }]]);
  });

  it("decodes characters that are split over tokens and marks those that never end", () => {
    const parts = [0xf0, 0x9f, 0x98, 0x80].map((byte) => Uint8Array.of(byte));
    const bytes = new TokenText({ ...tokenizer, tokenBytes: (id) => parts[id] ?? new Uint8Array(0) });
    expect(bytes.decode([0, 1, 2, 3])).toBe("😀");
    expect(bytes.decode([0, 1])).toBe("\ufffd");
  });
});
