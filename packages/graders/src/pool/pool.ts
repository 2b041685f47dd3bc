/**
 * Grades in workers, so that no answer and no grader can stall or end the program: a sample that takes too long costs its worker,
 * its verdict is `timeout`, and the others go on in order. Workers are started when there is work for them. The built-in grader's
 * are threads; a grader of one's own has processes, because a thread that waits in a system call cannot be ended.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { presetNames } from "../reward/presets.ts";
import { limits } from "../work.ts";
import { type Departure, type GradeItem, type PoolVerdict, withoutAnswer } from "./contract.ts";
import { GraderPoolError } from "./errors.ts";
import { inOrder } from "./in-order.ts";
import { checkItem, refusalOf } from "./items.ts";
import { createProcessSlot } from "./process-slot.ts";
import { startProcess } from "./start-process.ts";
import { graderUrl, startWorker } from "./start-worker.ts";
import type { GraderPool, GraderPoolOptions } from "./types.ts";
import { typescriptLoader } from "./typescript-loader.ts";
import { createWorkerSlot, type SlotEvents, type WorkerSlot } from "./worker-slot.ts";

interface Job {
  readonly item: GradeItem;
  readonly resolve: (verdict: PoolVerdict) => void;
  readonly reject: (error: unknown) => void;
  isSettled: boolean;
  /** It was with a worker that died after it had graded others: the next one gets it first. */
  isSuspect: boolean;
  timesNotReached: number;
}

/** Most jobs that a worker is given at a time. The built-in grader is quick: a message must not cost more than it. */
const mostJobs = { builtIn: 64, own: 1 };
/** A sample is innocent of what keeps its worker from it, but a grader that always does so must not go on for ever. */
const mostTimesNotReached = 5;
/** Workers in a row that end before they are ready, after which the pool is given up. */
const mostFailedStarts = 3;

/**
 * Makes a pool; no worker is started yet.
 * @throws {RangeError} for options that cannot be; {@link GraderPoolError} GRADER_NOT_FOUND, GRADER_NEEDS_TYPESCRIPT
 */
