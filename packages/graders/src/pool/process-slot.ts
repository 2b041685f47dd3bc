/**
 * The process of a grader of one's own, and the jobs it has been given. It watches its grader's time itself, so that a busy program
 * takes no finished answer for a late one; here is only the last resort against a process that says nothing any more. However it
 * ends, its whole group is killed.
 */
import type { Departure, PoolVerdict, ProcessReply } from "./contract.ts";
import { readMessages, sendMessage } from "./json-messages.ts";
import { showOutput } from "./show-output.ts";
import { killGroup, type StartedProcess } from "./start-process.ts";
import { type SlotEvents, type SlotJob, type SlotLimits, stuckMs, type WorkerSlot } from "./worker-slot.ts";

/** What a process is given beyond its limits to say that they are over, and how long the last look at it takes. */
const GRACE_MS = 3_000;
const LAST_LOOK_MS = 500;
/** A killed process ends at once. One that the system does not let go is not waited for. */
const MOST_END_MS = 5_000;

export function createProcessSlot<Job extends SlotJob>(
  { child, socket, token, output }: StartedProcess,
  { timeoutMs, startTimeoutMs }: SlotLimits,
  events: SlotEvents<Job>,
): WorkerSlot<Job> {
  const jobs: Job[] = [];
  let graded = 0;
  let isReady = false;
  let isGone = false;
  let complaint: string | null = null;
  let watch: NodeJS.Timeout | null = null;
  let hasExited = false;
  const exited = new Promise<void>((resolve) => {
    const settle = () => {
      hasExited = true;
      resolve();
    };
    child.once("exit", settle);
    child.once("error", settle);
  });

  /** Rings when the process should have spoken long ago. This program may have been busy then, so what has arrived is read first. */
  const watchSilence = (): void => {
    stopWatching();
    const patience = isReady ? Math.max(timeoutMs, stuckMs(timeoutMs)) : startTimeoutMs;
    watch = setTimeout(() => {
      watch = setTimeout(() => {
        if (isReady) leave({ why: "timeout" }, 0);
        else leave({ why: "not started", reason: "its process says nothing", isSlow: true }, null);
      }, LAST_LOOK_MS);
    }, patience + GRACE_MS);
  };

  const stopWatching = (): void => {
    if (watch) clearTimeout(watch);
    watch = null;
  };

  const take = (reply: ProcessReply): void => {
    if (isGone) return;
    if (reply.token !== token) {
      refuse();
      return;
    }
    switch (reply.type) {
      case "ready":
        isReady = true;
        rest();
        events.onReady();
        return;
      case "verdicts": {
        const { verdicts } = reply;
        graded += verdicts.length;
        const done = jobs.splice(0, verdicts.length);
        if (jobs.length === 0) rest();
        else watchSilence();
        events.onVerdicts(done.map((job, index) => ({ job, verdict: verdicts[index] as PoolVerdict })));
        return;
      }
      case "gone":
        leave(reply.departure, reply.blamed);
        return;
      default:
        reply satisfies never;
    }
  };

  /** With nothing to do a process must not keep this one alive. */
  const rest = (): void => {
    stopWatching();
    child.unref();
    socket?.unref();
  };

  const work = (): void => {
    child.ref();
    socket?.ref();
    watchSilence();
  };

  const end = async (): Promise<void> => {
    isGone = true;
    stopWatching();
    if (!hasExited) killGroup(child);
    socket?.destroy();
    child.ref(); // until it has ended, so that who waits for that is not left alone
    let limit: NodeJS.Timeout | null = null;
    const late = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, MOST_END_MS);
    });
    await Promise.race([exited, late]);
    if (limit) clearTimeout(limit);
    child.unref();
    // Something that has left the group may hold them open.
    setTimeout(() => {
      for (const stream of output) stream.destroy();
    }, LAST_LOOK_MS).unref();
  };

  const leave = (departure: Departure, blamed: number | null): void => {
    if (isGone) return;
    void end();
    const job = blamed === null ? null : (jobs[blamed] ?? null);
    events.onGone(
      departure,
      job,
      jobs.filter((other) => other !== job),
    );
  };

  /** It has ended without a word: of a signal, of memory that is full. What it left running is ended too. */
  const onEnd = (reason: string): void => {
    if (isGone) return;
    killGroup(child);
    if (isReady) leave({ why: "died", reason, graded }, 0);
    else leave({ why: "not started", reason, isSlow: false }, null);
  };

  const refuse = (): void => onEnd("its process sent something else than verdicts");

  for (const stream of output) showOutput(stream);
  if (socket) {
    readMessages(socket, (message) => take(message as ProcessReply), refuse);
  }
  child.once("error", (error) => {
    complaint = error.message;
    onEnd(complaint);
  });
  child.once("exit", (status, signal) => {
    const reason =
      complaint ?? (signal ? `it was ended by ${signal}` : `it ended itself with status ${status}`);
    // Its last words may still be on their way.
    if (socket && !socket.destroyed && !socket.readableEnded) socket.once("close", () => onEnd(reason));
    else onEnd(reason);
  });
  work();

  return {
    get isReady() {
      return isReady;
    },
    get load() {
      return jobs.length;
    },
    give(given) {
      if (socket) sendMessage(socket, { type: "grade", items: given.map(({ item }) => item) });
      if (jobs.length === 0) work();
      jobs.push(...given);
    },
    async stop() {
      if (isGone) return;
      await end();
    },
  };
}
