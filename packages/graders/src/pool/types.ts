/** What a pool is made with and what it offers. */
import type { GradeOptions } from "../reward/grade-response.ts";
import type { PresetName } from "../reward/presets.ts";
import type { GradeItem, PoolStatus, PoolVerdict } from "./contract.ts";

export interface GraderPoolOptions {
  /** Most workers: threads, or processes of a grader of one's own. Defaults to one less than the processor has cores, at least 1 and at most 4. */
  readonly workers?: number;
  /** Milliseconds of one sample. Defaults to 2,000. */
  readonly timeoutMs?: number;
  /** Milliseconds in which a worker must have loaded its grader. Defaults to 30,000, or `timeoutMs` if that is more. */
  readonly startTimeoutMs?: number;
  /** Megabytes of JavaScript heap of a worker. Defaults to 256. */
  readonly memoryMb?: number;
  /** Characters of one text of a sample; a longer one is refused. Defaults to `limits.responseLength`. */
  readonly maxLength?: number;
  /** A grader of one's own: path or file: URL of a module whose default export is a `Grader`. Defaults to the built-in one. */
  readonly grader?: string | URL;
  /** How the built-in grader reads references. Defaults to `auto`. */
  readonly preset?: PresetName;
  /** Of the built-in grader. */
  readonly options?: GradeOptions;
  /** Ends the pool: what is pending and what comes later is rejected with its reason. */
  readonly signal?: AbortSignal;
}

/** How often what has happened, since the pool was made. */
export interface GraderPoolCounts extends Readonly<Record<PoolStatus, number>> {
  /** Workers that were started, the first ones included. */
  readonly workersStarted: number;
}

export interface GraderPool extends AsyncDisposable {
  /** Starts a worker if there is none, so that a grader that cannot be used is known at once. @throws {GraderPoolError} */
  start(): Promise<void>;
  /** One sample. @throws {GraderPoolError}; the signal's reason */
  grade(item: GradeItem, options?: { readonly signal?: AbortSignal }): Promise<PoolVerdict>;
  /** Verdicts in the order of the items. @throws {GraderPoolError}; the signal's reason */
  gradeAll(items: readonly GradeItem[], options?: { readonly signal?: AbortSignal }): Promise<PoolVerdict[]>;
  /** The same for any number of items: takes no more of them than the workers are busy with, gives verdicts in order. */
  gradeEach(
    items: Iterable<GradeItem> | AsyncIterable<GradeItem>,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<PoolVerdict, void, undefined>;
  readonly counts: GraderPoolCounts;
  /** Ends all workers; what is pending is rejected. Idempotent. */
  dispose(): Promise<void>;
}
