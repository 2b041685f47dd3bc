/**
 * majority@n: the answer most samples agree on, taken as the model's one answer (self-consistency, arXiv:2203.11171).
 *
 * Samples agree where their answers are the same value, whatever their spelling: 1/2, 0.5 and \frac12 are one answer. Right answers
 * are one by the grader's verdict; wrong ones are compared with each other. That comparison forgives roundings and missing units, so
 * it is not transitive: answers that are each equal to a third one are one answer too (5 cm and 5 m, where another sample says 5).
 */

import { compareAnswers } from "@soft-tokens/graders";

export interface Vote {
  /** What was read from the sample; null or empty when nothing could be, which is no vote. */
  readonly extracted: string | null;
  readonly correct: boolean;
}

/**
 * Chance that the most frequent answer is correct; equally frequent ones share the chance. 0 when nobody voted. The order of the
 * votes makes no difference.
 */
export function majorityCorrect(votes: readonly Vote[]): number {
  const spellings = new Map<string, number>();
  let correct = 0;
  for (const vote of votes) {
    const answer = vote.extracted?.replace(/\s+/gu, " ").trim() ?? "";
    if (answer === "") continue;
    if (vote.correct) correct += 1;
    else spellings.set(answer, (spellings.get(answer) ?? 0) + 1);
  }
  const counts = countValues(spellings);
  const mostWrong = Math.max(0, ...counts);
  if (correct === 0 || correct < mostWrong) return 0;
  const tied = counts.filter((count) => count === correct).length;
  return 1 / (1 + tied);
}

/** Comparisons of one question's wrong answers; what is left after them is told apart as it is written. */
const MOST_COMPARISONS = 128;

interface Spelling {
  readonly text: string;
  readonly count: number;
  /** Where it is an exact rational number; null for any other value. */
  readonly number: number | null;
}

/** How often each value was given. Frequent spellings first, so that the bound cuts off rare ones, whatever the votes' order. */
function countValues(counts: ReadonlyMap<string, number>): number[] {
  const values: Spelling[][] = [];
  let left = MOST_COMPARISONS;
  const isSame = (one: Spelling, other: Spelling): boolean => {
    if (withoutSpaces(one.text) === withoutSpaces(other.text)) return true;
    if (areFarApart(one.number, other.number) || left === 0) return false;
    left -= 1;
    return compareAnswers(one.text, other.text).equal;
  };
  for (const [text, count] of [...counts].sort(byCountThenText)) {
    const spelling: Spelling = { text, count, number: numberOf(text) };
    const same = values.filter((value) => value.some((other) => isSame(other, spelling)));
    // What equals answers of several values makes one value of them.
    const joined = [...same.flat(), spelling];
    for (const value of same) values.splice(values.indexOf(value), 1);
    values.push(joined);
  }
  return values.map((value) => value.reduce((sum, { count }) => sum + count, 0));
}

function byCountThenText([a, m]: readonly [string, number], [b, n]: readonly [string, number]): number {
  return n - m || (a < b ? -1 : 1);
}

function withoutSpaces(text: string): string {
  return text.replaceAll(" ", "");
}

/** The number that a text is by its usual reading, as the nearest double. */
function numberOf(text: string): number | null {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  const [, above, below = "1"] =
    /^(-?\d{1,15})(?:\/(\d{1,15}))?$/.exec(compareAnswers(text, text).answer.canonical) ?? [];
  return above === undefined ? null : Number(above) / Number(below);
}

/** Further than any rounding that a comparison forgives: no need to compare. */
function areFarApart(one: number | null, other: number | null): boolean {
  if (one === null || other === null) return false;
  return Math.abs(one - other) > 1e-4 * Math.max(Math.abs(one), Math.abs(other));
}
