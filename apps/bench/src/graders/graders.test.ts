import { compareAnswers } from "@soft-tokens/graders";
import { describe, expect, it } from "vitest";
import { ownRound, peerRound, summarize } from "./measure.ts";
import { simplePairs, symbolicPairs } from "./pairs.ts";
import { startPeer } from "./peer.ts";

const signal = new AbortController().signal;
const echo = `${process.execPath} -e "require('readline').createInterface({input: process.stdin}).on('line', (line) => { const { gold, pred } = JSON.parse(line); console.log(gold === pred); })"`;

describe("pairs to measure graders on", () => {
  it("are equal or different as they say", () => {
    for (const { gold, answer, equal } of [...simplePairs(200), ...symbolicPairs(40)]) {
      expect(compareAnswers(gold, answer).equal, `${gold} | ${answer}`).toBe(equal);
    }
  });

  it("are the same in every run", () => {
    expect(simplePairs(50)).toEqual(simplePairs(50));
  });
});

describe("measuring graders", () => {
  it("takes each pair's best time and counts the right verdicts", () => {
    const pairs = symbolicPairs(2);
    const figures = summarize(pairs, [
      { verdicts: [true, true], times: [4, 1] },
      { verdicts: [true, true], times: [2, 3] },
    ]);
    expect(figures).toMatchObject({ pairs: 2, right: 1, medianMs: 2, maxMs: 2 });
    expect(figures.perSecond).toBeCloseTo(2000 / 3);
    expect(ownRound(pairs).verdicts).toEqual([true, false]);
  });

  it("asks another program, line by line", async () => {
    using peer = startPeer(echo);
    const pairs = [
      { gold: "1", answer: "1", equal: true },
      { gold: "1", answer: "$2$", equal: false },
    ];
    expect((await peerRound(pairs, peer, signal)).verdicts).toEqual([true, false]);
  });

  it("says so when the other program ends", async () => {
    using peer = startPeer("exit 3");
    await expect(peer.ask("1", "1")).rejects.toThrow("ended with code");
  });
});
