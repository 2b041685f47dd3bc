/**
 * Which process it is that has written something down, so that another one can see later whether it still runs. A process id
 * alone says little: ids are used again, start at 1 in every container, and mean nothing on another machine.
 */

import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

/** Null: the platform does not say. */
export const ProcessIdentity = z.object({
  host: z.string(),
  /** Two machines may have one name. */
  machine: z.string().nullable(),
  pid: z.int().positive(),
  /** When the process started, as the platform writes it: a process that has the id later has another one. */
  started: z.string().nullable(),
  /** Of the machine's last start: no process lives longer. */
  boot: z.string().nullable(),
  /** Process ids of two namespaces (containers) have nothing in common. */
  namespace: z.string().nullable(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

export function ownIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    machine: contentsOf("/etc/machine-id"),
    pid: process.pid,
    started: lookUp(process.pid)?.started ?? null,
    boot: bootId(),
    namespace: namespaceId(),
  };
}

/** `elsewhere`: on another machine or in another container, so that nothing can be seen from here. */
export type Whereabouts = "running" | "gone" | "elsewhere";

/** What has become of a process. `here` is where the question is asked. */
export function whereabouts(
  { host, machine, pid, started, boot, namespace }: ProcessIdentity,
  here: ProcessIdentity = ownIdentity(),
): Whereabouts {
  const sameBoot = boot !== null && boot === here.boot;
  if (!sameBoot) {
    if (host !== here.host) return "elsewhere";
    if (machine !== null && here.machine !== null && machine !== here.machine) return "elsewhere";
    if (boot !== null && here.boot !== null) return "gone"; // the machine has been restarted
  }
  if (namespace !== here.namespace) return "elsewhere";
  const found = lookUp(pid);
  if (!found) return "gone";
  return started !== null && found.started !== null && started !== found.started ? "gone" : "running";
}

/** True for the id of a process that runs; who has it now is another question. */
export function isRunning(pid: number): boolean {
  return lookUp(pid) !== null;
}

/** A process that has ended and whose parent has not asked how (a zombie) writes nothing any more: null too. */
function lookUp(pid: number): { readonly started: string | null } | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return null; // EPERM: another user's
  }
  if (process.platform === "linux") return ofLinux(pid);
  return process.platform === "darwin" ? ofDarwin(pid) : { started: null };
}

/** proc(5): the name may hold spaces and brackets; the state is the first field after it, the start in clock ticks the 20th. */
function ofLinux(pid: number): { readonly started: string | null } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return { started: null }; // hidden from other users
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? null : { started: fields[19] ?? null };
}

function ofDarwin(pid: number): { readonly started: string | null } | null {
  const text = ask("/bin/ps", ["-o", "stat=,lstart=", "-p", String(pid)]);
  if (text === null) return { started: null };
  const [state = "", ...started] = text.trim().split(/\s+/);
  return state.startsWith("Z") ? null : { started: started.join(" ") || null };
}

function bootId(): string | null {
  return process.platform === "darwin"
    ? ask("/usr/sbin/sysctl", ["-n", "kern.bootsessionuuid"])
    : contentsOf("/proc/sys/kernel/random/boot_id");
}

function contentsOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8").trim() || null;
  } catch {
    return null;
  }
}

function namespaceId(): string | null {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

function ask(program: string, args: readonly string[]): string | null {
  try {
    const env = { LC_ALL: "C", TZ: "UTC" };
    return execFileSync(program, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}
