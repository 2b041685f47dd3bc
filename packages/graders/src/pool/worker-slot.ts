/**
 * One worker thread and the jobs it has been given, which it answers in order. Ends the thread when one of them takes too long and
 * says which one it was. What becomes of the jobs is the pool's business.
 */
import { receiveMessageOnPort } from "node:worker_threads";
import type { Departure, GradeItem, PoolVerdict, WorkerReply } from "./contract.ts";
import { progressOf } from "./progress.ts";
import type { StartedWorker } from "./start-worker.ts";

/** What a slot needs to know of a job. */
export interface SlotJob {
  readonly item: GradeItem;
}

export interface SlotEvents<Job extends SlotJob> {
  readonly onReady: () => void;
  readonly onVerdicts: (verdicts: readonly { readonly job: Job; readonly verdict: PoolVerdict }[]) => void;
  /** Once; the slot is of no use afterwards. `others`: what it has not answered, without the job to blame, in order. */
  readonly onGone: (departure: Departure, blamed: Job | null, others: readonly Job[]) => void;
}

export interface WorkerSlot<Job extends SlotJob> {
  readonly isReady: boolean;
  /** Jobs given and not answered. */
  readonly load: number;
  /** @throws {DataCloneError} for an item that holds what is no data; none of the jobs is taken then */
  give(jobs: readonly Job[]): void;
  /** Ends the thread without an event. */
  stop(): Promise<void>;
}

export interface SlotLimits {
  readonly timeoutMs: number;
  readonly startTimeoutMs: number;
}

/** Within this time a worker begins what it is given, unless something that an earlier sample left behind keeps it from it. */
export function stuckMs(timeoutMs: number): number {
  return Math.max(timeoutMs, 5_000);
}

export function createWorkerSlot<Job extends SlotJob>(
  { worker, port, progress: memory }: StartedWorker,
  { timeoutMs, startTimeoutMs }: SlotLimits,
  events: SlotEvents<Job>,
): WorkerSlot<Job> {
  const progress = progressOf(memory);
  const started = performance.now();
  const jobs: Job[] = [];
  let answered = 0;
  /** Since then the worker could have begun the next job. */
  let freeSince = started;
  let isReady = false;
  let isGone = false;
  let complaint: string | null = null;
  let watch: NodeJS.Timeout | null = null;

  /** Wakes up when the time of what the worker does now may be over, as long as it does something. */
  const watchTime = (): void => {
    if (watch !== null || isGone || (isReady && jobs.length === 0)) return;
    watch = setTimeout(
      () => {
        watch = null;
        if (timeLeft() <= 0) drain(); // what has been done by now counts
        if (isGone || timeLeft() > 0) return watchTime();
        if (isReady && progress.busyMs() !== null) leave({ why: "timeout" });
        else if (isReady) leave({ why: "not reached", reason: "an earlier sample keeps its worker busy" });
        else leave({ why: "not started", reason: `not ready after ${startTimeoutMs} ms`, isSlow: true });
      },
      Math.max(1, Math.min(timeLeft(), isReady ? timeoutMs : startTimeoutMs)),
    );
  };

  const timeLeft = (): number => {
    if (!isReady) return startTimeoutMs - (performance.now() - started);
    const busyMs = progress.busyMs();
    return busyMs === null ? stuckMs(timeoutMs) - (performance.now() - freeSince) : timeoutMs - busyMs;
  };

  const take = (message: WorkerReply): void => {
    if (isGone) return;
    switch (message.type) {
      case "ready":
        isReady = true;
        rest();
        events.onReady();
        return;
      case "unusable":
        leave({ why: "unusable", code: message.code, message: message.message });
        return;
      case "verdicts": {
        const { verdicts } = message;
        answered += verdicts.length;
        freeSince = performance.now();
        const done = jobs.splice(0, verdicts.length);
        if (jobs.length === 0) rest();
        events.onVerdicts(done.map((job, index) => ({ job, verdict: verdicts[index] as PoolVerdict })));
        return;
      }
      default:
        message satisfies never;
    }
  };

  /** Takes what has arrived and not been told yet. */
  const drain = (): void => {
    for (;;) {
      const received = receiveMessageOnPort(port) as { message: WorkerReply } | undefined;
      if (!received) return;
      take(received.message);
    }
  };

  /** With nothing to do a worker must not keep the process alive. */
  const rest = (): void => {
    worker.unref();
    port.unref();
    if (watch) clearTimeout(watch);
    watch = null;
  };

  const end = (): Promise<unknown> => {
    isGone = true;
    if (watch) clearTimeout(watch);
    watch = null;
    port.close();
    return worker.terminate();
  };

  const leave = (departure: Departure): void => {
    if (isGone) return;
    const at = Math.max(0, progress.begun - answered - 1);
    void end();
    events.onGone(departure, jobs[at] ?? null, jobs.toSpliced(at, 1));
  };

  port.on("message", take);
  worker.on("error", (error: Error) => {
    complaint = `${error.name}: ${error.message}`;
  });
  worker.on("exit", (status) => {
    if (isGone) return;
    drain();
    const reason = complaint ?? `it ended itself with status ${status}`;
    const isReached = jobs.length === 0 || progress.begun > answered || progress.finished === 0;
    if (isReady && isReached) leave({ why: "died", reason, graded: progress.finished });
    else if (isReady)
      leave({ why: "not reached", reason: `its worker died of an earlier sample: ${reason}` });
    else leave({ why: "not started", reason, isSlow: false });
  });
  watchTime();

  return {
    get isReady() {
      return isReady;
    },
    get load() {
      return jobs.length;
    },
    give(given) {
      port.postMessage(given.map(({ item }) => item));
      if (jobs.length === 0) {
        freeSince = performance.now();
        worker.ref();
        port.ref();
      }
      jobs.push(...given);
      watchTime();
    },
    async stop() {
      if (isGone) return;
      await end();
    },
  };
}
