/**
 * Grading of samples in workers, for training and evaluation alike: by the paper's reward (method.md, section 5), or by a grader
 * of one's own (`--grader`). No answer can stall a run: one that takes too long has the verdict `timeout`.
 */

import {
  createGraderPool,
  type GraderPool,
  GraderPoolError,
  type GraderPoolOptions,
  type PoolStatus,
} from "@soft-tokens/graders/pool";
import { z } from "zod";
import { UsageError } from "./errors.ts";

/** Options of every command that grades. */
export const graderOptions = {
  grader: z
    .string()
    .min(1)
    .optional()
    .describe("Your own grader: a JavaScript or TypeScript file whose default export grades a sample"),
  graderWorkers: z
    .int()
    .positive()
    .max(256)
    .default(2)
    .describe("Most workers that grade: threads, or processes of your own grader"),
  graderTimeoutMs: z.int().positive().default(2000).describe("Most milliseconds of grading one sample"),
} as const;

export interface GradingOptions {
  /** Path of a grader of one's own. Defaults to the paper's reward. */
  readonly grader?: string | undefined;
  readonly graderWorkers: number;
  readonly graderTimeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface SampleToGrade {
  readonly id: string;
  readonly question: string;
  readonly gold: string;
  /** Thought, forced text and answer. */
  readonly text: string;
  /** The end of `text` that is graded, as the rollout has it: the opened box and what was generated in it. */
  readonly answer: string;
}

export interface SampleGrade {
  readonly status: PoolStatus;
  readonly correct: boolean;
  /** Of the grader: the paper's 100, 10 or 0, or one's own grader's number. */
  readonly reward: number;
  /** Right, or wrong but readable from a closed box: what the paper pays 10 for. */
  readonly boxed: boolean;
  readonly extracted: string | null;
  readonly reason: string;
}

/** Samples that got no verdict. */
export type GradingCounts = Readonly<Record<Exclude<PoolStatus, "graded">, number>>;

export interface Grading extends AsyncDisposable {
  /** Never throws on what a sample or the grader does. @throws the signal's reason */
  grade(sample: SampleToGrade): Promise<SampleGrade>;
  /** Since the last call. */
  takeCounts(): GradingCounts;
  /** Ids of problems whose reference the built-in grader cannot read: only the same text equals it. None for a grader of one's own. */
  unreadable(problems: readonly { readonly id: string; readonly answer: string }[]): Promise<string[]>;
}

/** Opens the pool, and tries a grader of one's own at once. @throws UsageError for a grader that cannot be used */
export async function openGrading(options: GradingOptions): Promise<Grading> {
  const { grader, graderWorkers: workers, graderTimeoutMs: timeoutMs, signal } = options;
  const pool = await openPool({
    workers,
    timeoutMs,
    options: { mode: "first-box" },
    ...(grader !== undefined && { grader }),
    ...(signal && { signal }),
  });
  let taken: GradingCounts = { timeout: 0, refused: 0, failed: 0 };
  return {
    async grade({ id, question, gold, text, answer }) {
      const { verdict: _, ...grade } = await pool.grade({ id, question, gold, text, answer });
      return grade;
    },
    takeCounts() {
      const { timeout, refused, failed } = pool.counts;
      const counts = {
        timeout: timeout - taken.timeout,
        refused: refused - taken.refused,
        failed: failed - taken.failed,
      };
      taken = { timeout, refused, failed };
      return counts;
    },
    async unreadable(problems) {
      if (grader !== undefined) return [];
      const items = problems.map(({ answer }) => ({
        text: answer,
        gold: answer,
        options: { mode: "text" } as const,
      }));
      const verdicts = await pool.gradeAll(items);
      return problems.flatMap(({ id }, index) => (verdicts[index]?.verdict?.gold.kind ? [] : [id]));
    },
    [Symbol.asyncDispose]: () => pool.dispose(),
  };
}

/** An error of the data set: said once, with the ids. */
export function describeUnreadable(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).join(", ");
  return `${ids.length} reference answers cannot be read, so that only the same text is right: ${shown}${ids.length > 10 ? ", ..." : ""}`;
}

/** Tries a grader of one's own and closes it again: better now than when the model is loaded. @throws UsageError */
export async function tryGrader(options: GradingOptions): Promise<void> {
  if (options.grader === undefined) return;
  await using _grading = await openGrading(options);
}

/** What can be said of a grader of one's own without running it: whether its file is there. @throws UsageError */
export async function findGrader({ grader }: Pick<GradingOptions, "grader">): Promise<void> {
  if (grader === undefined) return;
  await using _pool = orUsageError(() => createGraderPool({ grader }));
}

async function openPool(options: GraderPoolOptions): Promise<GraderPool> {
  const pool = orUsageError(() => createGraderPool(options));
  if (options.grader !== undefined) {
    await pool.start().catch((error: unknown) => {
      throw usageError(error);
    });
  }
  return pool;
}

function orUsageError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw usageError(error);
  }
}

function usageError(error: unknown): unknown {
  if (!(error instanceof GraderPoolError)) return error;
  return new UsageError(`--${error.message}`, { cause: error }); // it begins with "grader PATH"
}