export function createGraderPool(options: GraderPoolOptions = {}): GraderPool {
  const { timeoutMs = 2_000, memoryMb = 256, signal } = options;
  // Who is patient with a sample is patient with a start.
  const { startTimeoutMs = Math.max(60_000, timeoutMs) } = options;
  const { workers = Math.min(4, Math.max(1, availableParallelism() - 1)), preset = "auto" } = options;
  const { maxLength = limits.responseLength } = options;
  wholeNumbers({ workers, timeoutMs, startTimeoutMs, memoryMb, maxLength });
  if (!presetNames.includes(preset)) {
    throw new RangeError(`createGraderPool: preset ${preset}; wanted one of ${presetNames.join(", ")}`);
  }
  const grader = options.grader === undefined ? null : graderUrl(options.grader);
  const typescript = typescriptLoader(grader);
  const name = grader === null ? "a worker" : `grader ${fileURLToPath(grader)}`;
  const most = grader === null ? mostJobs.builtIn : mostJobs.own;

  const slots = new Set<WorkerSlot<Job>>();
  let queue: Job[] = [];
  let next = 0;
  let end: unknown = null;
  let failedStarts = 0;
  const starting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const counts = { graded: 0, timeout: 0, refused: 0, failed: 0, workersStarted: 0 };

  const settle = (job: Job, verdict: PoolVerdict): void => {
    if (job.isSettled) return;
    job.isSettled = true;
    counts[verdict.status]++;
    job.resolve(verdict);
  };

  const fail = (job: Job, error: unknown): void => {
    if (job.isSettled) return;
    job.isSettled = true;
    job.reject(error);
  };

  const openSlot = (events: SlotEvents<Job>): WorkerSlot<Job> => {
    const settings = { grader, preset, options: options.options ?? {}, memoryMb, typescript };
    const limits = { timeoutMs, startTimeoutMs };
    if (grader === null) return createWorkerSlot(startWorker(settings), limits, events);
    return createProcessSlot(startProcess({ ...settings, ...limits }), limits, events);
  };

  const addSlot = (): void => {
    counts.workersStarted++;
    const slot: WorkerSlot<Job> = openSlot({
      onReady() {
        failedStarts = 0;
        for (const { resolve } of starting.splice(0)) resolve();
        pump();
      },
      onVerdicts(verdicts) {
        for (const { job, verdict } of verdicts) settle(job, verdict);
        pump();
      },
      onGone(departure, blamed, others) {
        slots.delete(slot);
        depart(departure, blamed, others);
      },
    });
    slots.add(slot);
  };

  /** Hands jobs to workers that have little to do, evenly. Starts workers for what is left. */
  const pump = (): void => {
    if (end !== null) return;
    const ready = [...slots].filter((slot) => slot.isReady).sort((a, b) => a.load - b.load);
    for (const slot of ready) {
      if (slot.load <= most / 4) giveJobs(slot, Math.ceil((queue.length - next) / workers));
    }
    const coming = slots.size - ready.length;
    const wanted = Math.min(workers - slots.size, Math.ceil((queue.length - next) / most) - coming);
    for (let count = 0; count < wanted; count++) addSlot();
  };

  /** Gives a worker its share of the queue. A suspect goes alone: there is nothing else to lose then. */
  const giveJobs = (slot: WorkerSlot<Job>, share: number): void => {
    const jobs: Job[] = [];
    for (; next < queue.length && jobs.length < Math.min(share, most - slot.load); next++) {
      const job = queue[next] as Job;
      if (job.isSettled) continue;
      if (job.isSuspect && (slot.load > 0 || jobs.length > 0)) break;
      jobs.push(job);
      if (!job.isSuspect) continue;
      next++;
      break;
    }
    if (next > 1_000 && next * 2 > queue.length) {
      queue = queue.slice(next);
      next = 0;
    }
    if (jobs.length > 0) give(slot, jobs);
  };

  /** An item that cannot be sent is its caller's mistake, and costs no other. */
  const give = (slot: WorkerSlot<Job>, jobs: readonly Job[]): void => {
    try {
      slot.give(jobs);
    } catch (error) {
      if (jobs.length === 1) fail(jobs[0] as Job, error);
      else for (const job of jobs) give(slot, [job]);
    }
  };

  /** Settles what a worker's end means for its jobs; the innocent ones go to the head of the queue. */
  const depart = (departure: Departure, blamed: Job | null, others: readonly Job[]): void => {
    const again = [...others];
    switch (departure.why) {
      case "unusable":
        finish(new GraderPoolError(departure.code, `${name}: ${departure.message}`));
        break;
      case "not started":
        failedStarts++;
        if (failedStarts >= mostFailedStarts || departure.isSlow) {
          finish(
            new GraderPoolError("POOL_NOT_STARTED", `${name} could not be started: ${departure.reason}`),
          );
        }
        break;
      case "timeout":
        if (blamed) settle(blamed, withoutAnswer("timeout", `no verdict after ${timeoutMs} ms`));
        break;
      case "not reached":
        if (!blamed) break;
        blamed.timesNotReached++;
        if (blamed.timesNotReached < mostTimesNotReached) again.unshift(blamed);
        else settle(blamed, withoutAnswer("failed", `never begun: ${departure.reason}`));
        break;
      case "died":
        if (blamed && departure.graded > 0 && !blamed.isSuspect) {
          blamed.isSuspect = true;
          again.unshift(blamed);
        } else if (blamed) {
          settle(blamed, withoutAnswer("failed", `its worker died: ${departure.reason}`));
        }
        break;
      default:
        departure satisfies never;
    }
    if (end !== null) return;
    queue = [...again, ...queue.slice(next)];
    next = 0;
    pump();
    if (starting.length > 0 && slots.size === 0) addSlot();
  };

  /** No more grading: everything pending is rejected, and everything that comes. */
  const finish = (reason: unknown): void => {
    if (end !== null) return;
    end = reason;
    signal?.removeEventListener("abort", onAbort);
    for (const { reject } of starting.splice(0)) reject(reason);
    for (const job of pending) fail(job, reason);
    pending.clear();
    for (const slot of slots) void slot.stop();
    queue = [];
    next = 0;
  };
  /** Every job that is not settled. */
  const pending = new Set<Job>();
  const onAbort = (): void => finish(signal?.reason);
  if (signal?.aborted) finish(signal.reason);
  else signal?.addEventListener("abort", onAbort, { once: true });

  const enqueue = (item: GradeItem): { job: Job; verdict: Promise<PoolVerdict> } => {
    let job!: Job;
    const verdict = new Promise<PoolVerdict>((resolve, reject) => {
      job = { item, resolve, reject, isSettled: false, isSuspect: false, timesNotReached: 0 };
    });
    if (end !== null) {
      fail(job, end);
      return { job, verdict };
    }
    const refusal = refusalOf(item, maxLength);
    if (refusal !== null) settle(job, withoutAnswer("refused", refusal));
    else {
      pending.add(job);
      queue.push(job);
    }
    return { job, verdict: verdict.finally(() => pending.delete(job)) };
  };

  const gradeAll: GraderPool["gradeAll"] = async (items, given = {}) => {
    given.signal?.throwIfAborted();
    for (const [index, item] of items.entries()) checkItem(item, index);
    const entries = items.map(enqueue);
    const abort = () => {
      for (const { job } of entries) fail(job, given.signal?.reason);
    };
    given.signal?.addEventListener("abort", abort, { once: true });
    pump();
    try {
      // allSettled, so that no rejection is left without a listener.
      const outcomes = await Promise.allSettled(entries.map(({ verdict }) => verdict));
      return outcomes.map((outcome) => {
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      });
    } finally {
      given.signal?.removeEventListener("abort", abort);
    }
  };

  const dispose = async (): Promise<void> => {
    const stopping = [...slots].map((slot) => slot.stop());
    finish(new GraderPoolError("POOL_DISPOSED", "the grader pool is disposed"));
    await Promise.all(stopping);
  };

  return {
    counts,
    async start() {
      if (end !== null) throw end;
      if ([...slots].some((slot) => slot.isReady)) return;
      if (slots.size === 0) addSlot();
      await new Promise<void>((resolve, reject) => starting.push({ resolve, reject }));
    },
    async grade(item, given) {
      const [verdict] = await gradeAll([item], given);
      return verdict as PoolVerdict;
    },
    gradeAll,
    gradeEach: (items, given = {}) => {
      const gradeOne = async (item: GradeItem) => (await gradeAll([item], given))[0] as PoolVerdict;
      return inOrder(items, workers * most * 2, gradeOne);
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function wholeNumbers(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`createGraderPool: ${name} is ${value}, wanted a whole number of at least 1`);
    }
  }
}
