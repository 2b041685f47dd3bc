import { describe, expect, it } from "vitest";
import { philox } from "./philox.ts";

/** Known answers for philox4x32 with 10 rounds, from `kat_vectors` of the Random123 distribution. */
const knownAnswers = [
  {
    counter: [0, 0, 0, 0],
    key: [0, 0],
    output: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    output: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    output: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
] as const;

describe("philox", () => {
  it.each(knownAnswers)("gives the published answer for counter $counter", ({ counter, key, output }) => {
    const block = Uint32Array.from(counter);
    philox(block, key[0], key[1]);
    expect(Array.from(block)).toEqual(output);
  });

  it("takes key words in their signed form too", () => {
    const block = Uint32Array.from(knownAnswers[1].counter);
    philox(block, -1, -1);
    expect(Array.from(block)).toEqual(knownAnswers[1].output);
  });

  it("maps different counters to different blocks", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 1000; i++) {
      const block = Uint32Array.of(i, 0, 0, 0);
      philox(block, 1, 2);
      seen.add(block.join());
    }
    expect(seen.size).toBe(1000);
  });
});
