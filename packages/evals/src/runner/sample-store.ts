/** Which samples exist, in memory: only what metrics need of each. The later row of a sample counts. */

import type { InferenceMode } from "../contract.ts";
import type { SampleRow } from "../results/schema.ts";
import { flexibleMatch } from "../statistics/flexible-match.ts";
import { TIMEOUT_REASON } from "./grade-sample.ts";
import type { SampleOutcome } from "./summarize.ts";

export interface SampleStore {
  keep(row: SampleRow): void;
  /** Sample indexes below `n` that are still to be made; those that failed, or got no verdict, are made again. */
  missing(mode: InferenceMode, id: string, n: number): number[];
  /** The samples below `n` that exist, by index. */
  list(mode: InferenceMode, id: string, n: number): SampleOutcome[];
}

export function createSampleStore(): SampleStore {
  const outcomes = new Map<string, Map<number, SampleOutcome>>();
  const of = (mode: InferenceMode, id: string) => outcomes.get(`${mode} ${id}`);
  return {
    keep(row) {
      const key = `${row.mode} ${row.id}`;
      const ofQuestion = of(row.mode, row.id) ?? new Map<number, SampleOutcome>();
      outcomes.set(key, ofQuestion.set(row.sampleIndex, outcomeOf(row)));
    },
    missing: (mode, id, n) => range(n).filter((index) => !hasVerdict(of(mode, id)?.get(index))),
    list: (mode, id, n) => range(n).flatMap((index) => of(mode, id)?.get(index) ?? []),
  };
}

function hasVerdict(outcome: SampleOutcome | undefined): boolean {
  return outcome !== undefined && !outcome.failed && outcome.reason !== TIMEOUT_REASON;
}

function outcomeOf(row: SampleRow): SampleOutcome {
  return {
    correct: row.correct,
    extracted: row.extracted,
    reason: row.reason,
    limitReached: /^limit\b/u.test(row.stopReason),
    failed: row.error !== undefined,
    flexible: flexibleMatch(row.thought + (row.forced ?? "") + row.answer, row.gold),
    entropies: Float32Array.from(row.entropies),
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
