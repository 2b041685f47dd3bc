/** What goes into the pool and what comes out; and what host and worker say to each other. */
import type { MessagePort } from "node:worker_threads";
import type { Verdict } from "../compare/compare-answers.ts";
import type { GradeOptions } from "../reward/grade-response.ts";
import type { GraderSample } from "../reward/grader.ts";
import type { PresetName, Reference } from "../reward/presets.ts";
import type { GraderPoolErrorCode } from "./errors.ts";
import type { TypescriptLoader } from "./typescript-loader.ts";

/** One thing to grade: what a grader of one's own sees, with defaults, and what the built-in one can be told. */
export interface GradeItem extends Partial<Omit<GraderSample, "gold" | "text">> {
  readonly text: string;
  /** A bare reference, or one with its unit, tolerance or choices (built-in grader only). */
  readonly gold: string | Reference;
  /** For the built-in grader; they come after the pool's own. */
  readonly options?: GradeOptions;
}

/**
 * - `graded`: the grader has said what it says.
 * - `timeout`: it took longer than it may, and its worker was ended.
 * - `refused`: the texts are too long, or the comparison is too expensive: data, like `timeout`, but found without waiting.
 * - `failed`: the grader threw, returned something wrong, or its worker died of the sample.
 */
export type PoolStatus = "graded" | "timeout" | "refused" | "failed";

export interface PoolVerdict {
  readonly status: PoolStatus;
  /** False unless `graded`. */
  readonly correct: boolean;
  /** 0 unless `graded`. */
  readonly reward: number;
  /** An answer could be read. */
  readonly boxed: boolean;
  readonly extracted: string | null;
  /** Why, in a few words. */
  readonly reason: string;
  /** The built-in grader's comparison; null where there was none. */
  readonly verdict: Verdict | null;
}

/** What a worker is started with. */
export interface WorkerSettings {
  readonly port: MessagePort;
  /** See progress.ts. */
  readonly progress: SharedArrayBuffer;
  /** file: URL of a grader of one's own, or null for the built-in one. */
  readonly grader: string | null;
  readonly preset: PresetName;
  readonly options: GradeOptions;
}

/** A request is an array of `GradeItem`; verdicts come in the order of the items, some at a time. */
export type WorkerReply =
  | { readonly type: "ready" }
  | { readonly type: "unusable"; readonly code: GraderPoolErrorCode; readonly message: string }
  | { readonly type: "verdicts"; readonly verdicts: readonly PoolVerdict[] };

/** Why a worker has gone. */
export type Departure =
  /** The job to blame took too long. */
  | { readonly why: "timeout" }
  /** It had graded others and never got to the job: what an earlier one has left behind keeps it busy, or has ended it. */
  | { readonly why: "not reached"; readonly reason: string }
  /** It died by itself after it had graded some; the job to blame is the one it was at, or the last one. */
  | { readonly why: "died"; readonly reason: string; readonly graded: number }
  /** It never got ready. `isSlow`: it did not end either. */
  | { readonly why: "not started"; readonly reason: string; readonly isSlow: boolean }
  /** It cannot load the grader. */
  | { readonly why: "unusable"; readonly code: GraderPoolErrorCode; readonly message: string };

/** What the process of a grader of one's own is told: first its settings, then items. */
export type ProcessRequest =
  | { readonly type: "start"; readonly settings: ProcessSettings }
  | { readonly type: "grade"; readonly items: readonly GradeItem[] };

export interface ProcessSettings extends Omit<WorkerSettings, "port" | "progress"> {
  /** In every reply, so that nothing that a grader writes is taken for one. */
  readonly token: string;
  readonly memoryMb: number;
  readonly typescript: TypescriptLoader | null;
  readonly timeoutMs: number;
  readonly startTimeoutMs: number;
}

/** And what it says. `blamed`: which of the items without a verdict, or null. After "gone" it is of no use. */
export type ProcessReply = { readonly token: string } & ProcessEvent;

export type ProcessEvent =
  | { readonly type: "ready" }
  | { readonly type: "verdicts"; readonly verdicts: readonly PoolVerdict[] }
  | { readonly type: "gone"; readonly departure: Departure; readonly blamed: number | null };

/** A verdict without an answer. */
export function withoutAnswer(status: Exclude<PoolStatus, "graded">, reason: string): PoolVerdict {
  return { status, correct: false, reward: 0, boxed: false, extracted: null, reason, verdict: null };
}
