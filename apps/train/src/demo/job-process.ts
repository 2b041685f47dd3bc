/** Both ends of a demo job's process: the parent starts this same program with `demo-job` and talks over its channel. */

import { fork } from "node:child_process";
import { DemoJob, type JobMessage, runDemoJob } from "./job.ts";

type Reply = JobMessage | { readonly type: "done" } | { readonly type: "failed"; readonly message: string };

/** Runs a job in a process of its own. Rejects with its message when it fails, and when it dies without one. */
export function startDemoJob(
  job: DemoJob,
  onMessage: (message: JobMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] as string, ["demo-job"], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let complaint = "";
    let outcome: Error | "done" | null = null;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-4000);
    });
    const stop = () => child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    child.on("message", (reply: Reply) => {
      if (reply.type === "done") outcome = "done";
      else if (reply.type === "failed") outcome = new Error(`${job.name}: ${reply.message}`);
      else onMessage(reply);
    });
    child.on("error", reject);
    child.on("exit", (code, killedBy) => {
      signal.removeEventListener("abort", stop);
      if (outcome === "done") resolve();
      else if (signal.aborted) reject(signal.reason);
      else
        reject(
          outcome ??
            new Error(`${job.name}: its process ended with ${killedBy ?? `status ${code}`}\n${complaint}`),
        );
    });
    child.send(job);
  });
}

/** The child's side: waits for the job, runs it, reports. */
export async function serveDemoJob(signal: AbortSignal): Promise<void> {
  if (!process.send) throw new Error("demo-job is started by demo, not by hand");
  const send = (reply: Reply) => process.send?.(reply);
  process.on("disconnect", () => process.exit(1)); // the parent is gone
  const job = DemoJob.parse(await new Promise((resolve) => process.once("message", resolve)));
  try {
    await runDemoJob(job, send, signal);
    send({ type: "done" });
  } catch (error) {
    if (!signal.aborted) send({ type: "failed", message: (error as Error).message });
    throw error;
  } finally {
    process.removeAllListeners("disconnect");
    if (process.connected) process.disconnect();
  }
}
