/**
 * One fuzzing run: every text is compared, graded and searched for answers; what must always hold is checked.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { compareAnswers, extractAnswer, extractModes, gradeResponse, limits } from "../../src/index.ts";
import { createRandom, pair } from "./generate.ts";

export interface FuzzResult {
  readonly count: number;
  /** Texts that broke a rule, with the rule. */
  readonly failures: readonly string[];
  readonly equal: number;
  readonly mostSteps: number;
  /** Time of the slowest case, all its comparisons together, with whatever else the machine did. */
  readonly slowestMs: number;
  readonly slowest: string;
  /** Live heap after a collection, at the first tenth and at the end. */
  readonly heapBefore: number;
  readonly heapAfter: number;
  readonly cpuMs: number;
}

/** The default time of a comparison in a pool of workers. */
const timeLimitMs = 2000;
const heapGrowthLimit = 8 * 2 ** 20;

/** Runs `count` cases; `report` is called about every tenth of them. */
export function fuzz(count: number, seed: number, report: (done: number) => void): FuzzResult {
  const random = createRandom(seed);
  const failures: string[] = [];
  const collect = garbageCollector();
  let equal = 0;
  let mostSteps = 0;
  let slowestMs = 0;
  let slowest = "";
  let heapBefore = 0;
  const tenth = Math.max(1, Math.floor(count / 10));
  const started = cpuMs();
  for (let index = 0; index < count; index++) {
    const [gold, answer] = pair(random);
    const fail = (rule: string): void => {
      if (failures.length < 20) failures.push(`case ${index}: ${rule}: ${JSON.stringify([gold, answer])}`);
    };
    const before = performance.now();
    try {
      const verdict = compareAnswers(gold, answer);
      mostSteps = Math.max(mostSteps, verdict.steps);
      if (verdict.equal) equal++;
      if (verdict.steps > limits.steps) fail(`${verdict.steps} steps`);
      if (verdict.equal !== (verdict.status === "equal")) fail("status and verdict differ");
      checkMore(index, gold, answer, verdict.equal, fail);
    } catch (error) {
      fail(`threw ${String(error)}`);
    }
    const elapsed = performance.now() - before;
    if (elapsed > slowestMs) [slowestMs, slowest] = [elapsed, JSON.stringify([gold, answer]).slice(0, 300)];
    // A busy machine may hold a case up: what was slow is done again by itself.
    if (elapsed > timeLimitMs) {
      const again = cpuMs();
      compareAnswers(gold, answer);
      if (cpuMs() - again > timeLimitMs) fail(`${Math.round(cpuMs() - again)} ms`);
    }
    if ((index + 1) % tenth === 0) {
      collect();
      if (heapBefore === 0) heapBefore = process.memoryUsage().heapUsed;
      report(index + 1);
    }
  }
  collect();
  const heapAfter = process.memoryUsage().heapUsed;
  if (heapAfter - heapBefore > heapGrowthLimit)
    failures.push(`the heap grew by ${heapAfter - heapBefore} bytes`);
  return {
    count,
    failures,
    equal,
    mostSteps,
    slowestMs,
    slowest,
    heapBefore,
    heapAfter,
    cpuMs: cpuMs() - started,
  };
}

/** One of the other rules in turn: a text equals itself, equality has no direction, spaces do not matter, grading. */
function checkMore(
  index: number,
  gold: string,
  answer: string,
  isEqual: boolean,
  fail: (rule: string) => void,
): void {
  switch (index % 4) {
    case 0: {
      const itself = compareAnswers(gold, gold);
      const isReadable = itself.method !== "limit" && itself.reason !== "the reference is empty";
      if (isReadable && !itself.equal) fail("a text that differs from itself");
      return;
    }
    case 1: {
      const reverse = compareAnswers(answer, gold);
      // A choice's letter is found in front of the answer only.
      const hasDirection = [reverse.method, compareAnswers(gold, answer).method].some(
        (method) => method === "choice" || method === "limit",
      );
      if (reverse.equal !== isEqual && !hasDirection) fail("equality with a direction");
      return;
    }
    case 2: {
      const spaced = compareAnswers(` ${gold}\n`, `\n ${answer} `);
      if (spaced.equal !== isEqual && spaced.method !== "limit") fail("outer spaces matter");
      return;
    }
    default: {
      const response = `so \\boxed{${answer}} and the answer is ${gold}`;
      const { reward, correct } = gradeResponse(response, gold);
      if (![0, 10, 100].includes(reward) || (reward === 100) !== correct) fail(`reward ${reward}`);
      for (const mode of extractModes) extractAnswer(response, { mode });
    }
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Node's collector, without a flag on the command line. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
