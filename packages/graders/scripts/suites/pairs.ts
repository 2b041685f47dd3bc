/**
 * Pairs of different references of one subject: which of them are called equal. Each such pair stands, with the way in
 * which it was checked, in equal-references.json; one that is not listed fails.
 */
import { compareAnswers } from "../../src/index.ts";
import type { Reference } from "./references.ts";

/** A pair of references that are called equal, by their ids in order. */
interface EqualPair {
  readonly key: string;
  readonly texts: readonly [string, string];
  readonly reason: string;
}

export interface PairResult {
  readonly compared: number;
  readonly equal: readonly EqualPair[];
}

/** How many pairs of one subject are compared besides those that look alike. */
const sampledPairs = 12_000;
/** Neighbours of a reference in an order by its digits and by its value that are compared with it. */
const neighbours = 6;

/** All pairs where `isComplete` (minutes), else those that look alike and a fixed sample of the rest. */
export function comparePairs(references: readonly Reference[], isComplete: boolean): PairResult {
  const equal: EqualPair[] = [];
  let compared = 0;
  for (const members of bySubject(references)) {
    const visit = (i: number, j: number): void => {
      const [a, b] = [members[i], members[j]];
      if (!a || !b || i === j) return;
      compared++;
      const verdict = compareAnswers(a.answer, b.answer);
      if (verdict.equal) {
        equal.push({ key: `${a.id} ${b.id}`, texts: [a.answer, b.answer], reason: verdict.reason });
      }
    };
    if (isComplete)
      for (let i = 0; i < members.length; i++) for (let j = i + 1; j < members.length; j++) visit(i, j);
    else for (const [i, j] of chosenPairs(members)) visit(i, j);
  }
  return { compared, equal };
}

/** The distinct references of each subject, the first one of a text standing for all. */
function bySubject(references: readonly Reference[]): readonly (readonly Reference[])[] {
  const subjects = new Map<string, Map<string, Reference>>();
  for (const reference of references) {
    if (reference.answer === "") continue;
    const members = subjects.get(reference.subject) ?? new Map<string, Reference>();
    const spelling = reference.answer.replace(/\s+/g, "");
    if (!members.has(spelling)) members.set(spelling, reference);
    subjects.set(reference.subject, members);
  }
  return [...subjects.values()].map((members) => [...members.values()]);
}

/** Neighbours in two orders, and a sample by a fixed generator. */
function chosenPairs(members: readonly Reference[]): readonly (readonly [number, number])[] {
  const pairs = new Map<number, readonly [number, number]>();
  const add = (i: number, j: number): void => {
    const [low, high] = i < j ? [i, j] : [j, i];
    pairs.set(low * members.length + high, [low, high]);
  };
  for (const keyOf of [digitsOf, roughValueOf]) {
    const keys = members.map(({ answer }) => keyOf(answer));
    const order = keys.map((_, index) => index).sort((a, b) => compareKeys(keys[a], keys[b]) || a - b);
    for (const [place, index] of order.entries()) {
      for (let step = 1; step <= neighbours; step++) {
        const other = order[place + step];
        if (other !== undefined) add(index, other);
      }
    }
  }
  let state = 12_345;
  const next = (): number => {
    // Park, Miller, "Random number generators: good ones are hard to find", 1988.
    state = (state * 48_271) % 2_147_483_647;
    return state % members.length;
  };
  for (let count = 0; count < sampledPairs; count++) add(next(), next());
  return [...pairs.values()];
}

function compareKeys(a: string | number | undefined, b: string | number | undefined): number {
  return (a ?? 0) < (b ?? 0) ? -1 : (a ?? 0) > (b ?? 0) ? 1 : 0;
}

/** The digits and letters of a text in order of size: what is left when notation is gone. */
function digitsOf(answer: string): string {
  return [...answer.replace(/\\[a-zA-Z]+/g, "").replace(/[^0-9a-zA-Z]/g, "")].sort().join("");
}

/** A first guess of the value, read without the grammar: the numerals multiplied, or divided behind a fraction. */
function roughValueOf(answer: string): number {
  const numerals = (answer.match(/\d+(?:\.\d+)?/g) ?? []).map(Number);
  const [first = 0, second] = numerals;
  return /frac|\//.test(answer) && second ? first / second : first;
}
