/**
 * Starts the process of a grader of one's own (grader-process.ts), in a group of its own: whatever the grader starts belongs to it
 * too, and one signal ends all of them, in a system call or not. Their output is one stream of lines for people.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { ProcessSettings } from "./contract.ts";
import { sendMessage } from "./json-messages.ts";
import { isSource } from "./typescript-loader.ts";

export interface StartedProcess {
  readonly child: ChildProcess;
  /** Of messages; null where the process could not be started, which `child` says with an error. */
  readonly socket: Socket | null;
  readonly token: string;
  /** What grader and children print. */
  readonly output: readonly Readable[];
}

const processFile = fileURLToPath(
  new URL(isSource ? "./grader-process.ts" : "./grader-process.js", import.meta.url),
);
/** Beyond standard input, output and error. Programs that a grader starts do not inherit it. */
export const MESSAGES_DESCRIPTOR = 3;

export function startProcess(settings: Omit<ProcessSettings, "token">): StartedProcess {
  const { typescript } = settings;
  const token = randomUUID();
  const loader = isSource && typescript ? ["--import", typescript.program] : [];
  const child = spawn(process.execPath, [...conditions(process.execArgv), ...loader, processFile], {
    detached: process.platform !== "win32", // leads a group
    windowsHide: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: { ...process.env, ...(loader.length > 0 && { TSX_TSCONFIG_PATH: typescript?.tsconfig }) },
  });
  const socket = (child.stdio?.[MESSAGES_DESCRIPTOR] ?? null) as Socket | null;
  const output = [child.stdout, child.stderr].filter((stream): stream is Readable => stream !== null);
  socket?.on("error", () => undefined); // it has ended; its exit tells
  if (socket) sendMessage(socket, { type: "start", settings: { ...settings, token } });
  return { child, socket, token, output };
}

/** Ends a process and everything that it has started. Harmless where they have ended. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // All have ended.
  }
}

/** Of this program's own flags only what says how packages are found: the rest (an inspector, a script) is meant for it alone. */
function conditions(flags: readonly string[]): string[] {
  return flags.flatMap((flag, index) => {
    if (/^(--conditions|-C)=/.test(flag)) return [flag];
    return flag === "--conditions" || flag === "-C" ? [`--conditions=${flags[index + 1]}`] : [];
  });
}
