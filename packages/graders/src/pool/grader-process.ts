/**
 * The process of a grader of one's own. The grader runs in a thread of it, where a loop or a full heap can be told from outside;
 * this main thread watches the time, passes verdicts on, and is never blocked by the grader. What a thread cannot be ended in, a
 * blocking system call, ends with the process: the pool kills its whole group, and so does this program itself when the pool is
 * gone, however that ended.
 */
import { writeFileSync } from "node:fs";
import { Socket } from "node:net";
import type { GradeItem, ProcessEvent, ProcessReply, ProcessRequest, ProcessSettings } from "./contract.ts";
import { readMessages, sendMessage } from "./json-messages.ts";
import { MESSAGES_DESCRIPTOR } from "./start-process.ts";
import { startWorker } from "./start-worker.ts";
import { createWorkerSlot, type WorkerSlot } from "./worker-slot.ts";

interface Job {
  readonly item: GradeItem;
}

const socket = new Socket({ fd: MESSAGES_DESCRIPTOR });
/** Without a verdict, in order. */
const jobs: Job[] = [];
let slot: WorkerSlot<Job> | null = null;
let token = "";

socket.on("error", () => undefined);
socket.on("close", endGroup);
offerToTheMemoryKiller();
readMessages(socket, (message) => take(message as ProcessRequest), endGroup);

function take(request: ProcessRequest): void {
  if (request.type === "start") {
    token = request.settings.token;
    slot = open(request.settings);
    return;
  }
  const given = request.items.map((item) => ({ item }));
  jobs.push(...given);
  slot?.give(given);
}

function open({ token: _, timeoutMs, startTimeoutMs, ...settings }: ProcessSettings): WorkerSlot<Job> {
  return createWorkerSlot<Job>(
    startWorker(settings),
    { timeoutMs, startTimeoutMs },
    {
      onReady: () => reply({ type: "ready" }),
      onVerdicts(done) {
        jobs.splice(0, done.length);
        reply({ type: "verdicts", verdicts: done.map(({ verdict }) => verdict) });
      },
      onGone(departure, blamed) {
        const index = blamed === null ? -1 : jobs.indexOf(blamed);
        reply({ type: "gone", departure, blamed: index < 0 ? null : index }, endGroup);
      },
    },
  );
}

function reply(event: ProcessEvent, onSent?: () => void): void {
  sendMessage(socket, { token, ...event } satisfies ProcessReply, onSent);
}

/** Ends this process too. */
function endGroup(): void {
  try {
    if (process.platform !== "win32") process.kill(-process.pid, "SIGKILL");
  } catch {
    // It leads no group.
  }
  process.exit(1);
}

/** Where memory runs out Linux ends the grader, not the program that trains. What the grader starts inherits it. */
function offerToTheMemoryKiller(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "800");
  } catch {
    // Another system.
  }
}
