/** Times of a grader over pairs: the least of several rounds for each pair, so that other work on the machine drops out. */
import { compareAnswers } from "@soft-tokens/graders";
import type { AnswerPair } from "./pairs.ts";
import type { Peer } from "./peer.ts";

export interface GraderFigures {
  readonly pairs: number;
  /** Pairs on which the grader says what a mathematician says. */
  readonly right: number;
  /** Comparisons per second, one after the other, by each pair's best time. */
  readonly perSecond: number;
  /** Milliseconds of a comparison, each pair's best of all rounds. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One grader in one round. */
export interface Round {
  readonly verdicts: readonly boolean[];
  readonly times: readonly number[];
}

/** The package in this process. */
export function ownRound(pairs: readonly AnswerPair[]): Round {
  const verdicts: boolean[] = [];
  const times: number[] = [];
  for (const { gold, answer } of pairs) {
    const started = performance.now();
    verdicts.push(compareAnswers(gold, answer).equal);
    times.push(performance.now() - started);
  }
  return { verdicts, times };
}

/** The other program, one pair after the other; its times include the way there and back (about 0.1 ms). */
export async function peerRound(
  pairs: readonly AnswerPair[],
  peer: Peer,
  signal: AbortSignal,
): Promise<Round> {
  const verdicts: boolean[] = [];
  const times: number[] = [];
  for (const { gold, answer } of pairs) {
    signal.throwIfAborted();
    const started = performance.now();
    verdicts.push(await peer.ask(gold, answer));
    times.push(performance.now() - started);
  }
  return { verdicts, times };
}

export function summarize(pairs: readonly AnswerPair[], rounds: readonly Round[]): GraderFigures {
  const best = pairs
    .map((_, index) => Math.min(...rounds.map(({ times }) => times[index] ?? 0)))
    .sort((a, b) => a - b);
  const at = (share: number): number => best[Math.min(best.length - 1, Math.floor(best.length * share))] ?? 0;
  return {
    pairs: pairs.length,
    right: pairs.filter(({ equal }, index) => rounds[0]?.verdicts[index] === equal).length,
    perSecond: (1000 * pairs.length) / best.reduce((sum, time) => sum + time, 0),
    medianMs: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}
